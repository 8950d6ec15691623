"""Tables of symbols for all units of a site at once, on excerpts that all of them share.

A table says of a symbol the mean that a unit did there. Where every unit is explained, and scored,
on the same excerpts, no symbol has to be looked at unit by unit: with the indicator matrix of which
row has which symbol, three products of matrices give for every unit and symbol how often it stood
there, what was done, and how often the unit fired; all scores follow from these. They are those of
:mod:`chunkscope.neurons.scores`, of the explainer :mod:`chunkscope.neurons.explainers.grams` at
order 1, twenty times as quick as unit by unit: what a curve along training needs.
"""

from __future__ import annotations

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


def table_scores(explain: Activity, score: Activity, vocabulary: int) -> pd.DataFrame:
    """``unit`` and :data:`SCORES` of every unit, explained on all of one, scored on all of another.

    NaN as in :mod:`chunkscope.neurons.scores`.
    """
    seen, did = (_flat(x) for x in (explain, score))
    present, table = _indicator(score, vocabulary), symbol_means(explain, vocabulary)
    said = table[np.bincount(explain.tokens.ravel(), minlength=vocabulary) > 0]
    level, said_level = (level_between(x.min(0), x.max(0)) for x in (seen, said))
    fires = np.empty_like(did)  # as numbers, so that they can be counted by a product
    np.greater_equal(did, level.astype(did.dtype), out=fires, casting="unsafe")
    counts = np.asarray(present.sum(1)).ravel()
    fired = present.astype(did.dtype) @ fires
    pearson, r2 = _agreement(did, present @ did, table, counts)
    return pd.DataFrame(
        {
            "unit": np.arange(did.shape[1]),
            "pearson": pearson,
            "r2": r2,
            "auprc": average_precision(table.T, fired.T, np.broadcast_to(counts, fired.T.shape)),
            "detection": _detection(score, fires, table >= said_level, vocabulary),
        }
    )


def symbol_means(activity: Activity, vocabulary: int) -> Values:
    """(symbol, unit) the mean at every symbol; of a symbol that is not there, that of all."""
    counts = np.bincount(activity.tokens.ravel(), minlength=vocabulary)[:, None]
    sums = _indicator(activity, vocabulary) @ _flat(activity)
    elsewhere = np.tile(sums.sum(0) / counts.sum(), (vocabulary, 1))
    return np.divide(sums, counts, out=elsewhere, where=counts > 0)


def _agreement(
    did: NDArray[np.float32], sums: Values, table: Values, counts: Values
) -> tuple[Values, Values]:
    """Correlation and R2 (unit,) of ``did (row, unit)`` and what the table says there.

    Args:
        sums: (symbol, unit) of what was done at each symbol. counts: (symbol,) of its rows.
    """
    n, weight = len(did), counts[:, None]
    mean, told_mean = sums.sum(0) / n, (weight * table).sum(0) / n
    squares = np.einsum("ru,ru->u", did, did, dtype=np.float64)
    told, both = (weight * table**2).sum(0), (table * sums).sum(0)
    total, told_total = squares - n * mean**2, told - n * told_mean**2
    standing = table[counts > 0]
    there = varies(did.min(0), did.max(0))
    both_vary = there & varies(standing.min(0), standing.max(0))
    nothing = np.full(len(mean), np.nan)
    spread = np.sqrt(np.maximum(total * told_total, 0))
    covariance = both - n * mean * told_mean
    pearson = np.divide(covariance, spread, out=nothing.copy(), where=both_vary)
    missed = np.divide(squares - 2 * both + told, total, out=nothing, where=there)
    return pearson, 1 - missed


def _detection(
    score: Activity, fires: NDArray[np.float32], said: NDArray[np.bool_], vocabulary: int
) -> Values:
    """(unit,) balanced accuracy of calling the excerpts in which a unit fires."""
    excerpts, time = score.tokens.shape
    truth = fires.reshape(excerpts, time, -1).max(1) > 0
    stands = np.zeros((excerpts, vocabulary), np.float32)
    np.put_along_axis(stands, score.tokens.astype(np.intp), 1.0, 1)
    called = stands @ said.astype(np.float32) > 0
    return balanced_accuracy(truth.T, called.T)


def _flat(activity: Activity) -> NDArray[np.float32]:
    """(row, unit)."""
    return activity.values.reshape(-1, activity.values.shape[-1])


def _indicator(activity: Activity, vocabulary: int) -> sparse.csr_array:
    """(symbol, row) 1 where the row has the symbol."""
    tokens = activity.tokens.ravel()
    ones = np.ones(len(tokens))
    return sparse.csr_array((ones, (tokens, np.arange(len(tokens)))), (vocabulary, len(tokens)))
