"""Means with 95 % intervals over independent units (seeds, unless a table says otherwise)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

RESAMPLES = 5000


@dataclass(frozen=True)
class Interval:
    """A mean with its interval; NaN where it cannot be estimated (no finite value).

    Attributes:
        mean: of the finite values.
        low, high: 95 % bias-corrected and accelerated bootstrap interval (Efron 1987); equal to
            the mean where all values are equal, NaN with fewer than two values.
        n: finite values.
    """

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: ArrayLike, seed: int = 0) -> Interval:
    """The mean of ``values`` (one per independent unit; NaN: not estimable) with its interval."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    mean = float(finite.mean())
    if finite.size == 1:
        return Interval(mean, float("nan"), float("nan"), 1)
    if np.ptp(finite) <= 1e-12 * max(1.0, abs(mean)):
        return Interval(mean, mean, mean, finite.size)
    low, high = _bootstrap(finite, seed)
    return Interval(mean, low, high, finite.size)


def paired_difference(first: ArrayLike, second: ArrayLike, seed: int = 0) -> Interval:
    """The mean of ``first - second``, paired by position (same seed, same place)."""
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"paired values must match: got {first.shape} and {second.shape}")
    return mean_interval(first - second, seed)


def summarise(
    table: pd.DataFrame, by: Sequence[str], value: str = "value", seed: int = 0
) -> pd.DataFrame:
    """``mean, ci_low, ci_high, n`` of ``value`` within each group, in order of appearance."""
    rows = []
    for key, group in table.groupby(list(by), sort=False, dropna=False):
        interval = mean_interval(group[value], seed)
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


def _bootstrap(values: np.ndarray, seed: int) -> tuple[float, float]:
    with warnings.catch_warnings():
        # a degenerate resampling distribution is handled by the percentile interval below
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            (values,), np.mean, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(seed)
        )
    low, high = result.confidence_interval
    if not np.isfinite([low, high]).all():
        low, high = np.quantile(result.bootstrap_distribution, [0.025, 0.975])
    return float(low), float(high)
