"""p-values of permutations hold their level, alone and in families."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from chunkscope.statistics.permutation import (
    against_null,
    benjamini_hochberg,
    family_wise,
    sign_flip_p,
)


def test_by_hand():
    found = against_null(3.0, [1.0, 2.0, 3.0, 4.0])
    assert found.null_mean == 2.5
    assert found.p == (1 + 2) / (1 + 4)
    assert found.z == pytest.approx(0.5 / np.std([1, 2, 3, 4]))
    assert against_null(9.0, [1.0, 2.0]).p == 1 / 3  # never 0


def test_what_cannot_be_tested():
    assert np.isnan(against_null(1.0, []).p)
    assert np.isnan(against_null(float("nan"), [1.0, 2.0]).p)
    constant = against_null(1.0, [1.0, 1.0])
    assert np.isnan(constant.z)
    assert constant.p == 1
    assert np.isnan(family_wise([1.0, 2.0], np.empty((0, 2)))).all()


def test_of_one_test_a_family_is_the_test():
    rng = np.random.default_rng(0)
    null = rng.normal(size=(99, 1))
    for value in (-1.0, 0.5, 2.0, 5.0):
        assert family_wise([value], null)[0] == against_null(value, null[:, 0]).p


def test_the_family_is_judged_by_its_largest():
    rng = np.random.default_rng(0)
    null = rng.normal(size=(999, 40)) * np.arange(1, 41)  # z makes the tests alike
    found = family_wise(null.std(axis=0) * np.where(np.arange(40) == 7, 6.0, 2.0), null)
    assert found[7] == 1 / 1000
    assert (np.delete(found, 7) > 0.3).all()  # each alone has p near .02
    assert against_null(2.0, null[:, 0]).p < 0.05
    copies = np.repeat(null[:, :1], 40, axis=1)  # forty times the same test are one
    assert family_wise(np.full(40, 2.0), copies)[0] == against_null(2.0, null[:, 0]).p


@pytest.mark.parametrize("tests", [10, 300])
@pytest.mark.parametrize("power", [1, 4])
def test_a_family_without_effects_is_rejected_at_the_level(power: int, tests: int):
    """However long the tail: with the fourth power of a normal, and many tests, too."""
    rng = np.random.default_rng(0)
    rejected = []
    for _ in range(300):
        draw = np.abs(rng.normal(size=(200, tests))) ** power
        rejected.append((family_wise(draw[0], draw[1:]) <= 0.05).any())
    assert np.mean(rejected) < 0.08


def test_tests_without_a_value_or_spread_are_left_out():
    null = np.random.default_rng(0).normal(size=(99, 3))
    null[:, 1] = 4.0
    found = family_wise([9.0, 9.0, float("nan")], null)
    assert np.isfinite(found).tolist() == [True, False, False]


def test_q_values_are_those_of_scipy_and_by_hand():
    np.testing.assert_allclose(
        benjamini_hochberg([0.01, 0.02, 0.03, 0.5]), [0.04, 0.04, 0.04, 0.5], rtol=1e-12
    )
    p = np.random.default_rng(0).random(50).round(1)  # ties, and ones
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-12)
    assert benjamini_hochberg([]).size == 0


def test_tests_that_were_not_made_do_not_count():
    found = benjamini_hochberg([0.04, np.nan, 0.01])
    np.testing.assert_allclose(found, [0.04, np.nan, 0.02])


def test_the_false_discovery_rate_is_held():
    rng = np.random.default_rng(0)
    share = []
    for _ in range(300):
        p = rng.random(60)
        p[:20] *= 1e-3  # true effects
        called = benjamini_hochberg(p) <= 0.2
        share.append(called[20:].sum() / max(called.sum(), 1))
    assert 0.1 < np.mean(share) < 0.16  # 0.2 x 40 / 60


def test_sign_flips_are_counted_by_hand():
    assert sign_flip_p([1, 2, 3, 4, 5]) == 1 / 32
    assert sign_flip_p([1, -2, 3, 4, 5]) == 3 / 32  # as it is, without -2, and without 1 as well
    assert sign_flip_p([-1, -2, -3]) == 1
    assert sign_flip_p([3, np.nan, 3]) == 1 / 4
    assert np.isnan(sign_flip_p([0.5, np.nan]))
    assert np.isnan(sign_flip_p([0.0, 0.0]))


def test_sign_flips_hold_their_level():
    rng = np.random.default_rng(0)
    called = [sign_flip_p(rng.normal(size=8)) <= 0.05 for _ in range(400)]
    assert np.mean(called) < 0.08
