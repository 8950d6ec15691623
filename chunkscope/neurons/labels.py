"""The exact label that a unit comes nearest to, where a grammar says what is true of every step.

Of all values of all kinds of labels, and of the symbols themselves, the one whose indicator a unit
correlates with most, in size, on one half; its correlation on the other half, with the sign that
it had on the first, is the score.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.neurons.excerpts import Tokens, Values

Labels = Mapping[str, NDArray[np.integer]]
"""Kind -> (sequence, time)."""

LABEL = "label"
"""Name of this explainer, which needs no excerpts."""
SYMBOL = "symbol"
"""Kind of label that the symbols are."""
COLUMNS = ("unit", "kind", "value", "seen", "pearson")


def best_labels(
    seen: tuple[Tokens, Values, Labels], held_out: tuple[Tokens, Values, Labels]
) -> pd.DataFrame:
    """A row for every unit.

    Args:
        seen, held_out: symbols (sequence, time), activity (sequence, time, unit) and labels of the
            half on which a label is chosen, and of the other.

    Returns:
        :data:`COLUMNS`: ``kind`` and ``value`` of the label, its correlation where it was chosen
        (``seen``), and on the other half (``pearson``; NaN where unit or label does not vary).
    """
    kinds = {SYMBOL: seen[0], **seen[2]}
    others = {SYMBOL: held_out[0], **held_out[2]}
    names = [(kind, int(value)) for kind, of in kinds.items() for value in np.unique(of)]
    found = _correlations(_indicators(kinds, names), seen[1])
    best = np.abs(np.nan_to_num(found)).argmax(0)
    units = np.arange(found.shape[1])
    chosen = _correlations(_indicators(others, names), held_out[1])[best, units]
    return pd.DataFrame(
        {
            "unit": units,
            "kind": [names[at][0] for at in best],
            "value": [names[at][1] for at in best],
            "seen": found[best, units],
            "pearson": np.sign(found[best, units]) * chosen,
        }
    )


def _indicators(kinds: Labels, names: list[tuple[str, int]]) -> NDArray[np.float32]:
    """(label, step) 1 where a kind has a value."""
    return np.stack([kinds[kind].ravel() == value for kind, value in names]).astype(np.float32)


def _correlations(labels: NDArray[np.float32], values: Values) -> NDArray[np.float64]:
    """(label, unit) of the indicators (label, step) and activity; NaN where one does not vary."""
    did = values.reshape(-1, values.shape[-1]).astype(np.float64)
    did -= did.mean(0)
    share = labels.mean(1, dtype=np.float64)[:, None]
    spread = np.sqrt(share * (1 - share) * (did**2).mean(0))
    both = labels.astype(np.float64) @ did / len(did)
    return np.divide(both, spread, out=np.full(both.shape, np.nan), where=spread > 0)
