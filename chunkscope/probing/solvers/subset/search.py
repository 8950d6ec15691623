"""Branch and bound over supports, lowest bound first.

A node is relaxed when it is taken; the bound also tells which single units decide themselves. A
node with few supports is finished by fitting them all: at some microseconds a support that is also
the way for a problem that has few altogether. The first incumbent is grown unit by unit; every
relaxation offers another, its units of largest share; each is bettered by exchanging one unit for
another as long as that lowers the objective.
"""

from __future__ import annotations

import heapq
import time
from itertools import combinations, count
from math import comb

import numpy as np

from chunkscope.probing.solvers.subset.batch import CONVERGED, Fit, extend, fit_supports
from chunkscope.probing.solvers.subset.problem import Problem, Units
from chunkscope.probing.solvers.subset.relaxation import Node, Place, Relaxed, relax

FEW = 100  # a node with no more supports is finished rather than relaxed
TOLERANCE = 1e-7  # what no node is searched for: a lower objective by a smaller share than this


class Search:
    """A search; it can go on after a limit.

    Attributes:
        best: the fit of the best support so far.
        nodes: how many were looked at.
    """

    def __init__(self, problem: Problem, few: int = FEW) -> None:
        self._problem, self._few = problem, few
        self._all = np.arange(len(problem.Z))
        self._open: list[tuple[float, int, Node]] = []
        self._serial = count()  # of equal bounds the older node first
        self.nodes = 0
        if comb(len(self._all), problem.k) <= few:
            self.best = self._enumerated()
        else:
            self.best = self._grown()
            self._exchange()
            shares = np.full(len(self._all), problem.k / len(self._all))
            start = Place(shares, np.zeros(len(self._all) + 1))
            self._push(Node(0.0, self._all[:0], self._all, start))

    @property
    def bound(self) -> float:
        """No support has a lower objective, whatever was rounded."""
        left = self.best.objective * (1 - TOLERANCE)
        fitted = self.best.objective * (1 - CONVERGED) - self._problem.rounding
        unseen = self._open[0][0] - self._problem.rounding if self._open else np.inf
        return max(0.0, min(left, fitted, unseen))

    def run(self, seconds: float, nodes: float) -> str:
        """Search to the end or a limit: "", "time limit" or "node limit".

        Args:
            seconds: on the wall; the clock is read between nodes, and after the first one.
            nodes: how many are looked at.
        """
        begun = time.perf_counter()
        while self._open and self._open[0][0] < self._cutoff:
            if self.nodes >= nodes:
                return "node limit"
            if self.nodes and time.perf_counter() - begun >= seconds:
                return "time limit"
            self._look(heapq.heappop(self._open)[-1])
        self._open.clear()
        return ""

    @property
    def _cutoff(self) -> float:
        """What a bound must reach, as computed, for its supports to be left."""
        return self.best.objective * (1 - TOLERANCE) + self._problem.rounding

    def _push(self, node: Node) -> None:
        heapq.heappush(self._open, (node.bound, next(self._serial), node))

    def _look(self, node: Node) -> None:
        self.nodes += 1
        if self._is_small(node):
            self._finish(node)
            return
        relaxed = relax(self._problem, node, self._cutoff)
        if relaxed.bound < self._cutoff:
            self._round(node, relaxed)
            self._branch(node, relaxed)

    def _missing(self, node: Node) -> int:
        return self._problem.k - len(node.included)

    def _is_small(self, node: Node) -> bool:
        missing = self._missing(node)
        return missing <= 1 or comb(len(node.free), missing) <= self._few

    def _branch(self, node: Node, relaxed: Relaxed) -> None:
        """Settle the units that decide themselves, then part the node by the least decided one.

        The bounds with and without a unit are those of the same alpha, where its v_j^2 takes the
        place of the least that counted, or leaves its own to the largest that did not.
        """
        descending = np.append(-np.sort(-relaxed.squares), 0.0)
        least, next_ = descending[self._missing(node) - 1 : self._missing(node) + 1]
        half = self._problem.gamma / 2
        with_ = relaxed.bound + half * np.maximum(least - relaxed.squares, 0)
        without = relaxed.bound + half * np.maximum(relaxed.squares - next_, 0)
        with_, without = np.maximum(with_, node.bound), np.maximum(without, node.bound)
        must, may = without >= self._cutoff, with_ < self._cutoff
        if (must & ~may).any():
            return
        included = np.append(node.included, node.free[must])
        undecided = np.flatnonzero(may & ~must)
        units = node.free[undecided]
        settled = Node(max(relaxed.bound, node.bound), included, units, relaxed.place)
        if self._is_small(settled):
            self._push(settled)
            return
        shares, coef = relaxed.place.shares[units], relaxed.place.point[units]
        at = int((np.minimum(shares, 1 - shares) * np.abs(coef)).argmax())
        rest, with_at, without_at = (
            np.delete(units, at),
            with_[undecided[at]],
            without[undecided[at]],
        )
        self._push(Node(with_at, np.append(included, units[at]), rest, relaxed.place))
        self._push(Node(without_at, included, rest, relaxed.place))

    def _finish(self, node: Node) -> None:
        """Fit every support of the node that cannot be left."""
        start = node.start.point[np.append(node.included, -1)]
        (fit,) = fit_supports(self._problem, node.included[None], start[None])
        self._complete(fit, node.free, self._missing(node))

    def _complete(self, fit: Fit, free: Units, missing: int) -> None:
        """Add ``missing`` of the free units to a fit, in every way."""
        if missing == 0:
            self._offer([fit])
        elif missing == 1:
            self._offer(extend(self._problem, fit, free, self._cutoff))
        else:
            first = free[: len(free) - missing + 1]
            extended = {fit.support[-1]: fit for fit in extend(self._problem, fit, first)}
            for at, unit in enumerate(first):
                self._complete(extended[unit], free[at + 1 :], missing - 1)

    def _offer(self, fits: list[Fit]) -> bool:
        """Keep the best of the fits if it betters the incumbent; whether it did."""
        better = min(fits, key=lambda fit: fit.objective, default=self.best)
        if better.objective >= self.best.objective:
            return False
        self.best = better
        return True

    def _enumerated(self) -> Fit:
        """The best of all supports, each fitted to the end."""
        supports = np.array(list(combinations(self._all, self._problem.k)))
        starts = np.zeros((len(supports), self._problem.k + 1))
        return min(fit_supports(self._problem, supports, starts), key=lambda fit: fit.objective)

    def _grown(self) -> Fit:
        """Unit by unit, each time the one that lowers the objective most."""
        (fit,) = fit_supports(self._problem, self._all[None, :0], np.zeros((1, 1)))
        for _ in range(self._problem.k):
            others = np.setdiff1d(self._all, fit.support)
            fit = min(extend(self._problem, fit, others), key=lambda more: more.objective)
        return fit

    def _round(self, node: Node, relaxed: Relaxed) -> None:
        """Offer the node's units of largest share."""
        largest = np.argsort(-relaxed.place.shares[node.free], kind="stable")[: self._missing(node)]
        support = np.append(node.included, node.free[largest])
        start = relaxed.place.point[np.append(support, -1)]
        if self._offer(fit_supports(self._problem, support[None], start[None], self._cutoff)):
            self._exchange()

    def _exchange(self) -> None:
        """Exchange single units of the incumbent while that lowers the objective."""
        while any(self._exchange_one(unit) for unit in np.sort(self.best.support)):
            pass

    def _exchange_one(self, unit: int) -> bool:
        kept = self.best.support != unit
        start = self.best.point[np.append(kept, True)]
        (fit,) = fit_supports(self._problem, self.best.support[None, kept], start[None])
        others = np.setdiff1d(self._all, self.best.support)
        return self._offer(extend(self._problem, fit, others, self._cutoff))
