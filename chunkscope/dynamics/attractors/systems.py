"""Systems whose dynamics are known, by Euler's method; activity is (trial, time, unit).

The Lorenz system changes its regime with its Rayleigh number r (Lorenz, J. Atmos. Sci. 20, 130,
1963): below 1 all falls to the origin, up to 13.9 or so to one of two fixed points, and above 24.7
it is chaotic. Its other constants, the step and the number of steps are those of arXiv 2410.24070.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chunkscope.dynamics.trials import Trials

Values = NDArray[np.float64]
Field = Callable[[Values], Values]

AXES = ("trial", "time", "unit")
STEP = 0.01  # of time


def integrate(field: Field, initial: Values, steps: int, step: float = STEP) -> Values:
    """(trial, steps, unit): from ``initial (trial, unit)`` on, which is the first step."""
    points = [initial]
    for _ in range(steps - 1):
        points.append(points[-1] + step * field(points[-1]))
    return np.stack(points, axis=1)


def lorenz(r: float) -> Field:
    """The Lorenz system of Rayleigh number ``r``; Prandtl number 10, aspect 2.667."""

    def field(points: Values) -> Values:
        x, y, z = points.T
        return np.stack([10 * (y - x), x * (r - z) - y, x * y - 2.667 * z], axis=1)

    return field


def scaled(trajectories: Values) -> Values:
    """Every trajectory between 0 and 1, all its units by the same scale."""
    low, high = (f(trajectories, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    between: Values = (trajectories - low) / (high - low)
    return between


def trials(values: Values) -> Trials:
    """Trajectories (trial, time, unit) as trials."""
    return Trials.of(values, AXES)
