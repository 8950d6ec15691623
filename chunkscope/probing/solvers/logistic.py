"""The ridge-logistic probe, fitted by Newton's method to machine precision.

    min over b, a of  sum_i w_i log(1 + exp(-y_i (x_i b + a))) + |b|^2 / (2 C),   y_i = 1 or -1

with the intercept a free: scikit-learn's ``LogisticRegression(C=C)`` with ``sample_weight=w``, the
probe that Gurnee et al. (arXiv 2305.01610) refit on the units they ranked. Its Hessian is small and
at hand, and Newton's steps converge quadratically: two fits of one problem agree to the last digits
wherever they start, and which unit or support is best is no matter of a tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dposv

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values, checked_labels

STEPS = 200  # a few times what the hardest fits were seen to need
CONVERGED = 1e-12  # share of the objective that the last step gains: what it leaves is its square
SUFFICIENT = 1e-4  # share of the decrease that the slope promises, and a step must bring (Armijo)
SMALLEST_STEP = 1e-12
LARGEST_MARGIN = 700.0  # exp of more overflows
UNDETERMINED = (
    "the penalty leaves the probe undetermined (units that copy each other, or classes told apart "
    "by far): lower it, or standardise the units"
)


@dataclass(frozen=True)
class LogisticFit:
    """A fitted probe.

    Attributes:
        coef: (unit,).
        intercept: the free constant.
        objective: weighted log loss (nats, summed) plus the ridge.
    """

    coef: Values
    intercept: float
    objective: float

    def decision(self, X: ArrayLike) -> Values:
        """(row,) log-odds that a row has the feature."""
        return np.asarray(X, dtype=np.float64) @ self.coef + self.intercept


def fit_logistic(
    X: ArrayLike,
    y: ArrayLike,
    penalty: float,
    weights: ArrayLike | None = None,
    start: LogisticFit | None = None,
) -> LogisticFit:
    """The probe on all units of X.

    Args:
        X: (row, unit).
        y: (row,) bool.
        penalty: scikit-learn's C > 0: the smaller, the smaller the coefficients.
        weights: (row,) >= 0; None counts every row once. See :func:`balanced_weights`.
        start: where to begin, a fit on as many units; only the time depends on it.

    Raises:
        ProbingError: the rows cannot be fitted (:meth:`LabelledRows.checked`), the penalty is not
            above 0 or so large that no digits are left, or the start does not fit.
    """
    check_penalty("penalty", penalty)
    rows = LabelledRows.checked(X, y, weights)
    units = rows.X.shape[1]
    means, point = rows.means, np.zeros(units + 1)
    if start is not None:
        if len(start.coef) != units:
            raise ProbingError(
                f"start: got a fit on {len(start.coef)} units; must be on the {units} units of X"
            )
        point = np.append(start.coef, start.intercept + means @ start.coef)
    ridge = np.append(np.full(units, 1 / penalty), 0.0)
    design = np.column_stack([rows.X - means, np.ones(len(rows.X))]) * rows.signs[:, None]
    point, objective = newton(design, rows.weights, ridge, point)
    return LogisticFit(point[:-1], float(point[-1] - means @ point[:-1]), objective)


def balanced_weights(y: ArrayLike) -> Values:
    """(row,) n / (2 n_class): both classes weigh n / 2, as ``class_weight="balanced"``.

    Raises:
        ProbingError: one class is empty.
    """
    labels = checked_labels(y, np.size(y))
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        raise ProbingError(
            f"y: got {positives} rows of {len(labels)} with the feature; "
            "weights can only balance two classes that both have rows"
        )
    return len(labels) / (2 * np.where(labels, positives, len(labels) - positives))


def check_penalty(name: str, penalty: float) -> None:
    """Raise ProbingError unless ``penalty`` is a finite number above 0."""
    if not (np.isfinite(penalty) and penalty > 0):
        raise ProbingError(f"{name}: got {penalty}; must be a finite number above 0")


def newton(design: Values, weights: Values, ridge: Values, point: Values) -> tuple[Values, float]:
    """The minimum over t of sum_i w_i log(1 + exp(-z_i t)) + sum_j ridge_j t_j^2 / 2.

    Args:
        design: (row, column) of z, the labels' signs multiplied in.
        weights: (row,). ridge: (column,) >= 0. point: (column,) where to begin.

    Returns:
        (column,) where it is, and its value.

    Raises:
        ProbingError: the Hessian is singular but for rounding.
    """
    margins = design @ point
    objective = _objective(margins, weights, ridge, point)
    if not objective < np.log(2) * weights.sum():  # a start that is worse than none
        point, margins = np.zeros(len(point)), np.zeros(len(design))
        objective = _objective(margins, weights, ridge, point)
    for _ in range(STEPS):
        step, gain = _newton_step(design, weights, ridge, point, margins)
        change, size = design @ step, 1.0
        if gain <= CONVERGED * objective:
            point, margins = point + step, margins + change
            return point, _objective(margins, weights, ridge, point)
        while True:
            moved, reached = point + size * step, margins + size * change
            value = _objective(reached, weights, ridge, moved)
            if value <= objective - 2 * SUFFICIENT * size * gain:
                break
            if size < SMALLEST_STEP:  # no step gains anything: the rest is rounding
                return point, objective
            size /= 2
        point, margins, objective = moved, reached, value
    return point, objective


def log_loss(margins: Values) -> Values:
    """log(1 + exp(-margin)) in nats, without overflow."""
    return np.log1p(np.exp(-np.abs(margins))) + np.maximum(-margins, 0)


def _objective(margins: Values, weights: Values, ridge: Values, point: Values) -> float:
    return float(weights @ log_loss(margins) + (ridge * point) @ point / 2)


def _newton_step(
    design: Values, weights: Values, ridge: Values, point: Values, margins: Values
) -> tuple[Values, float]:
    """(column,) the step, and what it gains if the function is quadratic."""
    wrong = 1 / (1 + np.exp(np.minimum(margins, LARGEST_MARGIN)))
    up = (weights * wrong) @ design - ridge * point
    curved = design * np.sqrt(weights * wrong * (1 - wrong))[:, None]
    hessian = curved.T @ curved  # one array times itself: half the work
    hessian[np.diag_indices_from(hessian)] += ridge
    scale = 1 / np.sqrt(np.maximum(np.diag(hessian), np.finfo(np.float64).tiny))
    # columns may differ in size: with a diagonal of ones they do not
    _, step, singular = dposv(hessian * scale * scale[:, None], scale * up)
    if singular:
        raise ProbingError(UNDETERMINED)
    step *= scale
    return step, float(up @ step) / 2
