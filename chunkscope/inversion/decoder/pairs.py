"""What a decoder learns from: activations, each with an input of its ball.

An input is drawn with its probability, then another one out of the ball around its activity, by
drawing inputs at random and taking one of those that fall into it. The best that a decoder can say
is then the preimage itself: the share that every member has of its ball, and nothing else. Where
none of the random inputs falls into a ball, its own input stands for it, as published (Huang et
al., arXiv 2405.17653, tell every input its own activity).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.grammars import Inputs

Activity = NDArray[np.floating]
Rows = NDArray[np.int64]

TOLD, SEARCHED, EACH = 1024, 32_768, 8
"""Activations at a time, random inputs that are searched for members of their balls, and members
drawn of each."""
UNTOLD = 0.02
"""Share of pairs in which nothing is told; published are 1 %, of activity that knows nothing."""


@dataclass(frozen=True)
class Readings:
    """The activity of all inputs at every site that is read.

    Attributes:
        names: of the sites.
        activity: (input, unit) of each.
    """

    names: tuple[str, ...]
    activity: tuple[Activity, ...]

    @property
    def units(self) -> int:
        """Of the widest site."""
        return max(activity.shape[1] for activity in self.activity)


class Pairs:
    """Draws pairs of an activation and an input of its ball, as many at every site.

    In a few of them nothing is told, and the input is any.
    """

    def __init__(
        self,
        inputs: Inputs,
        readings: Readings,
        seen: NDArray[np.bool_],
        radius: float,
        rng: np.random.Generator,
    ) -> None:
        """``seen`` (input,) says which inputs may be drawn."""
        self._readings, self._radius, self._rng = readings, radius, rng
        self._cumulative = np.cumsum(np.where(seen, inputs.weight, 0.0))
        self._cumulative /= self._cumulative[-1]
        self._ready = [np.empty((0, 2), np.int64) for _ in readings.names]

    def __call__(self, count: int) -> tuple[Rows, Rows, NDArray[np.float32]]:
        """Inputs (count,), sites (count,), and the activations (count, unit of the widest).

        The site after the last one is nothing, told as zeros.
        """
        nothing = len(self._readings.names)
        sites = np.arange(count) % nothing
        sites[self._rng.random(count) < UNTOLD] = nothing
        rows, told = self._draw(count), np.zeros((count, self._readings.units), np.float32)
        for site, activity in enumerate(self._readings.activity):
            here = np.flatnonzero(sites == site)
            pairs = self._take(site, len(here))
            rows[here] = pairs[:, 1]
            told[here, : activity.shape[1]] = activity[pairs[:, 0]]
        return rows, sites, told

    def _take(self, site: int, count: int) -> Rows:
        """(count, 2) inputs whose activity is told, and members of their balls."""
        while len(self._ready[site]) < count:
            found = self._search(self._readings.activity[site])
            self._ready[site] = np.concatenate([self._ready[site], found])
        taken, self._ready[site] = np.split(self._ready[site], [count])
        return taken

    def _search(self, activity: Activity) -> Rows:
        told, tried = self._draw(TOLD), self._draw(SEARCHED)
        ball, member = np.nonzero(_within(activity[told], activity[tried], self._radius))
        size = np.bincount(ball, minlength=TOLD)
        first = np.cumsum(size) - size
        at = first[:, None] + (self._rng.random((TOLD, EACH)) * size[:, None]).astype(np.int64)
        members = tried[member[np.minimum(at, len(member) - 1)]] if len(member) else told[:, None]
        members = np.where(size[:, None] > 0, members, told[:, None])
        pairs = np.stack([np.broadcast_to(told[:, None], members.shape), members], axis=-1)
        return self._rng.permutation(pairs.reshape(-1, 2))

    def _draw(self, count: int) -> Rows:
        rows = np.searchsorted(self._cumulative, self._rng.random(count), side="right")
        return np.minimum(rows, len(self._cumulative) - 1)


def _within(queries: Activity, activity: Activity, radius: float) -> NDArray[np.bool_]:
    """(query, input) whether the euclidean distance is at most ``radius``: no more is asked here,
    in single precision, than which side of an edge an input lies on."""
    square = np.einsum("nd,nd->n", queries, queries)
    reach = (1 - radius**2) * square[:, None] + np.einsum("nd,nd->n", activity, activity)
    return 2 * queries @ activity.T >= reach
