"""Rows for the benchmarks of the probes."""

from __future__ import annotations

import numpy as np
from scipy.special import erf


def gelu_rows(
    seed: int, rows: int, units: int, planted: int, shift: float = 0.8
) -> tuple[np.ndarray, np.ndarray]:
    """(row, unit) standardised activity and (row,) labels, a fifth of them True.

    GELU of Gaussian noise of correlation .3, moved by ``shift`` in ``planted`` units where the
    label is True.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(rows) < rows // 5
    noise = np.sqrt(0.7) * rng.normal(size=(rows, units)) + np.sqrt(0.3) * rng.normal(
        size=(rows, 1)
    )
    noise[:, rng.choice(units, planted, replace=False)] += shift * y[:, None]
    X = noise * (1 + erf(noise / np.sqrt(2))) / 2
    return (X - X.mean(axis=0)) / X.std(axis=0), y
