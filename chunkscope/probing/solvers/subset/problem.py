"""What every part of the search works on, and the bound that all of them share.

The best subset, with weights w, labels y_i = 1 or -1 and ridge gamma, is the support S of k units
of the lowest

    f(S) = min over b, a of  sum_i w_i log(1 + exp(-m_i)) + |b|^2 / (2 gamma),
                             m_i = y_i (x_iS b + a)
         = max over alpha of sum_i w_i H(u_i) - gamma / 2 sum_{j in S} v_j^2,
                             v_j = sum_i y_i x_ij alpha_i,  alpha_i = w_i u_i,  0 <= u_i <= 1,

where H is the binary entropy (nats) and, as the intercept a is free, sum_i y_i alpha_i = 0: Fenchel
duality, the dual of Gurnee et al. (arXiv 2305.01610) with log loss in place of hinge. Any such
alpha bounds f(S) from below, for every S at once. The margins of any point (b, a) name one, u_i =
1 / (1 + exp(m_i)); only sum_i y_i alpha_i = 0 is missing as long as a is not the best intercept. It
is met by shrinking the alpha of the heavier class by a factor r, whose entropies fall to

    H(r u) >= H(u) - (1 - r) u m - (1 - r)^2 / (2 r) exp(-m)

(as H' = m at u, and -H'' <= 1 / (r u (1 - u)) from r u to u): an error of second order in how far
the intercept is off, so that the bound is good long before a fit has converged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.solvers.labelled_rows import Flags, LabelledRows, Values
from chunkscope.probing.solvers.logistic import LARGEST_MARGIN

Units = NDArray[np.int64]

ROUNDING = 4 * np.finfo(np.float64).eps  # a sum of n terms is off by less than n times this share
IN_DOUBT = 1e-12  # mean loss (nats) below which the Hessian is lost in rounding


@dataclass(frozen=True)
class Problem:
    """Rows sorted by class, with the labels' signs multiplied in and the units centred.

    Attributes:
        Z: (unit, row) y_i (x_ij - mean of x_j).
        signs: (row,) y_i: 1 in the first rows, those with the feature, then -1.
        weights: (row,).
        gamma: the ridge.
        k: the size of a support.
    """

    Z: Values
    signs: Values
    weights: Values
    gamma: float
    k: int

    @classmethod
    def of(cls, rows: LabelledRows, k: int, gamma: float) -> Problem:
        """The problem of these rows."""
        order = np.argsort(~rows.y, kind="stable")
        signs = rows.signs[order]
        Z = np.ascontiguousarray(((rows.X - rows.means)[order] * signs[:, None]).T)
        return cls(Z, signs, rows.weights[order], gamma, k)

    @cached_property
    def classes(self) -> tuple[slice, slice]:
        """The rows with the feature, and those without."""
        positives = int((self.signs > 0).sum())
        return slice(0, positives), slice(positives, None)

    @cached_property
    def by_class(self) -> Values:
        """(row, 2) weights of the rows of each class, 0 elsewhere."""
        return np.where([self.signs > 0, self.signs < 0], self.weights, 0.0).T.copy()

    def class_sums(self, alpha: Values, units: Values) -> Values:
        """Sums of ``units (..., unit, row) alpha (..., row)`` over each class, (..., unit, 2)."""
        sums = [(units[..., rows] @ alpha[..., rows, None])[..., 0] for rows in self.classes]
        return np.stack(sums, axis=-1)

    def astray(self, loss: Values) -> Flags:
        """Whether Newton's steps went too far, so that a next one would start from nowhere.

        The loss is above that of no unit at all, log 2 per weight, or no row is left in doubt.
        """
        total = self.weights.sum()
        return ~((loss > IN_DOUBT * total) & (loss < total))

    @cached_property
    def rounding(self) -> float:
        """No bound is further above its exact value than this.

        Sums of n terms are off by a share of at most n eps of the terms' sizes. Where a bound is
        above 0, its gamma sum_j v_j^2 / 2 is below W log 2 (W the sum of weights), and so is the
        ridge of the best point; either keeps sum_j |b_j| max |x| below ``reach``. What is left of
        sum_i y_i alpha_i costs as much times the best intercept, which is at most ``reach`` +
        W log 2 / (the weight of the lighter class), or the loss alone were above W log 2.
        """
        total, most = self.weights.sum(), np.log(2) * self.weights.sum()
        reach = np.abs(self.Z).max() * np.sqrt(2 * self.gamma * self.k * most)
        intercept = reach + most / self.by_class.sum(axis=0).min()
        return float(ROUNDING * len(self.weights) * total * (4 + reach + intercept))


@dataclass(frozen=True)
class Duals:
    """What points of the primal say of the dual, each in a row of its own.

    Attributes:
        u: (point, row) before weights and shrinking.
        loss: (point,) weighted log loss of the point itself.
        shrink: (point, 2) the factor of each class that meets the constraint.
        entropy: (point,) no more than the weighted entropies after shrinking.
    """

    u: Values
    loss: Values
    shrink: Values
    entropy: Values

    @classmethod
    def at(cls, problem: Problem, margins: Values) -> Duals:
        """The duals of ``margins (point, row)``."""
        margins = np.maximum(margins, -LARGEST_MARGIN)
        odds = np.exp(-margins)
        u = odds / (1 + odds)
        loss = np.log1p(odds) @ problem.by_class
        mass = u @ problem.by_class
        with np.errstate(divide="ignore", invalid="ignore"):  # a class all told apart: no bound
            shrink = mass.min(axis=1, keepdims=True) / mass
            lost = (1 - shrink) ** 2 / (2 * shrink) * (odds @ problem.by_class)
        entropy = (loss + shrink * ((u * margins) @ problem.by_class) - lost).sum(axis=1)
        worse_than_none = loss.sum(axis=1) > 2 * problem.weights.sum()  # rounding is not bounded
        entropy[worse_than_none | np.isnan(entropy)] = -np.inf
        return cls(u, loss.sum(axis=1), shrink, entropy)
