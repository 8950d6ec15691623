"""Means with 95 % intervals over independent units (seeds, unless a table says otherwise)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtrit


@dataclass(frozen=True)
class Interval:
    """A mean with its interval; NaN where it cannot be estimated (no finite value).

    Attributes:
        mean: of the finite values.
        low, high: 95 % Student t interval, which holds its level for as few units as seeds are
            (a bootstrap of ten covers 91 %); NaN with fewer than two values. It may pass the
            bounds of a measure.
        n: finite values.
    """

    mean: float
    low: float
    high: float
    n: int

    def __format__(self, spec: str) -> str:
        """Mean and bounds, each by ``spec``: ``f"{interval:.2f}"`` is ``0.50 [0.40, 0.60]``.

        The mean alone where no bounds can be estimated.
        """
        if not (np.isfinite(self.low) and np.isfinite(self.high)):
            return f"{self.mean:{spec}}"
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def mean_interval(values: ArrayLike) -> Interval:
    """The mean of ``values`` (one per independent unit; NaN: not estimable) with its interval."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    mean = float(finite.mean())
    if finite.size == 1:
        return Interval(mean, float("nan"), float("nan"), 1)
    if np.ptp(finite) == 0:  # rounding of the mean is no spread
        return Interval(mean, mean, mean, finite.size)
    half = _half_width(finite.size, float(finite.std(ddof=1)) / finite.size**0.5)
    return Interval(mean, mean - half, mean + half, finite.size)


def ratio_interval(top: ArrayLike, bottom: ArrayLike) -> Interval:
    """The ratio of two means over the same units, with its interval by the delta method.

    Args:
        top, bottom: (unit,) one of each per unit; units with NaN are left out.

    Returns:
        The mean of ``top`` over that of ``bottom``; all NaN where the latter is 0.
    """
    pairs = np.stack([np.asarray(part, dtype=np.float64) for part in (top, bottom)])
    above, below = pairs[:, np.isfinite(pairs).all(axis=0)]
    if not below.size or below.mean() == 0:
        return Interval(float("nan"), float("nan"), float("nan"), below.size)
    ratio = float(above.mean() / below.mean())
    apart = mean_interval((above - ratio * below) / below.mean())
    half = (apart.high - apart.low) / 2
    return Interval(ratio, ratio - half, ratio + half, apart.n)


def seen_in_none(units: int) -> float:
    """The largest probability of what was seen in none of so many units, with 95 % confidence.

    The exact bound of a binomial (Clopper and Pearson 1934), two-sided: 1 - .025^(1 / n).
    """
    return float(1 - 0.025 ** (1 / units)) if units else float("nan")


def pairwise_interval(values: Mapping[tuple[int, int], float]) -> Interval:
    """The mean over pairs of units, with an interval over the units.

    Pairs that share a unit are not independent: the spread is the jackknife's, which leaves one
    unit out with all its pairs (Arvesen 1969, on U-statistics), with Student's t of units - 1.

    Args:
        values: (first, second) -> value of this pair, finite, each pair once.

    Returns:
        The mean, its interval (NaN with fewer than three units) and ``n``, the number of units.
    """
    units = sorted({unit for pair in values for unit in pair})
    mean = float(np.mean(list(values.values()))) if values else float("nan")
    if len(units) < 3:
        return Interval(mean, float("nan"), float("nan"), len(units))
    left = [
        np.mean([value for pair, value in values.items() if unit not in pair]) for unit in units
    ]
    return jackknife(mean, np.array(left))


def partner_interval(values: ArrayLike) -> Interval:
    """:func:`pairwise_interval` of what is known by unit alone: its mean with all other units.

    Args:
        values: (unit,) the mean over all pairs that a unit is in. Of some of the units that were
            paired, the interval is wider than it need be.
    """
    means = np.asarray(values, dtype=np.float64)
    means = means[np.isfinite(means)]
    n, mean = len(means), mean_interval(means).mean
    if n < 3:
        return Interval(mean, float("nan"), float("nan"), n)
    return jackknife(mean, (n * mean - 2 * means) / (n - 2))  # a unit leaves with all its pairs


def jackknife(mean: float, left: ArrayLike) -> Interval:
    """The interval of a statistic from ``left (unit,)``, what it is without each unit.

    Student's t of units - 1; NaN where one of them cannot be estimated, or there are fewer than
    three.
    """
    left = np.asarray(left, dtype=np.float64)
    n = len(left)
    if n < 3 or not np.isfinite(left).all():
        return Interval(mean, float("nan"), float("nan"), n)
    error = np.sqrt((n - 1) / n * np.square(left - left.mean()).sum())
    half = _half_width(n, float(error))
    return Interval(mean, mean - half, mean + half, n)


def _half_width(n: int, error: float) -> float:
    """Student's t of n - 1, times the standard error; ``scipy.stats`` takes 30 times as long."""
    return float(stdtrit(n - 1, 0.975)) * error


def paired_difference(first: ArrayLike, second: ArrayLike) -> Interval:
    """The mean of ``first - second``, paired by position (same seed, same place)."""
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"paired values must match: got {first.shape} and {second.shape}")
    return mean_interval(first - second)


def summarise(
    table: pd.DataFrame,
    by: Sequence[str],
    value: str = "value",
    estimate: Callable[[pd.Series], Interval] = mean_interval,
) -> pd.DataFrame:
    """``mean, ci_low, ci_high, n`` of ``value`` within each group, in order of appearance."""
    rows = []
    for key, group in table.groupby(list(by), sort=False, dropna=False):
        interval = estimate(group[value])
        named = dict(zip(by, key, strict=True))
        rows.append(
            {
                **named,
                "mean": interval.mean,
                "ci_low": interval.low,
                "ci_high": interval.high,
                "n": interval.n,
            }
        )
    return pd.DataFrame(rows, columns=[*by, "mean", "ci_low", "ci_high", "n"])
