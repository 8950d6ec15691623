"""Rank correlation with level: against scipy, against loops, and where it cannot be estimated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from chunkscope.statistics.correlations import spearman

LEVELS = np.repeat([0, 5, 10, 15], 6)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def noisy(slope: float) -> np.ndarray:
    return slope * LEVELS + rng().normal(size=len(LEVELS)).round(1)  # rounded: some are tied


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.1])
def test_the_estimate_is_scipys(slope: float) -> None:
    found = spearman(LEVELS, noisy(slope), rng())
    assert found.mean == pytest.approx(spearmanr(LEVELS, noisy(slope)).statistic)
    assert found.n == len(LEVELS)


def test_the_interval_is_that_of_a_loop_over_resamples_within_levels() -> None:
    values, draws, resampled = noisy(0.1), rng(), []
    order = {level: draws.integers(6, size=(500, 5)) for level in np.unique(LEVELS)}
    for at in range(500):
        index = np.concatenate(
            [np.flatnonzero(level == LEVELS)[picks[at]] for level, picks in order.items()]
        )
        resampled.append(spearmanr(LEVELS[index], values[index]).statistic)
    found = spearman(LEVELS, values, rng(), resamples=500)
    assert [found.low, found.high] == pytest.approx(np.quantile(resampled, [0.025, 0.975]))
    assert found.low < found.mean < found.high


def test_the_partial_correlation_is_that_of_the_residual_ranks() -> None:
    values, given = noisy(0.2), noisy(0.1)[::-1]
    ranks = [rankdata(part) for part in (LEVELS, values, given)]
    design = np.stack([np.ones(len(LEVELS)), ranks[2]], axis=1)
    residuals = [rank - design @ np.linalg.lstsq(design, rank, rcond=None)[0] for rank in ranks[:2]]
    found = spearman(LEVELS, values, rng(), given)
    assert found.mean == pytest.approx(np.corrcoef(*residuals)[0, 1])
    assert found.mean != pytest.approx(spearman(LEVELS, values, rng()).mean, abs=0.01)


def test_what_level_does_through_another_variable_alone_is_gone_given_it() -> None:
    levels = np.repeat(np.arange(8), 200)
    draws = np.random.default_rng(0)
    given = levels + draws.normal(size=len(levels))
    values = given + draws.normal(size=len(levels))
    assert spearman(levels, values, rng(), resamples=100).mean > 0.7
    assert abs(spearman(levels, values, rng(), given, resamples=100).mean) < 0.08


def test_units_without_a_value_are_left_out() -> None:
    values = noisy(0.3)
    values[[3, 11]] = np.nan
    kept = np.isfinite(values)
    found = spearman(LEVELS, values, rng())
    assert found == spearman(LEVELS[kept], values[kept], rng())
    assert found.n == len(LEVELS) - 2


@pytest.mark.parametrize(
    ("levels", "values"), [(LEVELS, np.ones(24)), (np.zeros(24), noisy(1.0)), ([0, 1], [1, 2])]
)
def test_what_does_not_vary_has_no_correlation(levels: np.ndarray, values: np.ndarray) -> None:
    found = spearman(levels, values, rng())
    assert np.isnan([found.mean, found.low, found.high]).all()


def test_one_odd_unit_is_no_correlation() -> None:
    """Most resamples do not hold it, and then nothing varies."""
    values = np.ones(len(LEVELS))
    values[1] = 0
    found = spearman(LEVELS, values, rng())
    assert found.mean > 0
    assert found.low == 0


def test_the_interval_covers_the_correlation_of_small_levels() -> None:
    levels, draws = np.repeat(np.arange(4), 5), np.random.default_rng(3)
    found = [spearman(levels, draws.normal(size=20), draws, resamples=200) for _ in range(400)]
    covered = np.mean([interval.low <= 0 <= interval.high for interval in found])
    assert covered > 0.9


def test_single_units_at_their_levels_have_no_interval() -> None:
    found = spearman(range(8), rng().normal(size=8), rng())
    assert np.isfinite(found.mean)
    assert np.isnan([found.low, found.high]).all()


def test_nothing_is_left_of_a_level_that_is_given() -> None:
    assert np.isnan(spearman(LEVELS, noisy(1.0), rng(), 3.0 * LEVELS).mean)


def test_what_is_given_but_does_not_vary_changes_nothing() -> None:
    values = noisy(0.1)
    assert spearman(LEVELS, values, rng(), np.ones(24)) == spearman(LEVELS, values, rng())
