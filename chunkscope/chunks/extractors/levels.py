"""The optimum of one-dimensional k-means, for many units at once.

In one dimension clusters are runs of the sorted values, so the best ones can be found exactly, by
dynamic programming over where each run ends (Wang & Song 2011). The best last run of a longer
stretch never begins before that of a shorter one, so the middle stretch is solved first and halves
what is left to try for the others: ``O(levels x rows log rows)`` for a unit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ExtractionError

Integers = NDArray[np.int64]
Values = NDArray[np.float64]

MOST_LEVELS = 100  # a level must fit into one byte of a string
SAME = 1e-9  # centres nearer than this share of a unit's range are one level
BLOCK = 100_000  # values of all units solved at once, which stay in the cache


def level_centres(rows: NDArray[np.floating], levels: int) -> Values:
    """The ``levels`` centres of every unit that lie nearest to its values (least squares).

    Units are cut independently, so that those of many networks can stand side by side.

    Args:
        rows: (row, unit).

    Returns:
        (unit, level), ascending; a unit with fewer distinct values than levels has just these,
        and NaN behind them.

    Raises:
        ExtractionError: there are more levels than rows, or than a string can tell apart.
    """
    if not 1 <= levels <= min(len(rows), MOST_LEVELS):
        raise ExtractionError(
            f"levels: got {levels} for {len(rows)} rows; must be from 1 to the number of rows, and "
            f"at most {MOST_LEVELS}; ask for fewer levels or record more"
        )
    units = max(1, BLOCK // len(rows))
    blocks = [rows[:, at : at + units] for at in range(0, rows.shape[1], units)]
    return np.concatenate([_centres(block, levels) for block in blocks])


def cut_levels(rows: NDArray[np.floating], centres: Values) -> NDArray[np.uint8]:
    """(row, unit) the level of every value: the nearest of its unit's ``centres (unit, level)``."""
    found = np.zeros(rows.shape, dtype=np.uint8)
    for border in ((centres[:, :-1] + centres[:, 1:]) / 2).T:
        found += rows > border  # false behind the last level, where the border is NaN
    return found


def _centres(rows: NDArray[np.floating], levels: int) -> Values:
    values = np.sort(rows.T.astype(np.float64), axis=1)
    lowest, range_ = values[:, :1], values[:, -1:] - values[:, :1]
    centres = lowest + _Runs(values - lowest).best_means(levels)
    repeated = np.diff(centres, axis=1) <= SAME * range_
    centres[:, 1:][repeated] = np.nan
    return np.sort(centres, axis=1)  # NaN goes to the end


class _Runs:
    """Runs of sorted values ``(unit, row)``, and what each costs as one level.

    Positions are flat: position ``end`` of a unit stands at ``origin[unit] + end``.
    """

    def __init__(self, values: Values) -> None:
        self.units, self.rows = values.shape
        padded = np.pad(values, ((0, 0), (1, 0)))
        self.sums = padded.cumsum(axis=1).ravel()
        self.origin = np.arange(self.units)[:, None] * (self.rows + 1)

    def cost(self, first: Integers, end: Integers) -> Values:
        """Squared distance of the values from ``first`` to before ``end`` from their mean, but for
        the sum of their squares, which is the same however they are cut."""
        total = self.sums[end] - self.sums[first]
        return -total * total / (end - first)

    def best_means(self, levels: int) -> Values:
        """(unit, level) the means of the runs that cost least together."""
        least = self.cost(self.origin, self.origin + np.arange(1, self.rows + 1))
        least = np.pad(least, ((0, 0), (1, 0)), constant_values=np.inf)
        begins = []
        for level in range(1, levels):
            least, begin = self._add_level(least, level, last=level == levels - 1)
            begins.append(begin)
        ends = [np.full((self.units, 1), self.rows)]
        for begin in reversed(begins):
            ends.append(np.take_along_axis(begin, ends[-1], axis=1))
        borders = self.origin + np.hstack([np.zeros_like(ends[0]), *ends[::-1]])
        return np.diff(self.sums[borders], axis=1) / np.diff(borders, axis=1)

    def _add_level(self, least: Values, levels: int, last: bool) -> tuple[Values, Integers]:
        """One level more than the ``levels`` of ``least (unit, end)``.

        Returns:
            The least cost of the values before each end, and where their last run begins. Of the
            last level only that of all values is needed, and found.
        """
        best = np.full_like(least, np.inf)
        begin = np.full((self.units, self.rows + 2), self.rows)  # none begins behind this
        begin[:, levels] = levels
        whole = np.array([[self.rows], [levels], [self.rows + 1]])
        for middle, low, high in [whole] if last else _brackets(levels, self.rows + 1):
            final = np.minimum(begin[:, high], middle - 1)
            best[:, middle], begin[:, middle] = self._solve(least, middle, begin[:, low], final)
        return best, begin

    def _solve(
        self, least: Values, ends: Integers, first: Integers, final: Integers
    ) -> tuple[Values, Integers]:
        """The least cost at each of ``ends (end,)`` and where its last run begins.

        Args:
            first, final: (unit, end) between which it begins, both inclusive.
        """
        tries = (final - first + 1).ravel()
        starts = np.cumsum(tries) - tries
        at = np.arange(tries.sum()) + np.repeat((self.origin + first).ravel() - starts, tries)
        costs = least.ravel()[at] + self.cost(at, np.repeat((self.origin + ends).ravel(), tries))
        lowest = np.minimum.reduceat(costs, starts)
        at[costs > np.repeat(lowest, tries)] = least.size
        begin = np.minimum.reduceat(at, starts).reshape(first.shape) - self.origin
        return lowest.reshape(first.shape), begin


def _brackets(low: int, high: int) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Every whole number between ``low`` and ``high``, each once its two neighbours are known.

    Yields:
        Numbers, and the nearest ones below and above each that came before.
    """
    known = np.array([low, high])
    while (wide := np.diff(known) > 1).any():
        below, above = known[:-1][wide], known[1:][wide]
        middle = (below + above) // 2
        yield middle, below, above
        known = np.sort(np.concatenate([known, middle]))
