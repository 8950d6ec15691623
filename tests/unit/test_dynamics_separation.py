"""Distances within and across groups: planted groups, chance, and the bootstrap's pairs."""

import numpy as np
import pytest

from chunkscope.dynamics.separation import separation
from chunkscope.errors import DynamicsError


def matrix(values):
    return np.abs(values[:, None] - values[None])


def test_planted_groups_are_found():
    values = np.array([0.0, 1, 2, 10, 11, 12])
    found = separation(matrix(values), "aaabbb", np.random.default_rng(0))
    assert found.within == pytest.approx(8 / 6)
    assert found.across == pytest.approx(10)
    assert found.auc == 1
    assert found.p == pytest.approx(1 / 10, abs=0.03)  # 20 ways to deal them, two as good
    assert found.low > 6


def test_without_groups_nothing_is_found():
    p, covered = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = separation(matrix(rng.normal(size=12)), [0, 1, 2] * 4, rng, draws=200)
        p.append(found.p)
        covered.append(found.low <= 0 <= found.high)
    assert 0.35 < np.mean(p) < 0.65
    assert np.mean(np.array(p) < 0.1) < 0.2
    assert np.mean(covered) > 0.8


def test_ties_count_half():
    distances = np.ones((4, 4)) - np.eye(4)
    assert separation(distances, "aabb", np.random.default_rng(0)).auc == 0.5


def test_a_system_drawn_twice_is_no_pair():
    """Else the zeros of the diagonal would pull distances within towards 0."""
    distances = 3.0 * (1 - np.eye(6))
    found = separation(distances, "aaabbb", np.random.default_rng(0))
    assert (found.low, found.high) == (0, 0)


@pytest.mark.parametrize("groups", ["abcdef", "aaaaaa"])
def test_groups_that_have_no_pairs_are_refused(groups):
    with pytest.raises(DynamicsError, match="two of them"):
        separation(matrix(np.arange(6.0)), groups, np.random.default_rng(0))


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(DynamicsError, match="got 5 for distances"):
        separation(matrix(np.arange(6.0)), "aaabb", np.random.default_rng(0))
