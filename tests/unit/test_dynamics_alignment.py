"""The rotation between two operators: exact cases, brute force, derivatives, the reference."""

from itertools import combinations

import numpy as np
import pytest
import torch
from DSA import DMD
from DSA.simdist import SimilarityTransformDist
from dynamics_examples import noisy_networks, rotation

from chunkscope.dynamics.alignment import _loss, _retract, align
from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.settings import AlignmentSettings, DelaySettings
from chunkscope.dynamics.similarity import angles, distances
from chunkscope.dynamics.trials import Trials

SETTINGS = AlignmentSettings()


def angle(first, second, settings=SETTINGS):
    distance = align(first[None], second[None], settings).distance
    return float(2 * np.arcsin(min(1.0, distance[0] / 2)))


@pytest.mark.parametrize("n", [5, 10, 20, 50])
@pytest.mark.parametrize("determinant", [-1, 1])
@pytest.mark.parametrize("kind", ["general", "rotating", "slow"])
def test_conjugate_operators_are_alike(n, determinant, kind):
    rng = np.random.default_rng(n)
    operator = rng.normal(size=(n, n))
    if kind == "rotating":  # normal: the symmetric part has pairs of equal eigenvalues
        operator = rotation(n, rng)
    if kind == "slow":  # near the identity, as small steps of smooth dynamics are
        operator = np.eye(n) + 0.05 * operator
    turn = rotation(n, rng, determinant)
    assert np.isclose(np.linalg.det(turn), determinant)
    assert angle(operator, turn @ operator @ turn.T) < 1e-4


def test_the_best_rotation_of_the_plane_is_found():
    rng = np.random.default_rng(0)
    turns = np.linspace(0, 2 * np.pi, 20_001)
    cos, sin = np.cos(turns), np.sin(turns)
    proper = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    whole = np.concatenate([proper, proper * [1, -1]])  # both determinants
    for _ in range(20):
        a, b = (m / np.linalg.norm(m) for m in rng.normal(size=(2, 2, 2)))
        best = np.einsum("ij,nij->n", a, whole @ b @ whole.swapaxes(1, 2)).max()
        found = align(a[None], b[None], SETTINGS).agreement[0]
        assert found == pytest.approx(best, abs=1e-6)


def test_more_starts_find_nothing_better_where_operators_are_small():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 10, 4, 4))
    few = align(first, second, SETTINGS).agreement
    many = align(first, second, AlignmentSettings(restarts=40)).agreement
    assert (many >= few - 1e-9).all()
    assert (many - few).max() < 1e-6


def test_gradient_and_curvature_are_those_of_the_loss():
    rng = np.random.default_rng(2)
    a, b = (m / np.linalg.norm(m) for m in rng.normal(size=(2, 1, 6, 6)))
    c = rotation(6, rng)[None]
    _, gradient, curvature = _loss(a, b, c)
    small = 1e-4

    def at(size, i, j):
        step = np.zeros((1, 6, 6))
        step[0, i, j], step[0, j, i] = size, -size
        return _loss(a, b, _retract(c, step))[0][0]

    for i, j in combinations(range(6), 2):
        up, here, down = at(small, i, j), at(0.0, i, j), at(-small, i, j)
        assert gradient[0, i, j] == pytest.approx((up - down) / (2 * small), abs=1e-6)
        second = abs(up - 2 * here + down) / small**2
        assert curvature[0, i, j] == pytest.approx(max(second, 0.01 * curvature.max()), abs=1e-3)


def test_what_is_found_is_a_rotation_and_its_distance():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 3, 8, 8))
    kept = first.copy(), second.copy()
    found = align(first, second, SETTINGS)
    a, b = (m / np.linalg.norm(m, axis=(1, 2), keepdims=True) for m in kept)
    c, t = found.rotation, found.rotation.swapaxes(1, 2)
    np.testing.assert_allclose(c @ t, np.broadcast_to(np.eye(8), c.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(a - c @ b @ t, axis=(1, 2)), found.distance)
    np.testing.assert_allclose(found.distance**2, 2 - 2 * found.agreement, atol=1e-12)
    np.testing.assert_array_equal(first, kept[0])
    np.testing.assert_array_equal(second, kept[1])


def test_a_pair_does_not_depend_on_the_others():
    first, second = np.random.default_rng(4).normal(size=(2, 5, 10, 10))
    together = align(first, second, SETTINGS)
    alone = align(first[3:4], second[3:4], SETTINGS)
    np.testing.assert_array_equal(together.distance[3:4], alone.distance)
    again = align(first, second, SETTINGS)
    np.testing.assert_array_equal(together.rotation, again.rotation)


def test_which_of_two_is_called_the_first_makes_no_difference():
    """Not even where the search stops at a local maximum, as it does at this rank."""
    first, second = np.random.default_rng(5).normal(size=(2, 6, 20, 20))
    there, back = align(first, second, SETTINGS), align(second, first, SETTINGS)
    np.testing.assert_array_equal(there.distance, back.distance)
    np.testing.assert_array_equal(there.agreement, back.agreement)
    np.testing.assert_array_equal(there.rotation, back.rotation.swapaxes(1, 2))
    a, b = (m / np.linalg.norm(m, axis=(1, 2), keepdims=True) for m in (first, second))
    moved = there.rotation @ b @ there.rotation.swapaxes(1, 2)
    np.testing.assert_allclose((a * moved).sum((1, 2)), there.agreement)


def test_more_starts_find_little_that_is_better_of_networks():
    systems = [Trials.of(x, ("trial", "time", "unit")) for x in noisy_networks(steps=100)]
    operators = [fit_operator(x, DelaySettings(delays=3, rank=20)) for x in systems]
    excess = angles(operators) - angles(operators, settings=AlignmentSettings(restarts=60))
    assert excess.mean() < 0.0005
    assert excess.max() < 0.002


def test_operators_that_share_no_dynamics_are_far_apart():
    decaying, growing = np.eye(4), -np.eye(4)
    assert angle(decaying, growing) == pytest.approx(np.pi)


@pytest.fixture(scope="module")
def eight():
    """The operators of eight systems of 20 units, ours and the reference's, at rank 50."""
    systems = noisy_networks()
    settings = DelaySettings(delays=10, rank=50, centred=False)
    ours = [fit_operator(Trials.of(x, ("trial", "time", "unit")), settings) for x in systems]
    theirs = []
    for system in systems:
        model = DMD(system, n_delays=10, rank=50, lamb=1e-8)
        model.fit()
        theirs.append(model.A_v)
    return ours, theirs


def test_angles_are_at_most_those_of_the_reference(eight):
    """On each of 28 pairs at rank 50, whose 1,500 steps of Adam take about a minute in all."""
    ours, theirs = eight
    found = angles(ours)
    for angle, (i, j) in zip(found, combinations(range(8), 2), strict=True):
        torch.manual_seed(0)
        reference = SimilarityTransformDist(iters=1500, lr=5e-3, score_method="angular")
        assert angle <= reference.fit_score(theirs[i], theirs[j]) + 0.002
    assert found.min() > 0.05
    np.testing.assert_allclose(distances(ours), 2 * np.sin(found / 2))


def test_a_system_is_like_itself(eight):
    ours, _ = eight
    assert angle(ours[0].matrix, ours[0].matrix) < 1e-4
