"""What is known of units before anything is said of them: how active, and how much the symbol says.

The share that the current symbol explains is R2, on sequences that were not used, of the mean that
a unit did at that symbol. A unit that is a function of the symbol alone is easily explained; what
is left is what hangs on the context.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from chunkscope.neurons.excerpts import Activity

Values = NDArray[np.float64]

CONSTANT = 1e-6  # of the largest value: what varies less is rounding


def unit_facts(explain: Activity, score: Activity, vocabulary: int) -> pd.DataFrame:
    """A row for every unit.

    Returns:
        Columns ``unit``; ``active``, the share of symbols at which it is above 0; ``dead``, whether
        it is 0 at all of those that explain; ``constant``, whether it does not vary there, which
        dead ones do not either; ``token_share``, R2 of the current symbol, NaN where the unit does
        not vary on what is scored.
    """
    seen, held_out = (x.values.reshape(-1, x.values.shape[-1]) for x in (explain, score))
    low, high = seen.min(0), seen.max(0)
    return pd.DataFrame(
        {
            "unit": np.arange(seen.shape[1]),
            "active": (held_out > 0).mean(0),
            "dead": (low == 0) & (high == 0),
            "constant": high - low <= CONSTANT * np.maximum(abs(high), abs(low)),
            "token_share": _token_share(explain, score, vocabulary),
        }
    )


def _token_share(explain: Activity, score: Activity, vocabulary: int) -> Values:
    """(unit,) R2 on ``score`` of the means by symbol of ``explain``."""
    seen = explain.values.reshape(-1, explain.values.shape[-1]).astype(np.float64)
    held_out = score.values.reshape(-1, seen.shape[1]).astype(np.float64)
    sums = _indicator(explain, vocabulary) @ seen
    counts = np.bincount(explain.tokens.ravel(), minlength=vocabulary)[:, None]
    means = np.divide(sums, counts, out=np.tile(seen.mean(0), (vocabulary, 1)), where=counts > 0)
    error = ((held_out - means[score.tokens.ravel()]) ** 2).sum(0)
    total = ((held_out - held_out.mean(0)) ** 2).sum(0)
    varies = np.ptp(held_out, axis=0) > CONSTANT * np.abs(held_out).max(0)
    return 1 - np.divide(error, total, out=np.full(len(total), np.nan), where=varies)


def _indicator(activity: Activity, vocabulary: int) -> sparse.csr_array:
    """(symbol, row) 1 where the row has the symbol."""
    tokens = activity.tokens.ravel()
    rows = np.arange(len(tokens))
    return sparse.csr_array((np.ones(len(tokens)), (tokens, rows)), (vocabulary, len(tokens)))
