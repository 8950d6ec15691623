"""Tables of symbols for all units of a site at once, on excerpts that all of them share.

A table says of a symbol the mean that a unit did there. Where every unit is explained, and
scored, on the same excerpts, no symbol has to be looked at unit by unit: products with the
indicator matrix of which row has which symbol give for every unit and symbol how often it stood
there, what was done, and how often the unit fired; all scores follow from these. They are those of
:mod:`chunkscope.neurons.scores`, of the explainer :mod:`chunkscope.neurons.explainers.grams` at
order 1, far quicker than unit by unit: what a curve along training needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from chunkscope.neurons.excerpts import Activity
from chunkscope.neurons.scores import (
    average_precision,
    balanced_accuracy,
    level_between,
    varies,
)

Values = NDArray[np.float64]

SCORES = ("pearson", "r2", "auprc", "detection")


BLOCK = 1024  # rows that are multiplied at once, which then stay in a processor's cache


@dataclass(frozen=True)
class _Totals:
    """What some excerpts add up to.

    Attributes:
        counts: (symbol,) rows that have each symbol.
        sums: (symbol, unit) of what was done there.
        fired: (symbol, unit) how often each unit fired there.
        squares: (unit,) sum of squares of all that was done.
        low: (unit,) the least of it.
        most: (excerpt, unit) the most of each excerpt.
    """

    counts: NDArray[np.int64]
    sums: Values
    fired: Values
    squares: Values
    low: NDArray[np.float32]
    most: NDArray[np.float32]


def table_scores(explain: Activity, score: Activity, vocabulary: int) -> pd.DataFrame:
    """``unit`` and :data:`SCORES` of every unit, explained on all of one, scored on all of another.

    NaN as in :mod:`chunkscope.neurons.scores`.
    """
    table = symbol_means(explain, vocabulary)
    said = table[np.bincount(explain.tokens.ravel(), minlength=vocabulary) > 0]
    seen = _flat(explain)
    level, said_level = (level_between(x.min(0), x.max(0)) for x in (seen, said))
    total = _add_up(score, level, vocabulary)
    pearson, r2 = _agreement(total, table)
    counts = np.broadcast_to(total.counts, total.fired.T.shape)
    return pd.DataFrame(
        {
            "unit": np.arange(seen.shape[1]),
            "pearson": pearson,
            "r2": r2,
            "auprc": average_precision(table.T, total.fired.T, counts),
            "detection": _detection(score, total.most >= level, table >= said_level),
        }
    )


def symbol_means(activity: Activity, vocabulary: int) -> Values:
    """(symbol, unit) the mean at every symbol; of a symbol that is not there, that of all."""
    counts = np.bincount(activity.tokens.ravel(), minlength=vocabulary)[:, None]
    sums = sum(present @ did for present, did in _blocks(activity, vocabulary))
    elsewhere = np.tile(sums.sum(0) / counts.sum(), (vocabulary, 1))
    return np.divide(sums, counts, out=elsewhere, where=counts > 0)


def _add_up(activity: Activity, level: Values, vocabulary: int) -> _Totals:
    """Of excerpts in which a unit fires at ``level (unit,)``."""
    units = activity.values.shape[-1]
    sums, fired = np.zeros((vocabulary, units)), np.zeros((vocabulary, units))
    squares, low = np.zeros(units), np.full(units, np.inf, np.float32)
    for present, did in _blocks(activity, vocabulary):
        sums += present @ did
        fired += present @ (did >= level).astype(np.float64)
        squares += np.einsum("ru,ru->u", did, did)
        low = np.minimum(low, did.min(0))
    counts = np.bincount(activity.tokens.ravel(), minlength=vocabulary)
    return _Totals(counts, sums, fired, squares, low, activity.values.max(1))


def _agreement(total: _Totals, table: Values) -> tuple[Values, Values]:
    """Correlation and R2 (unit,) of what was done and what ``table (symbol, unit)`` says there."""
    n, weight = total.counts.sum(), total.counts[:, None]
    mean, told_mean = total.sums.sum(0) / n, (weight * table).sum(0) / n
    told, both = (weight * table**2).sum(0), (table * total.sums).sum(0)
    spread, told_spread = total.squares - n * mean**2, told - n * told_mean**2
    standing = table[total.counts > 0]
    there = varies(total.low, total.most.max(0))
    both_vary = there & varies(standing.min(0), standing.max(0))
    nothing = np.full(len(mean), np.nan)
    scale = np.sqrt(np.maximum(spread * told_spread, 0))
    pearson = np.divide(both - n * mean * told_mean, scale, out=nothing.copy(), where=both_vary)
    missed = np.divide(total.squares - 2 * both + told, spread, out=nothing, where=there)
    return pearson, 1 - missed


def _detection(score: Activity, fires: NDArray[np.bool_], said: NDArray[np.bool_]) -> Values:
    """(unit,) balanced accuracy of calling the excerpts in which a unit fires.

    Args:
        fires: (excerpt, unit). said: (symbol, unit) whether firing is said of it.
    """
    stands = np.zeros((len(fires), len(said)), np.float32)
    np.put_along_axis(stands, score.tokens.astype(np.intp), 1.0, 1)
    called = stands @ said.astype(np.float32) > 0
    return balanced_accuracy(fires.T, called.T)


def _flat(activity: Activity) -> NDArray[np.float32]:
    """(row, unit)."""
    return activity.values.reshape(-1, activity.values.shape[-1])


def _blocks(activity: Activity, vocabulary: int) -> Iterator[tuple[sparse.csr_array, Values]]:
    """(symbol, row) 1 where the row has the symbol, and (row, unit) what was done there."""
    tokens, values = activity.tokens.ravel(), _flat(activity)
    for start in range(0, len(tokens), BLOCK):
        symbols = tokens[start : start + BLOCK]
        ones, rows = np.ones(len(symbols)), np.arange(len(symbols))
        present = sparse.csr_array((ones, (symbols, rows)), (vocabulary, len(symbols)))
        yield present, values[start : start + BLOCK].astype(np.float64)
