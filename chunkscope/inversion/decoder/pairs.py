"""What a decoder learns from: activations, each with an input of its ball and what comes next.

An input that is not held out is drawn with its probability, then any other out of the ball around
its activity, by drawing inputs at random and taking one of those that fall into it. The best that a
decoder can say is then the preimage itself: the share that every member has of its ball, and
nothing else. Where none of the random inputs falls into a ball, its own input stands for it, as
published (Huang et al., arXiv 2405.17653, tell every input its own activity).

What it learns at each step is not the one symbol that this member goes on with, but the share of
every symbol among members that begin as it does: the mean of what other members would have taught
there, so that the gradient is the same in the mean and less noisy (Rao and Blackwell). From the
step on at which few inputs begin alike all of these are gone through, and the shares are exact;
before it they are those of the random inputs that fell into the ball.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.grammars import Inputs
from chunkscope.inversion.decoder.beginnings import (
    Alike,
    alphabetical,
    continuations,
    strings_of,
)

Activity = NDArray[np.floating]
Rows = NDArray[np.int64]

TOLD, SEARCHED, EACH = 1024, 8192, 2
"""Activations at a time, random inputs that are searched for members of their balls, and members
drawn of each: few, since more activations teach more than more members of the same balls do."""
KNOWN = 128
"""Random inputs that fell into a ball whose next symbols are shared out, at most."""
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


@dataclass(frozen=True)
class Batch:
    """What is told, and what should be said.

    Attributes:
        strings: (pair, step) symbols of a member of the ball, and the stop from its end on.
        shares: (pair, step, symbol) of what comes there in members that begin alike, the stop
            being the last symbol; zeros beyond the stop.
        sites: (pair,) numbers; the one after the last site is nothing.
        activity: (pair, unit of the widest); zeros where nothing is told.
    """

    strings: NDArray[np.int16]
    shares: NDArray[np.float32]
    sites: Rows
    activity: NDArray[np.float32]


@dataclass
class _Found:
    """Pairs of a site that are not used yet.

    Attributes:
        told: (activation,) the input of each.
        members: (activation, KNOWN) random inputs of its ball; -1 where there are no more.
        pairs: (pair, 2) an activation, and a member by its column.
    """

    told: Rows
    members: Rows
    pairs: Rows


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
        """``seen`` (input,) says of which inputs the activity may be told; members are any."""
        strings = strings_of(inputs)
        order = alphabetical(strings)
        self._strings, self._vocabulary = strings[order], len(inputs.symbols) + 1
        self._alike = Alike.among(self._strings)
        self._activity = [activity[order] for activity in readings.activity]
        self._squares = [np.einsum("nd,nd->n", part, part) for part in self._activity]
        self._weight = inputs.weight[order]
        self._told = np.cumsum(np.where(seen[order], self._weight, 0.0))
        self._every = np.cumsum(self._weight)
        self._units, self._radius, self._rng = readings.units, radius, rng
        none = np.empty(0, np.int64)
        empty = _Found(none, none.reshape(0, KNOWN), none.reshape(0, 2))
        self._found = [empty for _ in readings.names]

    def __call__(self, count: int) -> Batch:
        """So many pairs."""
        nothing = len(self._activity)
        sites = np.arange(count) % nothing
        sites[self._rng.random(count) < UNTOLD] = nothing
        told = np.zeros((count, self._units), np.float32)
        rows, members = np.empty(count, np.int64), np.empty((count, KNOWN), np.int64)
        for site, activity in enumerate(self._activity):
            if len(here := np.flatnonzero(sites == site)):
                asked, rows[here], members[here] = self._take(site, len(here))
                told[here, : activity.shape[1]] = activity[asked]
        free = np.flatnonzero(sites == nothing)
        members[free] = self._draw(self._every, len(free) * KNOWN).reshape(-1, KNOWN)
        rows[free] = members[free, 0]
        return Batch(self._strings[rows], self._shares(rows, members, sites, told), sites, told)

    def _take(self, site: int, count: int) -> tuple[Rows, Rows, Rows]:
        """Inputs whose activity is told, a member of the ball of each, and known members."""
        taken = []
        while count:
            found = self._found[site]
            if not len(found.pairs):
                found = self._found[site] = self._search(site)
            pairs, found.pairs = np.split(found.pairs, [count])
            known = found.members[pairs[:, 0]]
            chosen = found.members[pairs[:, 0], pairs[:, 1]]
            taken.append((found.told[pairs[:, 0]], chosen, known))
            count -= len(pairs)
        told, rows, members = (np.concatenate(parts) for parts in zip(*taken, strict=True))
        return told, rows, members

    def _search(self, site: int) -> _Found:
        told, tried = self._draw(self._told, TOLD), self._draw(self._every, SEARCHED)
        activity, squares = self._activity[site], self._squares[site]
        inside = _within(activity[told], activity[tried], squares[tried], self._radius)
        ball, member = np.nonzero(inside)
        size = np.bincount(ball, minlength=TOLD)
        # members of like balls are the same random inputs: of each, others are taken
        start = np.cumsum(size) - size + (self._rng.random(TOLD) * size).astype(np.int64)
        column = (np.arange(len(ball)) - start[ball]) % size[ball]
        members = np.full((TOLD, KNOWN), -1)
        known = column < KNOWN
        members[ball[known], column[known]] = tried[member[known]]
        members[size == 0, 0] = told[size == 0]
        size = np.clip(size, 1, KNOWN)
        chosen = (self._rng.random((TOLD, EACH)) * size[:, None]).astype(np.int64)
        pairs = np.stack([np.repeat(np.arange(TOLD), EACH), chosen.ravel()], axis=1)
        return _Found(told, members, self._rng.permutation(pairs))

    def _shares(
        self, rows: Rows, members: Rows, sites: Rows, told: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        strings = self._strings[rows]
        pair, column = np.nonzero(members >= 0)
        drawn = self._strings[members[pair, column]]
        early = continuations(strings, pair, drawn, None, self._vocabulary)
        alike = [self._members_alike(*of) for of in zip(rows, sites, told, strict=True)]
        every = np.concatenate(alike)
        pair = np.repeat(np.arange(len(rows)), [len(found) for found in alike])
        weight = self._weight[every]
        late = continuations(strings, pair, self._strings[every], weight, self._vocabulary)
        step = np.arange(strings.shape[1])
        exact = (step >= self._alike.shared[rows, None]) & late.any(axis=2)
        shares = np.where(exact[:, :, None], late, early)
        shares /= shares.sum(axis=2, keepdims=True)
        ended = np.zeros(strings.shape, bool)
        ended[:, 1:] = strings[:, :-1] == self._vocabulary - 1
        shares[ended] = 0
        return shares.astype(np.float32)

    def _members_alike(self, row: int, site: int, told: NDArray[np.float32]) -> Rows:
        """The inputs of a ball that begin as one does; all that do, where nothing is told."""
        first, end = self._alike.first[row], self._alike.end[row]
        if site == len(self._activity):
            return np.arange(first, end)
        activity, squares = self._activity[site][first:end], self._squares[site][first:end]
        query = told[None, : activity.shape[1]]
        return first + np.flatnonzero(_within(query, activity, squares, self._radius)[0])

    def _draw(self, cumulative: NDArray[np.float64], count: int) -> Rows:
        at = self._rng.random(count) * cumulative[-1]
        rows = np.searchsorted(cumulative, at, side="right")
        return np.minimum(rows, len(cumulative) - 1)


def _within(
    queries: Activity, activity: Activity, squares: Activity, radius: float
) -> NDArray[np.bool_]:
    """(query, input) whether the euclidean distance is at most ``radius``: no more is asked here,
    in single precision, than which side of an edge an input lies on; ``squares`` (input,) are the
    squared lengths of ``activity``."""
    own = np.einsum("nd,nd->n", queries, queries)
    return 2 * queries @ activity.T >= (1 - radius**2) * own[:, None] + squares
