"""The claims about population averaging and the rules that judge them, fixed before any run.

Published values are those of Wu et al. (arXiv 2505.11576) for Llama-3-8B, read off their saved
tables; they stand beside numbers of other, smaller networks. Words of several symbols are judged
alone: what is a single symbol can be read off the input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from chunkscope.chunks.concepts.summary import (
    CONDITIONS,
    METHODS,
    NARROW,
    NONE,
    OTHERS,
    TARGET,
)
from chunkscope.statistics import (
    Claim,
    Interval,
    Verdict,
    judge,
    mean_interval,
    paired_difference,
)
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2505.11576"
LATENTS = {"cheese": 0.392, "cake": 0.322, "cheesecake": 0.264}
"""Word -> mean true positive rate of an SAE latent over 31 layers of Llama-3-8B."""
LATENT_SOURCE = "computed from the authors' saved table; their averaging is read off a plot"
GRAFTS = (0.129, 0.488)
"""Share of texts with the word, without and with an early graft, over 450 words and prompts."""
GRAFT_SOURCE = "computed from the authors' saved table"


BEFORE = -1
"""Offset of the state from which a word is said."""


def judge_concepts(
    detections: Mapping[str, pd.DataFrame], grafts: Mapping[str, pd.DataFrame]
) -> Iterator[Claim]:
    """Three claims about detection and, where words were grafted, one about grafts, for each run;
    and one more where the states before the words were grafted too.

    Args:
        detections: run -> ``detection.csv``.
        grafts: run -> ``grafts.csv``.
    """
    for run, table in detections.items():
        yield from _detects(run, table.query("kind == 'word' and offset == 0"))
    for run, table in grafts.items():
        yield _induces(run, table[table["offset"] == 0])
        if (table["offset"] == BEFORE).any():
            yield _leads(run, table[table["offset"] == BEFORE])


def _detects(run: str, table: pd.DataFrame) -> Iterator[Claim]:
    tpr, balanced, mcc = (
        _by_concept(table, "method", measure).reindex(columns=METHODS)
        for measure in ("tpr", "balanced_accuracy", "mcc")
    )
    published, value = "latent by accuracy", mean_interval(tpr["averaging by accuracy"])
    gap = paired_difference(tpr["averaging by accuracy"], tpr[published])
    yield Claim(
        id=f"chunks-concepts-published-{run}",
        study="chunks",
        paper=PAPER,
        statement=f"Population averaging detects more occurrences of a word of {run} than a latent "
        "of a sparse autoencoder does (true positive rate, mean over sites, both set by accuracy "
        "as published)",
        published=f"about .5 to 1.0 against {', '.join(f'{v:.3f}' for v in LATENTS.values())}",
        published_source=LATENT_SOURCE,
        value=value,
        control=f"latent {tpr[published].mean():.3f}; difference {gap:.3f}",
        rule="reproduced: above the latent with the whole interval of the paired difference over "
        "words; direction: above it in the mean",
        verdict=judge(value, reproduced=gap.low > 0, direction=gap.mean > 0),
    )
    value = mean_interval(balanced["averaging"])
    strongest, best = (
        paired_difference(balanced["averaging"], balanced[name])
        for name in ("latent", "selected latent")
    )
    yield Claim(
        id=f"chunks-concepts-balanced-{run}",
        study="chunks",
        paper=PAPER,
        statement=f"Population averaging finds the words of {run} better than a latent of a sparse "
        "autoencoder where accuracy does not reward detecting nothing (balanced accuracy, mean "
        "over sites, both set by it)",
        published="as above, set by accuracy",
        published_source=LATENT_SOURCE,
        value=value,
        control=f"latent {balanced['latent'].mean():.3f}, difference {strongest:.3f}; latent "
        f"selected with all labels {balanced['selected latent'].mean():.3f}, difference "
        f"{best:.3f}; Matthews correlation {mcc['averaging'].mean():.3f} against "
        f"{mcc['latent'].mean():.3f} and {mcc['selected latent'].mean():.3f}; random occurrences "
        f"{balanced['random occurrences'].mean():.3f}",
        rule="reproduced: above both latents with the whole interval of the paired difference over "
        "words; direction: above the first with it",
        verdict=judge(
            value, reproduced=strongest.low > 0 and best.low > 0, direction=strongest.low > 0
        ),
    )
    before, read = (
        paired_difference(balanced["averaging"], balanced[name])
        for name in ("untrained", "look-up")
    )
    yield Claim(
        id=f"chunks-concepts-learnt-{run}",
        study="chunks",
        paper=OWN,
        statement=f"Population averaging finds what {run} has learnt, beyond the symbol that it "
        "reads (balanced accuracy on words, mean over sites)",
        published="",
        published_source="",
        value=value,
        control=f"untrained {balanced['untrained'].mean():.3f}, difference {before:.3f}; symbol "
        f"alone {balanced['look-up'].mean():.3f}, difference {read:.3f}; probe of the same "
        f"examples {balanced['probe'].mean():.3f}",
        rule="reproduced: above the untrained network and above the symbol alone, both with the "
        "whole interval of the paired difference over words; direction: above the untrained",
        verdict=judge(value, reproduced=before.low > 0 and read.low > 0, direction=before.low > 0),
    )


SAID = (
    "reproduced: above other concepts' grafts with the whole interval of the paired difference "
    "over words, and at least twice the share without a graft; direction: the former alone"
)
"""The rule of both claims about grafts."""


@dataclass(frozen=True)
class _Said:
    """How often words are said after their own graft, beside the other concepts' grafts.

    Attributes:
        share: (concept, condition) share of continuations with the word.
        value: with the word's own graft.
        gap: that less with the other concepts'.
    """

    share: pd.DataFrame
    value: Interval
    gap: Interval

    @classmethod
    def of(cls, grafts: pd.DataFrame) -> _Said:
        share = _by_concept(grafts, "condition", "contains").reindex(columns=CONDITIONS)
        gap = paired_difference(share[TARGET], share[OTHERS])
        return cls(share, mean_interval(share[TARGET]), gap)

    @property
    def control(self) -> str:
        none, others = self.share[NONE].mean(), self.share[OTHERS].mean()
        return f"none {none:.3f}; other concepts {others:.3f}, difference {self.gap:.3f}"

    @property
    def verdict(self) -> Verdict:
        """By the rule :data:`SAID`."""
        return judge(
            self.value,
            reproduced=self.gap.low > 0 and self.value.mean >= 2 * self.share[NONE].mean(),
            direction=self.gap.low > 0,
        )


def _induces(run: str, table: pd.DataFrame) -> Claim:
    """The published comparison, at the depth where it was strongest."""
    depth = "early" if "early" in set(table["depth"]) else "all"
    said = _Said.of(table[table["depth"] == depth])
    return Claim(
        id=f"chunks-concepts-graft-{run}",
        study="chunks",
        paper=PAPER,
        statement=f"Grafting a concept into {run} makes it say the concept's word (share of "
        f"continuations, {depth} sites)",
        published=f"{GRAFTS[0]} without, {GRAFTS[1]} with an early graft",
        published_source=f"{GRAFT_SOURCE}; its control was drawn with top_p .5 and its grafts with "
        ".9, and words of the prompt counted",
        value=said.value,
        control=f"{said.control}; none with top_p .5 {said.share[NARROW].mean():.3f}",
        rule=SAID,
        verdict=said.verdict,
    )


def _leads(run: str, table: pd.DataFrame) -> Claim:
    """What a graft can do at all: the state from which the word is said, at every site."""
    said = _Said.of(table[table["depth"] == "all"])
    return Claim(
        id=f"chunks-concepts-lead-{run}",
        study="chunks",
        paper=OWN,
        statement=f"Grafting the state one step before a concept's word into all sites of {run} "
        "makes it say the word (share of continuations)",
        published="",
        published_source="",
        value=said.value,
        control=said.control,
        rule=SAID,
        verdict=said.verdict,
    )


def _by_concept(table: pd.DataFrame, columns: str, values: str) -> pd.DataFrame:
    """Means over seeds and sites, a row for each concept."""
    return table.pivot_table(index="concept", columns=columns, values=values, dropna=False)
