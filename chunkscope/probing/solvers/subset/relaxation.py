"""The bound of a node: the best probe that may hold shares of units.

Let every unit have a share s_j in [0, 1], 1 where the node includes it, those of the free units
with sum m. With the ridge b_j^2 / (2 gamma s_j) the problem is convex in shares and coefficients
together, and its dual is the one of ``problem.py`` with s_j v_j^2 for v_j^2: so that every alpha
bounds all supports of the node from below by

    sum_i w_i H(u_i) - gamma / 2 (sum of v_j^2 of included units + the m largest of free ones).

The alpha comes from Newton's steps on the relaxed problem. Each looks at all rows once, for a
gradient and a Hessian, and on the quadratic model that they make alternates coefficients (a linear
system) and shares (a closed form). How well that has converged decides how good the bound is, not
whether it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chunkscope.probing.solvers.labelled_rows import Values
from chunkscope.probing.solvers.subset.problem import Duals, Problem, Units

STEPS = 10
ALTERNATIONS = 3
WORTHWHILE = 0.3  # a step must bring this share of what the bound still lacks, or it is the last
REVIVAL = 1e-3  # added to shares before they are dealt anew, so that none stays 0 for ever


@dataclass(frozen=True)
class Place:
    """Where a relaxation begins or ends.

    Attributes:
        shares: (unit,) in [0, 1]; those of included units count as 1.
        point: (unit + 1,) coefficients and intercept.
    """

    shares: Values
    point: Values


@dataclass(frozen=True)
class Node:
    """The supports of k units that hold all included ones and else only free ones.

    Attributes:
        bound: none of them has a lower objective (but for rounding).
        included: (included unit,). free: (free unit,).
        start: where to relax from.
    """

    bound: float
    included: Units
    free: Units
    start: Place

    @cached_property
    def units(self) -> Units:
        """(included and free unit,)."""
        return np.concatenate([self.included, self.free])


@dataclass(frozen=True)
class Relaxed:
    """What relaxing a node found.

    Attributes:
        bound: none of the node's supports has a lower objective (but for rounding).
        squares: (free unit,) v_j^2 of the alpha that gave this bound.
        place: the point that this alpha belongs to, with its shares.
    """

    bound: float
    squares: Values
    place: Place


def relax(problem: Problem, node: Node, cutoff: float) -> Relaxed:
    """The best bound that a few steps find, or the first that reaches the cutoff.

    The node has free units, and is short of at least one of them.
    """
    Z, place, last = problem.Z[node.units], node.start, -np.inf
    best = Relaxed(-np.inf, np.zeros(len(node.free)), place)
    for _ in range(STEPS):
        margins = place.point[node.units] @ Z + place.point[-1] * problem.signs
        duals = Duals.at(problem, margins[None])
        bound, squares = _bound(problem, node, Z, duals)
        if bound > best.bound:
            best = Relaxed(bound, squares, place)
        if bound >= cutoff or bound - last < WORTHWHILE * (cutoff - bound):
            break
        if problem.astray(duals.loss).any():
            place = Place(place.shares, (best.place.point + place.point) / 2)
        else:
            place, last = _minimise_model(problem, node, Z, duals.u[0], place), bound
    return best


def _bound(problem: Problem, node: Node, Z: Values, duals: Duals) -> tuple[float, Values]:
    """The node's bound by one alpha, and the (free unit,) v_j^2."""
    sums = problem.class_sums(duals.u[0] * problem.weights, Z)
    included, free = np.split((sums @ duals.shrink[0]) ** 2, [len(node.included)])
    largest = np.sort(free)[len(free) + len(included) - problem.k :]
    ridge = problem.gamma / 2 * (included.sum() + largest.sum())
    return float(duals.entropy[0] - ridge), free


def _minimise_model(problem: Problem, node: Node, Z: Values, u: Values, place: Place) -> Place:
    """Near the relaxed problem's minimum on the quadratic model at ``place``.

    The intercept is eliminated first, as it has no ridge; scaling by the roots of the shares keeps
    the system well conditioned where a share is 0.
    """
    alpha = problem.weights * u
    roots = np.sqrt(alpha * (1 - u))
    curved, total = Z * roots, roots @ roots
    towards, lean = curved @ (roots * problem.signs), alpha @ problem.signs / total
    hessian = curved @ curved.T - np.outer(towards, towards) / total
    before = place.point[node.units]
    aim = hessian @ before + Z @ alpha - towards * lean
    shares, coef = _alternate(hessian, aim, problem, node, place.shares[node.units])
    moved = Place(place.shares.copy(), place.point.copy())
    moved.shares[node.units], moved.point[node.units] = shares, coef
    moved.point[-1] += lean - towards @ (coef - before) / total
    return moved


def _alternate(
    hessian: Values, aim: Values, problem: Problem, node: Node, shares: Values
) -> tuple[Values, Values]:
    """Shares and coefficients b that lower b H b / 2 - aim b + sum_j b_j^2 / (2 gamma s_j).

    Where they are best, |b_j| = gamma s_j |v_j| with v = aim - H b: the shares are filled by that,
    from the shares before.
    """
    free = slice(len(node.included), None)
    shares[: len(node.included)] = 1
    for _ in range(ALTERNATIONS):
        roots = np.sqrt(shares)
        system = hessian * np.outer(roots, roots)
        system.flat[:: len(roots) + 1] += 1 / problem.gamma
        coef = roots * np.linalg.solve(system, roots * aim)
        pulls = np.abs(aim - hessian @ coef)
        shares[free] = fill(((shares + REVIVAL) * pulls)[free], problem.k - len(node.included))
    return shares, coef


def fill(sizes: Values, total: int) -> Values:
    """The shares in [0, 1] with sum ``total`` that minimise sum_j sizes_j^2 / shares_j.

    They are min(1, sizes / level): as water fills a vessel, the level follows from the sum. Sizes
    that are all 0 have shares of 0.
    """
    if total >= len(sizes):
        return np.ones(len(sizes))
    largest = -np.sort(-sizes)[:total]
    rest = sizes.sum() - np.cumsum(largest) + largest  # of all but the 0, 1, 2 ... largest
    levels = rest / (total - np.arange(total))
    full = min(int((largest > levels).sum()), total - 1)
    return np.minimum(1, sizes / max(levels[full], np.finfo(np.float64).tiny))
