"""The claims about chunks and the rules that judge them, fixed before any run.

Published claims are those of Wu et al. (arXiv 2502.01803; 2505.11576) about reflection; they are
judged on the run that stands for that experiment. Expectations of this project, on corpora of its
own, stand beside them under ``chunkscope``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from chunkscope.statistics import Claim, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2502.01803"
NOTEBOOK = "saved output of the authors' notebook, one seed"
FIGURE = "saved figure of the authors' notebook, one graft of one seed"


@dataclass(frozen=True)
class Reflection:
    """The tables of a run that repeats the reflection experiment.

    Attributes:
        training, recall: ``training.csv`` and ``recall.csv`` of its networks.
        decoding: ``decoding.csv`` of its chunks.
        effects: ``effects.csv`` of its interventions; None if it takes no part in them.
    """

    training: pd.DataFrame
    recall: pd.DataFrame
    decoding: pd.DataFrame
    effects: pd.DataFrame | None


def judge_chunks(reflection: Reflection | None, scores: Mapping[str, pd.DataFrame]) -> list[Claim]:
    """Every claim with its verdict.

    Args:
        reflection: what the published claims are judged on; None if no run repeats it, and then
            none of them is judged.
        scores: run -> ``scores.csv``.
    """
    published = [] if reflection is None else _published(reflection)
    return [*published, *_words(scores)]


def _published(reflection: Reflection) -> list[Claim]:
    return [
        _learns(reflection.training),
        _recalls(reflection.recall),
        *_decodes(reflection.decoding),
        *([] if reflection.effects is None else _grafts(reflection.effects)),
    ]


def _learns(training: pd.DataFrame) -> Claim:
    last = training[training["step"] == training["step"].max()]
    ceiling = float(last["bayes_accuracy"].iloc[0])
    value = mean_interval(last["accuracy"])
    first = training.query("step == 0")["accuracy"].mean()
    return Claim(
        id="chunks-learns",
        study="chunks",
        paper=PAPER,
        statement="The network learns to predict the next symbol of the reflection corpus",
        published="losses fall from .494 to .310 (accuracy not given)",
        published_source=NOTEBOOK,
        value=value,
        control=f"ideal observer {ceiling:.3f}, untrained {first:.3f}",
        rule="reproduced: mean accuracy within .01 of the ideal observer's; direction: above the "
        "untrained network's",
        verdict=judge(value, reproduced=value.mean >= ceiling - 0.01, direction=value.low > first),
    )


def _recalls(recall: pd.DataFrame) -> Claim:
    last = recall["step"].max()
    by_seed = recall.groupby(["step", "seed"])["recalled"].mean()
    value = mean_interval(by_seed[last])
    untrained = float(by_seed[0].mean()) if 0 in by_seed else float("nan")
    return Claim(
        id="chunks-recall",
        study="chunks",
        paper=PAPER,
        statement="Cued with the first symbol, the network goes on to say the whole word",
        published="1.0 (1000 identical runs from the zero state)",
        published_source=NOTEBOOK,
        value=value,
        control=f"untrained {untrained:.3f}",
        rule="reproduced: mean over seeds and occurrences at least .95; direction: above the "
        "untrained network's",
        verdict=judge(value, reproduced=value.mean >= 0.95, direction=value.low > untrained),
    )


def _decodes(decoding: pd.DataFrame) -> Iterator[Claim]:
    strings = decoding.query("states == 'strings'")
    strings = strings[strings["steps"] == strings["steps"].min()]
    value, chance = mean_interval(strings["accuracy"]), float(strings["chance"].mean())
    yield Claim(
        id="chunks-decode",
        study="chunks",
        paper=PAPER,
        statement="The present symbol is decoded from the string of discretised units by look-up "
        "(100 steps remembered, the next 100 decoded)",
        published="0.92",
        published_source=NOTEBOOK,
        value=value,
        control=f"commonest symbol {chance:.3f}; coverage {strings['coverage'].mean():.3f}",
        rule="reproduced: mean within .03 of .92; direction: above the commonest symbol",
        verdict=judge(
            value, reproduced=abs(value.mean - 0.92) <= 0.03, direction=value.low > chance
        ),
    )
    seen = mean_interval(strings["accuracy_seen"])
    yield Claim(
        id="chunks-decode-seen",
        study="chunks",
        paper=PAPER,
        statement="Decoding fails through unseen states alone: on states seen before it is right",
        published="1.00 (92 of 92)",
        published_source=NOTEBOOK,
        value=seen,
        control=f"commonest symbol {chance:.3f}",
        rule="reproduced: mean accuracy on seen states at least .99; direction: above the "
        "commonest symbol",
        verdict=judge(seen, reproduced=seen.mean >= 0.99, direction=seen.low > chance),
    )


def _grafts(effects: pd.DataFrame) -> Iterator[Claim]:
    """The grafts of the paper's figure, named by the symbol read in the donor state."""
    effects = effects[effects["visible"].astype(bool)]
    effects = effects.query("kind == 'graft' and units == 'all' and mode == 'forced'")
    effects = effects[(effects["lag"] == effects["lag"].min()) & (effects["strength"] == 1.0)]
    for donor, target in (("A", "C"), ("B", "D"), ("C", "E")):
        at = effects[(effects["reads"] == donor) & (effects["symbol"] == target)]
        by_seed = at.pivot_table(index="seed", columns="control", values="success")
        columns = by_seed.reindex(columns=["target", "random observed state", "wrong donor"])
        value = mean_interval(columns["target"])
        difference = paired_difference(columns["target"], columns["random observed state"])
        yield Claim(
            id=f"chunks-graft-{donor}",
            study="chunks",
            paper=PAPER,
            statement=f"With the state of {donor} grafted in, the network predicts {target}, "
            "whatever it reads",
            published=f"{target} predicted",
            published_source=FIGURE,
            value=value,
            control=f"random observed state {columns['random observed state'].mean():.3f}, "
            f"wrong donor {columns['wrong donor'].mean():.3f}; target minus random "
            f"{difference:.3f}",
            rule="reproduced: success at least .9, and .5 above a random observed state with the "
            "whole interval; direction: above it with the whole interval",
            verdict=judge(
                value,
                reproduced=value.mean >= 0.9 and difference.low >= 0.5,
                direction=difference.low > 0,
            ),
        )


def _words(scores: Mapping[str, pd.DataFrame]) -> Iterator[Claim]:
    """Expectations of this project: the chunks are the words, thanks to training."""
    for run, table in scores.items():
        found = {
            (row, measure): table.query("row == @row and measure == @measure").set_index("seed")
            for row, measure in (
                ("density", "boundary_f1"),
                ("density", "boundary_f1_every_step"),
                ("density", "word_recall"),
                ("untrained", "boundary_f1"),
                ("byte_pairs", "boundary_f1"),
            )
        }
        means = {key: mean_interval(rows["value"]) for key, rows in found.items()}
        value, seeds = means["density", "boundary_f1"], len(found["density", "boundary_f1"])
        every_step = means["density", "boundary_f1_every_step"].mean
        gain = paired_difference(
            *(found[row, "boundary_f1"]["value"].sort_index() for row in ("density", "untrained"))
        )
        yield Claim(
            id=f"chunks-words-{run}",
            study="chunks",
            paper=OWN,
            statement=f"The chunks of {run} are the words of its corpus (boundary F1)",
            published="",
            published_source="",
            value=value,
            control=f"untrained {means['untrained', 'boundary_f1'].mean:.3f}, byte pairs "
            f"{means['byte_pairs', 'boundary_f1'].mean:.3f}, every step "
            f"{every_step:.3f}; word recall "
            f"{means['density', 'word_recall'].mean:.3f}; chunks in {value.n} of {seeds} seeds",
            rule="reproduced: mean F1 at least .97, every word found in every seed, and more than "
            "untrained with the whole interval of the paired difference; direction: that "
            "difference, and a mean F1 above that of a boundary at every step; not estimable where "
            "untrained networks have no chunk",
            verdict=judge(
                value if gain.n > 1 else gain,
                reproduced=value.mean >= 0.97
                and value.n == seeds
                and means["density", "word_recall"].mean >= 0.999
                and gain.low > 0,
                direction=gain.low > 0 and value.mean > every_step,
            ),
        )
