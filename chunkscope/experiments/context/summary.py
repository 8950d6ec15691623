"""Means over seeds of an experiment's tables, with floors, ceilings and paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from chunkscope.experiments.context.names import ALL, IDEAL, MAJORITY, SYMBOLS, TRUTH, UNTRAINED
from chunkscope.statistics import mean_interval, paired_difference

PARENT_COLUMNS = ["condition", "reading", "seed", "symbol", "position", "measure", "value"]


class Key(NamedTuple):
    """What one row of the summary is about; all but the first and last are empty for counts."""

    condition: str
    reading: str
    symbol: str
    position: str
    measure: str


def average_symbols(parents: pd.DataFrame) -> pd.DataFrame:
    """The table of parents with the mean over the shared symbols, each with the same weight."""
    whole = parents[(parents["position"] == ALL) & (parents["measure"] != "steps")]
    key = ["condition", "reading", "seed", "position", "measure"]
    mean = whole.groupby(key, sort=False)["value"].agg(lambda values: values.mean(skipna=False))
    rows = mean.reset_index().assign(symbol=ALL)
    return pd.concat([parents, rows], ignore_index=True)[PARENT_COLUMNS]


def summarise_context(measures: pd.DataFrame, parents: pd.DataFrame) -> pd.DataFrame:
    """Every measure of both tables over seeds.

    The floor of a reading of the parent is the commonest parent's, its ceiling the ideal
    observer's; the floor of boundary F1 is that of a boundary at every step, and the ceiling of
    the loss and of the parse length (its aim) those of the truth.

    Returns:
        ``condition, reading, symbol, position, measure, mean, ci_low, ci_high, n, floor, ceiling,
        difference, difference_low, difference_high``; the last three with the untrained network,
        paired by seed. ``reading``, ``symbol`` and ``position`` are empty for the counts.
    """
    counts = measures.assign(reading="", symbol="", position="")
    table = pd.concat([counts, parents], ignore_index=True)
    found = {
        Key(*map(str, key)): group.set_index("seed")["value"]
        for key, group in table.groupby([*Key._fields], sort=False)
    }
    means = {key: float(values.mean()) for key, values in found.items()}
    return pd.DataFrame([_row(key, found, means) for key in found])


def _row(key: Key, found: Mapping[Key, pd.Series], means: Mapping[Key, float]) -> dict[str, object]:
    mean = mean_interval(found[key])
    floor, ceiling = (_mean(bound, means) for bound in _bounds(key))
    row = {**key._asdict(), "mean": mean.mean, "ci_low": mean.low, "ci_high": mean.high}
    row |= {"n": mean.n, "floor": floor, "ceiling": ceiling}
    control = key._replace(condition=UNTRAINED)
    if control in found and control != key:
        difference = paired_difference(found[key], found[control].loc[found[key].index])
        row |= {"difference": difference.mean}
        row |= {"difference_low": difference.low, "difference_high": difference.high}
    return row


def _bounds(key: Key) -> tuple[Key | None, Key | None]:
    """Whose means are the floor and the ceiling of a measure; None where it has none."""
    if key.reading:
        bounded = key.measure in ("accuracy", "balanced_accuracy", "bits")
        floor, ceiling = (key._replace(condition=SYMBOLS, reading=r) for r in (MAJORITY, IDEAL))
        return (floor, ceiling) if bounded else (None, None)
    every = key._replace(measure="boundary_f1_every_step")
    return (every if key.measure == "boundary_f1" else None), key._replace(condition=TRUTH)


def _mean(key: Key | None, means: Mapping[Key, float]) -> float:
    return float("nan") if key is None else means.get(key, float("nan"))
