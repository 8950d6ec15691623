"""Which true label each state stands for, and how well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.extractors.base import Labels


def align_states(states: Labels, truth: NDArray[np.integer], names: Sequence[str]) -> pd.DataFrame:
    """The true label that most of each state's steps have.

    Args:
        states: (sequence, time), -1 is noise and left out.
        truth: (sequence, time) true labels, indices into ``names``.

    Returns:
        One row per state that occurs: ``state, steps, label, purity`` (share of the state's steps
        with this label) and ``share`` (share of the label's steps in this state).
    """
    counts = np.zeros((int(states.max(initial=-1)) + 1, int(truth.max()) + 1), dtype=np.int64)
    known = states >= 0
    np.add.at(counts, (states[known], truth[known]), 1)
    of_label = np.bincount(truth.ravel(), minlength=counts.shape[1])
    rows = []
    for state in np.flatnonzero(counts.sum(axis=1)):
        label = int(counts[state].argmax())
        steps, hits = int(counts[state].sum()), int(counts[state, label])
        rows.append(
            {
                "state": int(state),
                "steps": steps,
                "label": names[label] if label < len(names) else str(label),
                "purity": hits / steps,
                "share": hits / int(of_label[label]),
            }
        )
    return pd.DataFrame(rows, columns=["state", "steps", "label", "purity", "share"])
