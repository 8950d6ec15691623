"""k = 1, exhaustively: the probe of every single unit, all fitted at once.

Each is the ridge-logistic probe of ``logistic.py`` on one unit: two unknowns, a slope and an
intercept, so that Newton's step is a 2 x 2 system in closed form and many units advance together.
The unit of the lowest objective is the best support of size 1, with certainty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from chunkscope.probing.solvers.labelled_rows import Flags, LabelledRows, Values
from chunkscope.probing.solvers.logistic import check_penalty, fit_logistic, log_loss

BLOCK = 2**14  # values of a block of units: so few that its arrays stay in the cache
STEPS = 20
NEAR = 1e-12  # left to gain per weight, when the next step is the last: it squares what is left
CONVERGED = 1e-9  # the same, of the objective, in a unit that needs no line search


@dataclass(frozen=True)
class SingleUnits:
    """The probe of every unit by itself.

    Attributes:
        coef: (unit,).
        intercept: (unit,).
        objective: (unit,) weighted log loss (nats, summed) plus the penalty.
    """

    coef: Values
    intercept: Values
    objective: Values

    @cached_property
    def best(self) -> int:
        """The unit of the lowest objective; of equal ones the first."""
        return int(self.objective.argmin())

    def decision(self, X: ArrayLike) -> Values:
        """(row, unit) log-odds that a row has the feature, by each unit alone."""
        return np.asarray(X, dtype=np.float64) * self.coef + self.intercept


def fit_single_units(
    X: ArrayLike, y: ArrayLike, penalty: float, weights: ArrayLike | None = None
) -> SingleUnits:
    """Every unit's own probe.

    Units are fitted in blocks: beside X in float64 no more than a megabyte is held. A unit that
    never changes tells nothing apart; its slope is 0.

    Args:
        X: (row, unit). y: (row,) bool. penalty: scikit-learn's C.
        weights: (row,) >= 0; None counts every row once.

    Raises:
        ProbingError: as :func:`fit_logistic`.
    """
    check_penalty("penalty", penalty)
    rows = LabelledRows.checked(X, y, weights)
    means, found = rows.means, np.empty((3, rows.X.shape[1]))
    for block in _blocks(*rows.X.shape):
        found[:, block], converged = _fit(rows, means[block], block, penalty)
        for unit in np.arange(len(means))[block][~converged]:
            alone = fit_logistic(rows.X[:, [unit]], rows.y, penalty, rows.weights)
            found[:, unit] = alone.coef[0], alone.intercept, alone.objective
    return SingleUnits(*found)


def _blocks(rows: int, units: int) -> Iterator[slice]:
    size = max(1, BLOCK // rows)
    return (slice(first, min(first + size, units)) for first in range(0, units, size))


def _fit(rows: LabelledRows, means: Values, block: slice, penalty: float) -> tuple[Values, Flags]:
    """(3, unit) slope, intercept and objective of a block of units, and which converged.

    Newton's steps without a line search, which few units need. How much is left to gain tells of
    a convex function how far its minimum is, whichever way the steps came: the units that did not
    converge are known, and left to the caller.
    """
    X = np.ascontiguousarray(rows.X.T[block]) - means[:, None]
    slope, constant = np.zeros((2, len(X), 1))
    with np.errstate(all="ignore"):  # a unit whose steps run away does not converge
        for _ in range(STEPS):
            change, left = _step(X, rows, penalty, slope, constant)
            slope, constant = slope + change[0], constant + change[1]
            if (left <= NEAR * rows.weights.sum()).all():
                break
        losses = log_loss(rows.signs * (X * slope + constant)) @ rows.weights
    slope, constant = slope[:, 0], constant[:, 0] - slope[:, 0] * means
    objective = losses + slope**2 / (2 * penalty)
    return np.stack([slope, constant, objective]), left <= CONVERGED * objective


def _step(
    X: Values, rows: LabelledRows, penalty: float, slope: Values, constant: Values
) -> tuple[Values, Values]:
    """(2, unit, 1) Newton's step of slope and intercept, and (unit,) what it promises to gain."""
    tanh = np.tanh(0.5 * rows.signs * (X * slope + constant))
    pull = (1 - tanh) * (0.5 * rows.signs * rows.weights)
    curvature = (1 - tanh**2) * (0.25 * rows.weights)
    curved = X * curvature
    up = np.vecdot(X, pull) - slope[:, 0] / penalty, pull.sum(axis=1)
    slope_slope = np.vecdot(X, curved) + 1 / penalty
    slope_constant, constant_constant = curved.sum(axis=1), curvature.sum(axis=1)
    determinant = slope_slope * constant_constant - slope_constant**2
    by_slope = (constant_constant * up[0] - slope_constant * up[1]) / determinant
    by_constant = (slope_slope * up[1] - slope_constant * up[0]) / determinant
    gain = (by_slope * up[0] + by_constant * up[1]) / 2
    return np.stack([by_slope, by_constant])[..., None], gain
