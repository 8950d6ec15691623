"""Learning curves: smoothing, and when they reach a criterion. Imports no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def smooth(accuracy: Values, trials: int) -> Values:
    """(..., start) mean accuracy (..., trial) of ``trials`` in a row, from each possible start."""
    return np.lib.stride_tricks.sliding_window_view(accuracy, trials, axis=-1).mean(-1)


def first_reaching(smoothed: Values, criterion: float) -> Values:
    """(...,) the first trial, from 1, at which a curve (..., start) reaches the criterion.

    Infinite where it never does.
    """
    good = smoothed >= criterion - 1e-12  # a mean may round to just below
    return np.where(good.any(axis=-1), good.argmax(axis=-1) + 1.0, np.inf)
