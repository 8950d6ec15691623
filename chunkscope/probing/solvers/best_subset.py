"""The best k units of a probe, and how sure that is.

Gurnee et al. (arXiv 2305.01610) search for the support of a hinge-loss probe with a commercial
solver. Here it is the probe of ``logistic.py`` itself, solved by branch and bound (``subset/``): a
support comes with a bound below which no other can be, so that "optimal" is a certificate, and
where the search was cut short the gap says what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values
from chunkscope.probing.solvers.logistic import UNDETERMINED, check_penalty, fit_logistic
from chunkscope.probing.solvers.subset.problem import Problem
from chunkscope.probing.solvers.subset.search import Search

CERTAIN = 1e-6  # gap at which a support counts as optimal


@dataclass(frozen=True)
class BestSubset:
    """The best support found.

    Attributes:
        support: (k,) units, ascending.
        coef: (k,) of these units.
        intercept: the free constant.
        objective: weighted log loss (nats, summed) plus |coef|^2 / (2 gamma).
        bound: no support of k units has a lower objective.
        gap: (objective - bound) / objective.
        status: "optimal" where the gap is at most 1e-6; else "time limit" or "node limit", or
            "rounding" where every support was judged but sums over so many rows of such large
            units are not certain to that share.
        nodes: how many nodes of the search were looked at.
    """

    support: NDArray[np.int64]
    coef: Values
    intercept: float
    objective: float
    bound: float
    gap: float
    status: str
    nodes: int

    def decision(self, X: ArrayLike) -> Values:
        """(row,) log-odds that a row of all units has the feature."""
        return np.asarray(X, dtype=np.float64)[:, self.support] @ self.coef + self.intercept


def best_subset(
    X: ArrayLike,
    y: ArrayLike,
    k: int,
    gamma: float,
    sample_weight: ArrayLike | None = None,
    time_limit: float = 60.0,
    node_limit: int | None = None,
) -> BestSubset:
    """The support of k units whose ridge-logistic probe has the lowest objective.

    A result that a time limit cut short is not the same on every machine, nor on the same one
    twice; one that a node limit did is. A workflow sets ``node_limit`` and leaves the time free
    (``time_limit=math.inf``).

    Args:
        X: (row, unit), standardised: the ridge treats all units alike.
        y: (row,) bool.
        k: 1 to the number of units.
        gamma: the ridge, scikit-learn's C.
        sample_weight: (row,) >= 0; None counts every row once.
        time_limit: seconds on the wall for the search, read between nodes; the first incumbent
            and the first node come in any case.
        node_limit: nodes to look at, at least 1; None for no limit.

    Raises:
        ProbingError: as :func:`fit_logistic`; or k is not among 1 to the number of units, a unit
            is constant, or a limit is not positive.
    """
    rows = LabelledRows.checked(X, y, sample_weight)
    _check(rows, k, gamma, time_limit, node_limit)
    search, stopped = _run(rows, k, gamma, time_limit, node_limit)
    support = np.sort(search.best.support)
    fit = fit_logistic(rows.X[:, support], rows.y, gamma, rows.weights)
    bound = min(search.bound, fit.objective)
    gap = (fit.objective - bound) / fit.objective
    status = "optimal" if gap <= CERTAIN else stopped or "rounding"
    return BestSubset(
        support, fit.coef, fit.intercept, fit.objective, bound, gap, status, search.nodes
    )


def _run(
    rows: LabelledRows, k: int, gamma: float, time_limit: float, node_limit: int | None
) -> tuple[Search, str]:
    """The search, and which limit stopped it, if any."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # steps that run away are taken back
            search = Search(Problem.of(rows, index(k), float(gamma)))
            return search, search.run(time_limit, np.inf if node_limit is None else node_limit)
    except np.linalg.LinAlgError as error:
        raise ProbingError(UNDETERMINED) from error


def _check(
    rows: LabelledRows, k: int, gamma: float, time_limit: float, node_limit: int | None
) -> None:
    check_penalty("gamma", gamma)
    units = rows.X.shape[1]
    if not (isinstance(k, int | np.integer) and 1 <= k <= units):
        raise ProbingError(f"k: got {k}; must be a whole number from 1 to the {units} units of X")
    if (constant := np.flatnonzero(np.ptp(rows.X, axis=0) == 0)).size:
        raise ProbingError(
            f"X: unit {constant[0]} is constant; no support can need it: leave it out"
        )
    if not time_limit > 0:
        raise ProbingError(f"time_limit: got {time_limit}; must be seconds above 0")
    if node_limit is not None and node_limit < 1:
        raise ProbingError(f"node_limit: got {node_limit}; must be at least 1, or None")
