"""Intervals and the claims ledger."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from chunkscope.statistics import (
    Claim,
    Interval,
    judge,
    mean_interval,
    paired_difference,
    pairwise_interval,
    partner_interval,
    ratio_interval,
    seen_in_none,
    summarise,
    write_claims,
)
from chunkscope.statistics.claims import COLUMNS, VERDICTS


def test_no_value_is_not_estimable():
    for values in ([], [np.nan], [np.nan, np.inf]):
        interval = mean_interval(values)
        assert interval.n == 0
        assert np.isnan([interval.mean, interval.low, interval.high]).all()


def test_one_value_has_a_mean_and_no_interval():
    interval = mean_interval([0.3])
    assert (interval.mean, interval.n) == (0.3, 1)
    assert np.isnan([interval.low, interval.high]).all()


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -1e9])
def test_equal_values_have_an_interval_of_no_width(value):
    interval = mean_interval([value] * 7)
    assert interval.low == interval.mean == interval.high == pytest.approx(value)
    assert interval.n == 7


def test_values_that_are_not_estimable_are_left_out():
    values = [0.2, np.nan, 0.4, 0.9, np.nan]
    assert mean_interval(values) == mean_interval([0.2, 0.4, 0.9])


@pytest.mark.parametrize("values", [[0.0, 1.0], [1.0, 1.0, 1.0, 0.0], [5.0, 5.0, 5.0, 5.0, 6.0]])
def test_nearly_degenerate_values_still_have_an_interval(values):
    interval = mean_interval(values)
    assert interval.low < interval.mean < interval.high


def test_the_interval_moves_and_scales_with_the_values():
    values = np.random.default_rng(0).exponential(size=20)
    base, moved = mean_interval(values), mean_interval(10 * values - 3)
    np.testing.assert_allclose([moved.low, moved.high], [10 * base.low - 3, 10 * base.high - 3])
    assert base.high - base.mean == pytest.approx(base.mean - base.low)


def test_the_interval_is_student_s():
    values = [0.8, 0.9, 1.0, 0.7]
    half = 3.182446305 * np.std(values, ddof=1) / 2  # the 97.5 % quantile at 3 degrees of freedom
    interval = mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx((0.85 - half, 0.85 + half))


def test_a_large_sample_has_the_interval_of_the_normal_law():
    values = np.random.default_rng(0).normal(2, 3, size=2000)
    interval = mean_interval(values)
    half = NormalDist().inv_cdf(0.975) * values.std(ddof=1) / np.sqrt(2000)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.02 * 3)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.02 * 3)


@pytest.mark.parametrize("n", [5, 10, 40])
def test_ninety_five_of_a_hundred_intervals_hold_the_mean(n):
    rng = np.random.default_rng(0)
    held = [
        interval.low <= 5 <= interval.high
        for interval in (mean_interval(rng.normal(5, 2, size=n)) for _ in range(2000))
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_pairs_remove_what_they_share():
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 10, size=12)
    first, second = shared + 1 + 0.1 * rng.normal(size=12), shared
    difference = paired_difference(first, second)
    assert difference.mean == pytest.approx(1, abs=0.1)
    assert difference.low > 0.9
    loose = mean_interval(first)
    assert loose.high - loose.low > 5
    swapped = paired_difference(second, first)
    assert swapped.mean == pytest.approx(-difference.mean)


def test_a_pair_with_a_missing_half_is_left_out():
    assert paired_difference([1, np.nan, 3, 4], [0, 1, np.nan, 2]).n == 2


def test_values_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match=r"got \(2,\) and \(3,\)"):
        paired_difference([1, 2], [1, 2, 3])


def test_means_with_partners_have_the_interval_of_their_pairs():
    values = np.random.default_rng(3).normal(size=(6, 6))
    pairs = {(i, j): values[i, j] for i in range(6) for j in range(i)}
    means = [np.mean([v for pair, v in pairs.items() if unit in pair]) for unit in range(6)]
    by_pair, by_unit = pairwise_interval(pairs), partner_interval(means)
    assert [by_unit.mean, by_unit.low, by_unit.high] == pytest.approx(
        [by_pair.mean, by_pair.low, by_pair.high]
    )
    alone = mean_interval(means)  # twice too narrow: every value counts in two means
    assert by_unit.high - by_unit.low > 2 * (alone.high - alone.low)


def test_one_pair_has_no_interval():
    both = partner_interval([0.4, 0.4, np.nan])  # the one agreement of two units
    assert (both.mean, both.n) == (0.4, 2)
    assert np.isnan([both.low, both.high]).all()


def test_a_summary_keeps_the_order_of_appearance():
    table = pd.DataFrame(
        {
            "row": ["b", "b", "a", "b", "a"],
            "measure": ["x", "x", "x", "y", "x"],
            "value": [1.0, 3.0, np.nan, 7.0, 5.0],
        }
    )
    found = summarise(table, ["row", "measure"])
    assert list(found.columns) == ["row", "measure", "mean", "ci_low", "ci_high", "n"]
    assert found[["row", "measure", "mean", "n"]].values.tolist() == [
        ["b", "x", 2.0, 2],
        ["a", "x", 5.0, 1],
        ["b", "y", 7.0, 1],
    ]
    assert summarise(table, ["row"])["n"].tolist() == [3, 1]
    assert summarise(table.iloc[:0], ["row"]).empty


def test_the_verdicts():
    value, none = Interval(0.9, 0.8, 1.0, 5), mean_interval([])
    assert judge(value, reproduced=True, direction=True) == "reproduced"
    assert judge(value, reproduced=False, direction=True) == "direction only"
    assert judge(value, reproduced=False, direction=False) == "not reproduced"
    assert judge(none, reproduced=True, direction=True) == "not estimable"
    assert VERDICTS == ("reproduced", "direction only", "not reproduced", "not estimable")


def test_the_ledger_has_its_columns_and_empty_cells_for_what_is_not_estimable(tmp_path):
    common = {
        "study": "chunks",
        "paper": "arXiv 0000.00000",
        "statement": "States, and commas, are kept",
        "published": "0.92",
        "published_source": "a notebook",
        "control": "0.1",
        "rule": "above .9",
    }
    claims = [
        Claim(id="a", value=Interval(0.95, 0.9, 1.0, 20), verdict="reproduced", **common),
        Claim(id="b", value=mean_interval([]), verdict="not estimable", **common),
    ]
    write_claims(claims, tmp_path / "claims.csv")
    table = pd.read_csv(tmp_path / "claims.csv")
    assert tuple(table.columns) == COLUMNS
    first, second = table.to_dict("records")
    assert (first["value"], first["ci_low"], first["ci_high"], first["n"]) == (0.95, 0.9, 1, 20)
    assert first["statement"] == common["statement"]
    assert np.isnan(second["value"])
    assert second["n"] == 0
    write_claims([], tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_the_ratio_of_proportional_values_is_sure() -> None:
    top, bottom = np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 6, 8])
    exact = ratio_interval(top, bottom)
    assert (exact.mean, exact.low, exact.high, exact.n) == pytest.approx((0.5, 0.5, 0.5, 4))
    assert ratio_interval(top, bottom[::-1]).low < 0.5
    assert np.isnan(ratio_interval(top, 0 * bottom).mean)
    assert ratio_interval([1.0, np.nan], [2.0, 2.0]).n == 1


def test_the_interval_of_a_ratio_holds_its_level() -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        bottom = rng.gamma(4, size=60)
        top = 0.3 * bottom + rng.normal(0, 0.5, 60)
        interval = ratio_interval(top, bottom)
        held += interval.low <= 0.3 <= interval.high
    assert 0.92 < held / 400 < 0.98


@pytest.mark.parametrize("units", [5, 64])
def test_what_was_never_seen_is_bounded(units: int) -> None:
    bound = seen_in_none(units)
    assert (1 - bound) ** units == pytest.approx(0.025)


def test_an_interval_without_bounds_is_written_as_its_mean() -> None:
    assert f"{Interval(0.5, 0.4, 0.6, 5):.2f}" == "0.50 [0.40, 0.60]"
    assert f"{Interval(0.5, float('nan'), float('nan'), 2):.2f}" == "0.50"
