"""Probes on many supports at once, each taken no further than it can still be the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chunkscope.probing.solvers.labelled_rows import Values
from chunkscope.probing.solvers.logistic import LARGEST_MARGIN, newton
from chunkscope.probing.solvers.subset.problem import Duals, Problem, Units

BLOCK = 2**14  # values of a block of supports: so few that its arrays stay in the cache
STEPS = 12  # the few fits that need more need a line search
CONVERGED = 1e-10  # gap of a fit, as a share of its objective


@dataclass(frozen=True)
class Fit:
    """The probe on one support.

    Attributes:
        objective: f of the support.
        support: (unit,) in any order.
        point: (unit + 1,) coefficients and intercept, of centred units.
    """

    objective: float
    support: Units
    point: Values


def fit_supports(
    problem: Problem, supports: Units, starts: Values, cutoff: float = np.inf
) -> list[Fit]:
    """The fits of those supports whose objective may lie below ``cutoff``.

    Newton's method for a block of supports at a time; one whose bound reaches the cutoff is left,
    mostly at its start.

    Args:
        supports: (support, unit). starts: (support, unit + 1) where to begin.
    """
    size = max(1, BLOCK // len(problem.weights))
    blocks = (slice(first, first + size) for first in range(0, len(supports), size))
    return [
        fit for block in blocks for fit in _fit(problem, supports[block], starts[block], cutoff)
    ]


def extend(problem: Problem, fit: Fit, units: Units, cutoff: float = np.inf) -> list[Fit]:
    """The fits of ``fit.support`` and one more of ``units (unit,)``, as :func:`fit_supports`.

    Seen from the fit, the Hessians of all extensions differ in one row and column, so that the
    first Newton step of all of them costs one elimination. Where a unit adds little, the bound
    after that step is all that is needed.
    """
    Z = np.vstack([problem.Z[fit.support], problem.signs])
    added = problem.Z[units]
    u = 1 / (1 + np.exp(np.minimum(fit.point @ Z, LARGEST_MARGIN)))
    alpha, curved = problem.weights * u, Z * (problem.weights * u * (1 - u))
    shared = curved @ added.T
    moved = np.linalg.solve(_ridged(curved @ Z.T, problem.gamma), shared)
    left = added**2 @ (alpha * (1 - u)) + 1 / problem.gamma - (shared * moved).sum(axis=0)
    coef = added @ alpha / left
    points = (fit.point[:, None] - moved * coef).T
    starts = np.column_stack([points[:, :-1], coef, points[:, -1]])
    supports = np.column_stack([np.tile(fit.support, (len(units), 1)), units])
    return fit_supports(problem, supports, starts, cutoff)


def _fit(problem: Problem, supports: Units, points: Values, cutoff: float) -> Iterator[Fit]:
    """One block of :func:`fit_supports`."""
    Z = np.empty((*points.shape, len(problem.weights)))
    Z[:, :-1], Z[:, -1] = problem.Z[supports], problem.signs
    for _ in range(STEPS):
        duals = Duals.at(problem, (points[:, None] @ Z)[:, 0])
        alpha = duals.u * problem.weights
        sums = problem.class_sums(alpha, Z)
        pulls = (sums[:, :-1] * duals.shrink[:, None]).sum(axis=-1)
        bounds = duals.entropy - problem.gamma / 2 * (pulls**2).sum(axis=1)
        objectives = duals.loss + (points[:, :-1] ** 2).sum(axis=1) / (2 * problem.gamma)
        done = objectives - bounds <= CONVERGED * objectives
        yield from map(Fit, objectives[done].tolist(), supports[done], points[done])
        going = ~done & ~(bounds >= cutoff)
        astray = going & problem.astray(duals.loss)
        yield from (_fit_alone(problem, support) for support in supports[astray])
        going &= ~astray
        if not going.any():
            return
        supports, Z, points = supports[going], Z[going], points[going]
        curved = Z * (alpha * (1 - duals.u))[going, None]
        up = sums[going].sum(axis=-1)
        up[:, :-1] -= points[:, :-1] / problem.gamma
        hessians = _ridged(curved @ Z.swapaxes(1, 2), problem.gamma)
        points = points + np.linalg.solve(hessians, up[..., None])[..., 0]
    yield from (_fit_alone(problem, support) for support in supports)


def _fit_alone(problem: Problem, support: Units) -> Fit:
    """The fit of one support, with a line search."""
    design = np.column_stack([problem.Z[support].T, problem.signs])
    ridge = np.append(np.full(len(support), 1 / problem.gamma), 0.0)
    point, objective = newton(design, problem.weights, ridge, np.zeros(len(ridge)))
    return Fit(objective, support, point)


def _ridged(hessians: Values, gamma: float) -> Values:
    """``hessians (..., unit + 1, unit + 1)`` of the loss, the ridge added but to the intercept."""
    units = np.arange(hessians.shape[-1] - 1)
    hessians[..., units, units] += 1 / gamma
    return hessians
