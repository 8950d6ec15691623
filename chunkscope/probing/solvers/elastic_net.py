"""The logistic probe under an elastic net, whose coefficients are exactly 0 where they are spared.

    min over b, a of  sum_i w_i log(1 + exp(-y_i (x_i b + a)))
                      + (r |b|_1 + (1 - r) |b|^2 / 2) / C,   y_i = 1 or -1

with the intercept a free: scikit-learn's ``LogisticRegression(C=C, l1_ratio=r, solver="saga")``
with ``sample_weight=w``. By proximal Newton (Lee, Sun & Saunders, SIAM J. Optim. 24, 2014): the
loss is replaced by its second-order model at the point at hand, which is minimised over the units
that are in or want in; a line search then keeps the descent. A dozen steps go as far as thousands
of a first-order solver, so that a ranking by |b| is a matter of the data alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.special import expit

from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values
from chunkscope.probing.solvers.logistic import LogisticFit, check_penalty, log_loss

STEPS = 100  # a dozen were seen to do
CONVERGED = 1e-15  # what a step would still gain, over the objective
SUFFICIENT = 1e-4  # share of the predicted decrease that a step must bring (Armijo)
HALVINGS = 60
SWEEPS = 10  # of coordinate descent, before the signs that it found are tried
ROUNDS = 50  # of sweeps and a trial; the line search makes do with a model not quite minimised
TOLERANCE = 1e-9  # of a slope, over the weight of its unit


def fit_elastic_net(rows: LabelledRows, penalty: float, l1_ratio: float) -> LogisticFit:
    """The probe on all units of ``rows``, each row with its weight.

    Args:
        rows: as :meth:`LabelledRows.checked` gives them.
        penalty: scikit-learn's C > 0: the smaller, the fewer and smaller the coefficients.
        l1_ratio: r, from 0 (ridge alone) to 1 (lasso).

    Raises:
        ProbingError: the penalty is not a finite number above 0.
    """
    check_penalty("penalty", penalty)
    problem = _Problem.of(rows, penalty, l1_ratio)
    point = np.zeros(problem.design.shape[1])
    value = problem.objective(point)
    for _ in range(STEPS):
        step, gain = problem.newton_step(point)
        size = 1.0
        for _ in range(HALVINGS):
            reached = problem.objective(point + size * step)
            if reached <= value - SUFFICIENT * size * gain:
                break
            size /= 2
        else:  # no step brings anything: rounding is all that is left
            break
        point, value = point + size * step, reached
        if gain <= CONVERGED * value:
            break
    return LogisticFit(point[:-1], float(point[-1]), value)


@dataclass(frozen=True)
class _Problem:
    """The rows with a column of ones for the intercept, and the penalties of every column."""

    rows: LabelledRows
    design: Values
    lasso: Values
    ridge: Values

    @classmethod
    def of(cls, rows: LabelledRows, penalty: float, l1_ratio: float) -> _Problem:
        units = np.append(np.ones(rows.X.shape[1]), 0.0)  # the intercept is free
        design = np.column_stack([rows.X, np.ones(len(rows.X))])
        return cls(rows, design, units * l1_ratio / penalty, units * (1 - l1_ratio) / penalty)

    def objective(self, point: Values) -> float:
        loss = self.rows.weights @ log_loss(self.rows.signs * (self.design @ point))
        return float(loss + self.lasso @ np.abs(point) + self.ridge @ point**2 / 2)

    def newton_step(self, point: Values) -> tuple[Values, float]:
        """The step to the minimum of the second-order model, and what it gains at first order."""
        sure = expit(self.design @ point)
        slope = self.design.T @ (self.rows.weights * (sure - self.rows.y)) + self.ridge * point
        moved = np.flatnonzero((point != 0) | (np.abs(slope) > self.lasso))
        columns = self.design[:, moved]
        curvature = columns.T @ (columns * (self.rows.weights * sure * (1 - sure))[:, None])
        curvature[np.diag_indices(len(moved))] += self.ridge[moved]
        linear = curvature @ point[moved] - slope[moved]
        step = np.zeros_like(point)
        step[moved] = _quadratic_lasso(curvature, linear, self.lasso[moved], point[moved])
        step[moved] -= point[moved]
        spared = self.lasso @ (np.abs(point) - np.abs(point + step))
        return step, max(float(spared - slope @ step), 0.0)


def _quadratic_lasso(curvature: Values, linear: Values, lasso: Values, start: Values) -> Values:
    """The minimum over z of z'Hz / 2 - c'z + sum_j l_j |z_j|.

    Coordinate descent finds which z_j are 0 and the signs of the others; given these the minimum
    is a linear system. What solves it with the same signs is the answer.
    """
    point = start.copy()
    for _ in range(ROUNDS):
        _descend(curvature, linear, lasso, point)
        inside = (point != 0) | (lasso == 0)
        signs = np.sign(point)
        trial = np.zeros_like(point)
        try:
            right = (linear - lasso * signs)[inside]
            trial[inside] = linalg.solve(curvature[np.ix_(inside, inside)], right, assume_a="pos")
        except linalg.LinAlgError:  # of two equal units any share does: descent has chosen one
            continue
        slope = np.abs(linear - curvature @ trial)[~inside]
        allowed = lasso[~inside] + TOLERANCE * np.diag(curvature)[~inside]
        if (trial * signs >= 0)[lasso > 0].all() and (slope <= allowed).all():
            return trial
    return point


def _descend(curvature: Values, linear: Values, lasso: Values, point: Values) -> None:
    """A few sweeps of coordinate descent, in place."""
    diagonal = np.diag(curvature)
    left = linear - curvature @ point
    for _ in range(SWEEPS):
        for j in np.flatnonzero(diagonal > 0):
            pull = left[j] + diagonal[j] * point[j]
            moved = np.sign(pull) * max(abs(pull) - lasso[j], 0.0) / diagonal[j]
            if moved != point[j]:
                left += curvature[j] * (point[j] - moved)
                point[j] = moved
