"""What may be said of a white-box network beside its twin, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chunkscope.neurons.comparison import LOSS, STEPS, SYMBOLS, Pair
from chunkscope.neurons.study import EVERYTHING
from chunkscope.neurons.summary import ALL, AS_ZERO

MORE, LESS, SAME, UNKNOWN = (
    "more interpretable",
    "less interpretable",
    "no difference that can be told",
    "not estimable",
)


def headline_rows(comparison: pd.DataFrame, at: str) -> pd.DataFrame:
    """The rows that a pair is judged by, one for each: the mean correlation over all layers, the
    last included, of tables of symbols on everything recorded, units without a score as 0."""
    return comparison[
        (comparison["at"] == at)
        & (comparison["protocol"] == EVERYTHING)
        & (comparison["explainer"] == SYMBOLS)
        & (comparison["measure"] == "pearson")
        & (comparison["policy"] == AS_ZERO)
        & (comparison["site"] == ALL)
    ]


def sentence_of(pair: Pair, comparison: pd.DataFrame) -> str:
    """*More interpretable* is said only where the interval over seeds excludes 0, and *not at equal
    loss* where that is so at equal steps alone."""
    steps, loss = (headline_row(pair, comparison, at) for at in (STEPS, LOSS))
    first, second = word_of(steps), word_of(loss)
    lost = first == MORE and second in (LESS, SAME)
    then = f"not at equal loss: {second}" if lost else f"at equal loss {second}"
    return (
        f"{pair.white_box} beside {pair.twin}: {first} at equal steps ({_numbers(steps)}), {then} "
        f"({_numbers(loss)})."
    )


def word_of(row: pd.Series) -> str:
    """What an interval of differences says."""
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if not np.isfinite([low, high]).all():
        return UNKNOWN
    return MORE if low > 0 else LESS if high < 0 else SAME


def headline_row(pair: Pair, comparison: pd.DataFrame, at: str) -> pd.Series:
    """The row that one pair is judged by."""
    rows = headline_rows(comparison, at)
    own = (rows["white_box"] == pair.white_box) & (rows["twin"] == pair.twin)
    return rows[own].iloc[0]


def _numbers(row: pd.Series) -> str:
    low, high = float(row["ci_low"]), float(row["ci_high"])
    bounds = f" [{low:+.3f}, {high:+.3f}]" if np.isfinite([low, high]).all() else ""
    mean = f"{row['difference']:+.3f}{bounds}, " if np.isfinite(row["difference"]) else ""
    return f"{mean}n = {int(row['n'])}"
