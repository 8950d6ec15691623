"""The linear support vector machine, solved to its duality gap.

    min over b, a of  |b|^2 / 2 + C sum_i w_i max(0, 1 - y_i (x_i b + a)),   y_i = 1 or -1

with the intercept a free: scikit-learn's ``SVC(kernel="linear", C=C)`` with ``sample_weight=w``.
Its faster ``LinearSVC(loss="hinge")`` penalises the intercept, and on standardised activity it
stops at its limit of steps short of the optimum, with an order of units that hangs on its seed.

The dual, min |sum_i alpha_i y_i x_i|^2 / 2 - sum_i alpha_i with 0 <= alpha_i <= C w_i and
sum_i alpha_i y_i = 0, is solved by a primal-dual interior point method (Mehrotra's predictor and
corrector), whose systems have the rank of the units and not of the rows (Ferris & Munson, SIAM J.
Optim. 13, 2002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values
from chunkscope.probing.solvers.logistic import LogisticFit, check_penalty

STEPS = 100  # about twenty were seen to do
CONVERGED = 1e-7  # duality gap and broken constraint, over the objective; rounding allows 1e-9
BOUNDARY = 0.995  # share of the way to the nearest bound that a step goes at most


def fit_hinge(rows: LabelledRows, penalty: float) -> LogisticFit:
    """The machine on all units of ``rows``, each row with its weight, which must be above 0.

    Args:
        rows: as :meth:`LabelledRows.checked` gives them.
        penalty: scikit-learn's C > 0: the smaller, the smaller the coefficients.

    Raises:
        ProbingError: the penalty is not a finite number above 0, or the steps end before the gap
            is closed.
    """
    check_penalty("penalty", penalty)
    Z, y, cap = rows.X * rows.signs[:, None], rows.signs, penalty * rows.weights
    point = _Point(cap / 2, cap / 2, np.ones_like(y), np.ones_like(y), 0.0)
    for _ in range(STEPS):
        coef = Z.T @ point.alpha
        margin = Z @ coef + point.intercept * y
        objective = float(coef @ coef / 2 + cap @ np.maximum(1 - margin, 0))
        gap = objective - (point.alpha.sum() - coef @ coef / 2)
        if gap + abs(y @ point.alpha) <= CONVERGED * objective:
            return LogisticFit(coef, point.intercept, objective)
        solve = _system(Z, y, point)
        wrong = margin - 1 - point.low + point.high
        guess = point.newton(solve, wrong, 0.0, 0.0)  # straight to the bounds, to see how far
        left = point.moved(guess, point.reach(guess)).complementarity / point.complementarity
        centre = left**3 * point.complementarity
        step = point.newton(
            solve, wrong, centre - guess.alpha * guess.low, centre - guess.room * guess.high
        )
        point = point.moved(step, BOUNDARY * point.reach(step))
    raise ProbingError(
        f"the support vector machine did not converge in {STEPS} steps; standardise the units or "
        "lower the penalty"
    )


@dataclass(frozen=True)
class _Point:
    """The dual, or a step of it.

    Attributes:
        alpha: (row,) how hard a row pushes; above 0.
        room: (row,) what is left to its cap; above 0.
        low, high: (row,) the multipliers of these two bounds; above 0.
        intercept: the multiplier of sum alpha y = 0.
    """

    alpha: Values
    room: Values
    low: Values
    high: Values
    intercept: float

    @property
    def complementarity(self) -> float:
        """Mean of alpha low and room high, which are 0 at the optimum."""
        return float(self.alpha @ self.low + self.room @ self.high) / (2 * len(self.alpha))

    def newton(
        self,
        solve: Callable[[Values], tuple[Values, float]],
        wrong: Values,
        low: Values | float,
        high: Values | float,
    ) -> _Point:
        """The step to where alpha low = ``low``, room high = ``high`` and ``wrong`` is 0."""
        to_low, to_high = low / self.alpha - self.low, high / self.room - self.high
        alpha, intercept = solve(to_low - to_high - wrong)
        return _Point(
            alpha,
            -alpha,
            to_low - self.low / self.alpha * alpha,
            to_high + self.high / self.room * alpha,
            intercept,
        )

    def reach(self, step: _Point) -> float:
        """How much of ``step`` (at most all) leaves everything at or above 0."""
        largest = 1.0
        for at, change in zip(self._bounded(), step._bounded(), strict=True):
            falling = change < 0
            if falling.any():
                largest = min(largest, float((at[falling] / -change[falling]).min()))
        return largest

    def moved(self, step: _Point, size: float) -> _Point:
        """Here plus ``size`` times ``step``."""
        return _Point(
            self.alpha + size * step.alpha,
            self.room + size * step.room,
            self.low + size * step.low,
            self.high + size * step.high,
            self.intercept + size * step.intercept,
        )

    def _bounded(self) -> tuple[Values, ...]:
        return self.alpha, self.room, self.low, self.high


def _system(Z: Values, y: Values, point: _Point) -> Callable[[Values], tuple[Values, float]]:
    """Solves (D + ZZ') d_alpha + y d_intercept = right, y'd_alpha = -y'alpha, at ``point``."""
    inverse = 1 / (point.low / point.alpha + point.high / point.room)
    scaled = Z * inverse[:, None]
    factor = cho_factor(np.eye(Z.shape[1]) + Z.T @ scaled)

    def without_intercept(right: Values) -> Values:
        return inverse * right - scaled @ cho_solve(factor, scaled.T @ right)

    by_intercept = without_intercept(y)

    def solve(right: Values) -> tuple[Values, float]:
        alpha = without_intercept(right)
        intercept = float(y @ (alpha + point.alpha)) / float(y @ by_intercept)
        return alpha - intercept * by_intercept, intercept

    return solve
