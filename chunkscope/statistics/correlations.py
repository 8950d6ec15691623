"""Rank correlation with a bootstrap interval, over units that were made at chosen levels.

The levels are set by design (so many networks at each), so that the bootstrap draws units anew
within every level and never draws the levels: one fewer than a level has, since as many would
spread too little, by (n - 1) / n, where levels are small (Rao & Wu, JASA 83, 231, 1988). At five
units in each of four levels the interval holds 91-92 % for a bootstrap's 88-89 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from chunkscope.statistics.intervals import Interval

Values = NDArray[np.float64]


def spearman(
    levels: ArrayLike,
    values: ArrayLike,
    rng: np.random.Generator,
    given: ArrayLike | None = None,
    resamples: int = 2000,
) -> Interval:
    """Spearman's rank correlation of ``values`` with ``levels``, with its 95 % interval.

    Args:
        levels: (unit,) the level of each unit.
        values: (unit,) what was measured of it; units with NaN are left out.
        rng: draws the resamples.
        given: (unit,) what is held fixed: the correlation is then the partial one of the ranks.
        resamples: how often units are drawn anew, with replacement, within their level. One in
            which nothing varies counts as a correlation of 0.

    Returns:
        The correlation as ``mean``, the 2.5 % and 97.5 % quantiles of its resamples, and the
        number of units. All NaN where it cannot be estimated: fewer than three units, one level,
        values that are all equal, or nothing left of either beside ``given``. The quantiles alone
        are NaN where no level has a second unit that could be drawn.
    """
    columns = [np.asarray(part, dtype=np.float64) for part in (levels, values)]
    columns += [] if given is None else [np.asarray(given, dtype=np.float64)]
    table = np.stack(columns)
    table = table[:, np.isfinite(table).all(axis=0)]
    n = table.shape[1]
    estimate = float(_rank_correlation(table[:, None])[0]) if n >= 3 else float("nan")
    if not np.isfinite(estimate):
        return Interval(float("nan"), float("nan"), float("nan"), n)
    if len(np.unique(table[0])) == n:
        return Interval(estimate, float("nan"), float("nan"), n)
    drawn = _rank_correlation(table[:, _within(table[0], rng, resamples)])
    low, high = np.quantile(np.nan_to_num(drawn), [0.025, 0.975])
    return Interval(estimate, float(low), float(high), n)


def _within(levels: Values, rng: np.random.Generator, resamples: int) -> NDArray[np.int64]:
    """(resample, unit) indices drawn with replacement, level by level one fewer than it has."""
    drawn = []
    for level in np.unique(levels):
        units = np.flatnonzero(levels == level)
        size = resamples, max(1, len(units) - 1)
        drawn.append(units[rng.integers(len(units), size=size)])
    return np.concatenate(drawn, axis=1)


def _rank_correlation(table: Values) -> Values:
    """(resample,) of ``table (2 or 3 variables, resample, unit)``; NaN where one does not vary."""
    ranks = rankdata(table, axis=-1)
    ranks -= ranks.mean(axis=-1, keepdims=True)
    first, second, *given = ranks
    if given:
        first, second = (_residual(part, given[0]) for part in (first, second))
    products = (first * second).sum(axis=-1)
    scale = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    return np.divide(products, scale, out=np.full_like(scale, np.nan), where=scale > 1e-9)


def _residual(ranks: Values, given: Values) -> Values:
    """What a straight line in the ranks of ``given`` leaves of ``ranks``."""
    spread = (given**2).sum(axis=-1, keepdims=True)
    slope = np.divide(
        (ranks * given).sum(axis=-1, keepdims=True), spread, out=0 * spread, where=spread > 0
    )
    return ranks - slope * given
