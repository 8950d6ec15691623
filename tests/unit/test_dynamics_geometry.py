"""CKA and Procrustes: the naive formulas, invariances, and where they must differ."""

import numpy as np
import pytest
from dynamics_examples import noisy_networks, rotation
from scipy.linalg import orthogonal_procrustes

from chunkscope.dynamics.geometry import cka, debiased_cka, dissimilarity, procrustes
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError

AXES = ("trial", "time", "unit")
ALL = [cka, debiased_cka, procrustes]


def trials(values, ids=None):
    return Trials.of(values, AXES, ids)


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(6, 10, 5)) + 3
    return first, first @ rng.normal(size=(5, 7)) + rng.normal(size=(6, 10, 7))


def rows(values):
    flat = values.reshape(-1, values.shape[-1])
    return flat - flat.mean(0)


def naive_cka(first, second):
    n = first.shape[0] * first.shape[1]
    centre = np.eye(n) - 1 / n
    kernels = [x.reshape(n, -1) @ x.reshape(n, -1).T for x in (first, second)]
    k, other = (centre @ kernel @ centre for kernel in kernels)
    return np.trace(k @ other) / np.sqrt(np.trace(k @ k) * np.trace(other @ other))


def naive_hsic(x, y):
    """The U-statistic as written: kernels without their diagonals."""
    n = len(x)
    k, other = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(other, 0)
    ones = np.ones(n)
    total = ones @ k @ ones * (ones @ other @ ones) / ((n - 1) * (n - 2))
    return (np.trace(k @ other) + total - 2 / (n - 2) * ones @ k @ other @ ones) / (n * (n - 3))


def test_they_are_the_naive_formulas(pair):
    first, second = pair
    one, other = (trials(x) for x in pair)
    assert cka(one, other) == pytest.approx(naive_cka(first, second), abs=1e-10)
    x, y = (x.reshape(60, -1) for x in pair)  # not centred: the U-statistic does not mind
    expected = naive_hsic(x, y) / np.sqrt(naive_hsic(x, x) * naive_hsic(y, y))
    assert debiased_cka(one, other) == pytest.approx(expected, abs=1e-10)
    x, y = rows(first), rows(second)
    size = np.linalg.norm(x) * np.linalg.norm(y)
    padded = np.pad(x, ((0, 0), (0, 2)))
    assert procrustes(one, other) == pytest.approx(
        orthogonal_procrustes(padded, y)[1] / size, abs=1e-10
    )


@pytest.mark.parametrize("similarity", ALL)
def test_rotation_scale_and_offset_do_not_matter(pair, similarity):
    first, second = pair
    turned = 3 * first @ rotation(5, np.random.default_rng(1)) + 2
    assert similarity(trials(first), trials(turned)) == pytest.approx(1, abs=1e-12)
    straight = similarity(trials(first), trials(second))
    assert similarity(trials(turned), trials(second)) == pytest.approx(straight, abs=1e-10)
    assert straight < 0.99
    stretched = first * [1, 1, 1, 1, 9]
    assert similarity(trials(first), trials(stretched)) < 0.95


@pytest.mark.parametrize("similarity", ALL)
def test_the_order_of_time_does_not_matter_but_its_pairing_does(similarity):
    first, second = noisy_networks(systems=2, units=6, trials=8, steps=30)
    second = first @ np.random.default_rng(2).normal(size=(6, 6)) + 0.1 * second
    order = np.random.default_rng(3).permutation(30)
    straight = similarity(trials(first), trials(second))
    together = similarity(trials(first[:, order]), trials(second[:, order]))
    assert together == pytest.approx(straight, abs=1e-12)
    assert similarity(trials(first), trials(second[:, order])) < straight - 0.2


def test_many_units_seem_alike_unless_the_bias_is_taken_away():
    first, second = np.random.default_rng(4).normal(size=(2, 5, 10, 200))
    assert cka(trials(first), trials(second)) > 0.7
    assert abs(debiased_cka(trials(first), trials(second))) < 0.1


def test_dissimilarity_is_an_angle():
    assert dissimilarity(1 + 1e-15) == 0
    assert dissimilarity(np.cos(np.pi / 8)) == pytest.approx(0.25)
    assert dissimilarity(0) == 1
    assert dissimilarity(-0.05) > 1  # what is debiased may be less than nothing


@pytest.mark.parametrize("similarity", ALL)
def test_other_trials_are_refused(pair, similarity):
    first, second = pair
    one = trials(first, [f"a{i}" for i in range(6)])
    with pytest.raises(DynamicsError, match=r"5 in common.*record both on the same trials"):
        similarity(one, trials(second, ["b0", *(f"a{i}" for i in range(1, 6))]))
    with pytest.raises(DynamicsError, match="6 in common"):
        similarity(one, trials(second, [f"a{i}" for i in reversed(range(6))]))
    with pytest.raises(DynamicsError, match="6 of 10 steps and 6 of 9"):
        similarity(trials(first), trials(second[:, 1:]))


def test_too_few_rows_for_the_unbiased_estimate_are_refused():
    few = trials(np.random.default_rng(6).normal(size=(1, 3, 2)))
    with pytest.raises(DynamicsError, match="got 3 rows; must be at least 4"):
        debiased_cka(few, few)
