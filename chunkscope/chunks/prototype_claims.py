"""The claims about prototypes (UCD) and the rules that judge them.

The tolerance of the claim about their number was written after tables of older networks were seen.

The paper's evaluation (association with parts of speech in Llama-3-8B, 500 to 8000 prototypes) is
known from summaries alone and gives no number that could be compared; the claims are judged in
words, on networks of ours and on classes that are known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from chunkscope.statistics import Claim, Interval, judge, mean_interval, paired_difference

PAPER = "arXiv 2505.11576"
SUMMARY = "summaries of the paper; its text and numbers were not available"
HEADLINE = ("state", "character_class")
"""Kinds of classes that a run is judged on, the first that it has: the parse state of a grammar,
else the character class of text."""
TOLERANCE = 0.1  # AMI that may separate the best and the worst number of prototypes


@dataclass(frozen=True)
class PrototypeTables:
    """``association.csv`` and ``labels.csv`` of a run's prototypes."""

    association: pd.DataFrame
    labels: pd.DataFrame


def judge_prototypes(runs: dict[str, PrototypeTables]) -> Iterator[Claim]:
    """Two claims for each run, by name, that has classes of a kind in :data:`HEADLINE`."""
    for run, tables in runs.items():
        kind = headline(tables.labels["label"])
        if kind is not None:
            yield _aligns(run, kind, tables)
            yield _insensitive(run, kind, tables)


def headline(kinds: pd.Series) -> str | None:
    """The kind of class that a run is judged on and that figures show; None if it has none."""
    present = set(kinds)
    return next((kind for kind in HEADLINE if kind in present), None)


def _aligns(run: str, kind: str, tables: PrototypeTables) -> Claim:
    trained, untrained = (_ami(tables, kind, row) for row in ("prototypes", "untrained"))
    both = trained.merge(untrained, on=["seed", "site", "size"], suffixes=("", "_before"))
    before = both.groupby("seed")["value_before"].mean()
    value = mean_interval(trained.groupby("seed")["value"].mean())
    above_null, above_untrained = (
        _mean_difference(trained, "null_mean"),
        _mean_difference(both, "value_before"),
    )
    symbols = _ami(tables, kind, "symbols")["value"].mean()
    return Claim(
        id=f"chunks-prototypes-align-{run}",
        study="chunks",
        paper=PAPER,
        statement=f"Prototypes found without labels align with the {_words(kind)} in {run} "
        "(adjusted mutual information, mean over sites and numbers of prototypes)",
        published="prototypes go with parts of speech, in words",
        published_source=SUMMARY,
        value=value,
        control=f"permuted sequences {trained['null_mean'].mean():.3f}, untrained "
        f"{before.mean():.3f} (trained minus untrained {above_untrained:.3f}), present symbol "
        f"alone {symbols:.3f}",
        rule="reproduced: above the mean of permuted sequences and above the untrained network, "
        "both with the whole interval of the paired difference over seeds; direction: above the "
        "permuted sequences",
        verdict=judge(
            value,
            reproduced=above_null.low > 0 and above_untrained.low > 0,
            direction=above_null.low > 0,
        ),
    )


def _insensitive(run: str, kind: str, tables: PrototypeTables) -> Claim:
    classes = int(tables.labels.set_index("label")["classes"][kind])
    spans = {row: _span(_ami(tables, kind, row), classes) for row in ("prototypes", "revived")}
    value = spans["prototypes"]
    dead = tables.association.query("row == 'prototypes' and measure == 'dead'")
    largest = dead[dead["size"] == dead["size"].max()]
    return Claim(
        id=f"chunks-prototypes-number-{run}",
        study="chunks",
        paper=PAPER,
        statement=f"What prototypes of {run} align with hardly depends on how many there are "
        f"(range of the adjusted mutual information with the {_words(kind)} over the numbers that "
        f"are at least the {classes} classes)",
        published="insensitive from 500 to 8000, in words",
        published_source=SUMMARY,
        value=value,
        control=f"with dead prototypes revived {spans['revived']:.3f}; of "
        f"{largest['size'].max()} prototypes {(largest['value'] / largest['size']).mean():.0%} are "
        "dead",
        rule=f"reproduced: range at most {TOLERANCE} with the whole interval over seeds; "
        f"direction: mean range at most {TOLERANCE}; not estimable with fewer than two such "
        "numbers",
        verdict=judge(value, reproduced=value.high <= TOLERANCE, direction=value.mean <= TOLERANCE),
    )


def _ami(tables: PrototypeTables, kind: str, row: str) -> pd.DataFrame:
    found = tables.association
    chosen = (found["row"] == row) & (found["label"] == kind) & (found["measure"] == "ami")
    return found[chosen]


def _mean_difference(table: pd.DataFrame, floor: str) -> Interval:
    """How far values are above their own floors, over seeds; a mean over sites and sizes each."""
    means = table.groupby("seed")[["value", floor]].mean()
    return paired_difference(means["value"], means[floor])


def _span(table: pd.DataFrame, classes: int) -> Interval:
    """Largest less smallest value over sizes of at least ``classes``, a mean over sites a seed.

    A site with a single such size has no range.
    """
    values = table[table["size"] >= classes].groupby(["seed", "site"])["value"]
    spans = (values.max() - values.min())[values.count() > 1]
    return mean_interval(spans.groupby("seed").mean())


def _words(kind: str) -> str:
    return {"state": "parse states", "character_class": "classes of characters"}[kind]
