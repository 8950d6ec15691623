"""Delay embedding: the present and the past of activity side by side, within each trial.

    h_t = [x_t, x_{t - interval}, ..., x_{t - (delays - 1) interval}]

By Takens' theorem the delayed copies of a few units hold the state of the whole system that drives
them, and the more copies, the more nearly linear is the step from one row to the next (HAVOK:
Brunton et al., Nat. Commun. 8, 19, 2017).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]


def embed(values: Values, delays: int, interval: int) -> Values:
    """(trial, row, delays * unit) of activity (trial, time, unit), the newest step first.

    Row ``r`` is that of step ``r + (delays - 1) interval``; no row reaches into another trial.

    Raises:
        DynamicsError: the trials are shorter than the delays reach back.
    """
    _, steps, _ = values.shape
    reach = (delays - 1) * interval
    if steps <= reach:
        raise DynamicsError(
            f"delays: got {delays} at intervals of {interval}, which reach back {reach} steps in "
            f"trials of {steps}; lower either, or give longer trials"
        )
    rows = steps - reach
    parts = [
        values[:, reach - back : reach - back + rows] for back in range(0, reach + 1, interval)
    ]
    return np.concatenate(parts, axis=-1)
