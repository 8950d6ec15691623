"""A value against a permutation null, and several such tests at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-12  # equal values may differ by this much and still count as ties


@dataclass(frozen=True)
class AgainstNull:
    """A value beside what it would be by chance; NaN where that cannot be estimated.

    Attributes:
        value: as observed.
        null_mean: mean over permutations.
        z: (value - null_mean) / the permutations' standard deviation; NaN if they do not vary.
        p: one-sided, (1 + permutations at least as large) / (1 + permutations), which is never 0
            and holds its level exactly (Phipson & Smyth 2010).
    """

    value: float
    null_mean: float
    z: float
    p: float


def against_null(value: float, null: ArrayLike) -> AgainstNull:
    """``value`` beside ``null (permutation,)``; without a finite value or null there is no test."""
    drawn = np.asarray(null, dtype=np.float64)
    if not (np.isfinite(value) and drawn.size and np.isfinite(drawn).all()):
        return AgainstNull(float(value), float("nan"), float("nan"), float("nan"))
    mean, spread = float(drawn.mean()), float(drawn.std())
    z = (value - mean) / spread if spread > ROUNDING else float("nan")
    larger = int((drawn >= value - ROUNDING).sum())
    return AgainstNull(float(value), mean, float(z), (1 + larger) / (1 + drawn.size))


def sign_flip_p(differences: ArrayLike) -> float:
    """One-sided p that paired ``differences (pair,)`` lie above 0, by the signs they might have.

    All of them where there are up to 13 pairs, else 9,999 drawn ones; of n pairs it is at least
    2^-n. NaN of differences do not count, and without two others there is no test.
    """
    from scipy.stats import permutation_test  # it takes a second, which few callers need

    known = np.asarray(differences, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2 or not known.any():
        return float("nan")
    rng = np.random.default_rng(0)
    found = permutation_test(
        (known,), np.mean, permutation_type="samples", alternative="greater", rng=rng
    )
    return float(found.pvalue)


def family_wise(values: ArrayLike, null: ArrayLike) -> NDArray[np.float64]:
    """p of each of several tests that share their permutations, adjusted for their number.

    The share of permutations in which the largest of all z is at least this test's z (Westfall &
    Young 1993, single step), by the add-one rule. Unlike Holm's, it knows how the tests depend on
    each other, and its smallest value does not grow with their number. What is observed counts
    among the permutations in the mean and the spread behind z too: scaled by the permutations
    alone, statistics with a long tail would be rejected far too often.

    Args:
        values: (test,) as observed. null: (permutation, test).

    Returns:
        (test,) NaN where a value is missing or the permutations do not vary.
    """
    observed, drawn = np.asarray(values, dtype=np.float64), np.asarray(null, dtype=np.float64)
    if not drawn.size:
        return np.full(observed.shape, np.nan)
    pooled = np.concatenate([observed[None], drawn])
    # a spread of NaN is no test either; permutations that do not vary are none
    tests = (pooled.std(axis=0) > ROUNDING) & (drawn.std(axis=0) > ROUNDING)
    adjusted = np.full(observed.shape, np.nan)
    if tests.any():
        z = (pooled - pooled.mean(axis=0))[:, tests] / pooled.std(axis=0)[tests]
        larger = (z[1:].max(axis=1)[:, None] >= z[0] - ROUNDING).sum(axis=0)
        adjusted[tests] = (1 + larger) / (1 + len(drawn))
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """q of each test: the least false discovery rate at which it would be called.

    Benjamini & Hochberg (J. R. Stat. Soc. B 57, 1995): min over tests of at least this p of
    p tests / rank, which holds where tests are independent or positively dependent.

    Args:
        p: (test,) p-values; NaN for a test that could not be made, which does not count.

    Returns:
        (test,) between p and 1; NaN where p is.
    """
    values = np.asarray(p, dtype=np.float64)
    tests = np.flatnonzero(np.isfinite(values))
    order = tests[np.argsort(values[tests])]
    scaled = values[order] * len(tests) / np.arange(1, len(tests) + 1)
    q = np.full(values.shape, np.nan)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q
