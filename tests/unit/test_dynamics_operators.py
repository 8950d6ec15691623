"""Delay embedding and its operator: closed forms, invariances, the reference implementation."""

import numpy as np
import ot
import pytest
from DSA import DMD
from dynamics_examples import noisy_networks, rotation
from scipy.optimize import linear_sum_assignment

from chunkscope.dynamics.embedding import embed
from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.similarity import angles, spectral_distances
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError

AXES = ("trial", "time", "unit")
SETTINGS = DelaySettings(delays=5, rank=12)


def trials(values):
    return Trials.of(values, AXES)


@pytest.fixture(scope="module")
def system():
    return noisy_networks(systems=1, units=8, trials=20, steps=100)[0]


def apart(first, second, settings=SETTINGS):
    return angles([fit_operator(trials(x), settings) for x in (first, second)])[0]


def farthest_eigenvalue(ours, theirs):
    """The largest distance of two eigenvalues under the best assignment."""
    between = np.abs(ours[:, None] - np.asarray(theirs))
    return between[linear_sum_assignment(between)].max()


def test_rows_hold_the_past_of_their_own_trial():
    values = np.random.default_rng(0).normal(size=(3, 12, 2))
    rows = embed(values, delays=4, interval=2)
    assert rows.shape == (3, 6, 8)
    for trial in range(3):
        for row in range(6):
            past = [values[trial, row + 6 - back] for back in (0, 2, 4, 6)]
            np.testing.assert_array_equal(rows[trial, row], np.concatenate(past))


def test_a_linear_system_is_known_exactly():
    rng = np.random.default_rng(1)
    turn = 0.98 * rotation(4, rng)
    state, states = rng.normal(size=(30, 4)), []
    for _ in range(25):
        states.append(state)
        state = state @ turn.T
    one = DelaySettings(delays=1, rank=4, centred=False, ridge=0)
    operator = fit_operator(trials(np.stack(states, 1)), one)
    assert farthest_eigenvalue(operator.eigenvalues, np.linalg.eigvals(turn)) < 1e-9
    foretold = operator.predict(np.stack(states, 1))
    np.testing.assert_allclose(foretold, np.stack(states[1:], 1), atol=1e-9)
    two = one.model_copy(update={"ahead": 2})
    ahead = fit_operator(trials(np.stack(states, 1)), two)
    assert farthest_eigenvalue(ahead.eigenvalues, np.linalg.eigvals(turn @ turn)) < 1e-9


@pytest.mark.parametrize(("delays", "interval", "rank"), [(5, 1, 12), (3, 4, 20), (1, 1, 8)])
def test_eigenvalues_are_those_of_the_reference(system, delays, interval, rank):
    settings = DelaySettings(delays=delays, interval=interval, rank=rank, centred=False)
    for values in (system, system[:1]):
        reference = DMD(
            values if len(values) > 1 else values[0],
            n_delays=delays,
            delay_interval=interval,
            rank=rank,
            lamb=1e-8,
        )
        reference.fit()
        theirs = np.linalg.eigvals(reference.A_v.numpy())
        ours = fit_operator(trials(values), settings).eigenvalues
        assert farthest_eigenvalue(ours, theirs) < 1e-3


def test_the_distance_of_eigenvalues_is_that_of_optimal_transport():
    systems = noisy_networks(systems=3, units=6, trials=10, steps=80)
    operators = [fit_operator(trials(x), SETTINGS) for x in systems]
    points = [np.stack([o.eigenvalues.real, o.eigenvalues.imag], 1) for o in operators]
    share = np.full(SETTINGS.rank, 1 / SETTINGS.rank)
    pairs = [(0, 1), (2, 0), (1, 1)]
    found = spectral_distances(operators, pairs)
    for value, (i, j) in zip(found, pairs, strict=True):
        transported = ot.emd2(share, share, ot.dist(points[i], points[j]))
        assert value**2 == pytest.approx(transported, abs=1e-12)
    assert found[0] > 0.01


def test_rotation_scale_and_offset_do_not_matter(system):
    rng = np.random.default_rng(2)
    assert apart(system, system @ rotation(8, rng)) < 1e-4
    assert apart(system, 40 * system) < 1e-4
    assert apart(system, system + 5) < 1e-4
    uncentred = SETTINGS.model_copy(update={"centred": False})
    assert apart(system, system + 5, uncentred) > 1e-3


def test_an_invertible_map_does_not_matter_at_full_rank_alone(system):
    mapped = system @ np.random.default_rng(3).normal(size=(8, 8))
    whole = DelaySettings(delays=2, rank=16)
    assert apart(system, mapped, whole) < 1e-3
    assert apart(system, mapped, whole.model_copy(update={"rank": 6})) > 1e-3


def test_the_order_of_time_matters(system):
    shuffled = system[:, np.random.default_rng(4).permutation(system.shape[1])]
    assert apart(system, shuffled) > 0.5


def test_dropping_the_beginning_of_stationary_activity_hardly_matters():
    whole = noisy_networks(systems=1, units=8, trials=60, steps=120)[0]
    half = apart(whole[:30], whole[30:])
    assert apart(whole, whole[:, 20:]) <= 1.5 * half


def test_both_ways_to_the_singular_vectors_agree(system, monkeypatch):
    by_gram = fit_operator(trials(system), SETTINGS)
    monkeypatch.setattr("chunkscope.dynamics.operators.GRAM_SERVES", 2.0)  # no matrix serves
    by_triangle = fit_operator(trials(system), SETTINGS)
    np.testing.assert_allclose(
        np.sort_complex(by_gram.eigenvalues), np.sort_complex(by_triangle.eigenvalues), atol=1e-9
    )
    np.testing.assert_allclose(by_gram.predict(system), by_triangle.predict(system), atol=1e-9)


def test_nearly_singular_activity_keeps_its_digits():
    """Smooth oscillations, whose delayed copies are nearly linear in each other."""
    time = np.arange(200)
    phases = np.random.default_rng(5).uniform(0, 2 * np.pi, (30, 2))
    frequencies = np.array([0.05, 0.11])
    values = np.sin(time[None, :, None] * frequencies + phases[:, None])
    operator = fit_operator(trials(values), DelaySettings(delays=4, rank=4, centred=False))
    expected = np.exp(1j * np.concatenate([frequencies, -frequencies]))
    assert farthest_eigenvalue(operator.eigenvalues, expected) < 1e-6


def test_single_precision_is_the_reference_where_directions_are_rounding():
    """Where a direction of the activity is below a ten-millionth, the two precisions part."""
    rng = np.random.default_rng(6)
    values = noisy_networks(systems=1, units=4, trials=20, steps=60)[0]
    values = np.concatenate([values, values[..., :1] + 1e-9 * rng.normal(size=(20, 60, 1))], -1)
    settings = DelaySettings(delays=3, rank=15, centred=False)
    reference = DMD(values, n_delays=3, rank=15, lamb=1e-8)
    reference.fit()
    theirs = np.linalg.eigvals(reference.A_v.numpy())
    double = fit_operator(trials(values), settings).eigenvalues
    single = settings.model_copy(update={"precision": "single"})
    assert farthest_eigenvalue(double, theirs) > 0.05
    assert farthest_eigenvalue(fit_operator(trials(values), single).eigenvalues, theirs) < 1e-3


def test_activity_is_never_changed(system):
    kept = system.copy()
    given = trials(system)
    fit_operator(given, SETTINGS)
    np.testing.assert_array_equal(system, kept)
    np.testing.assert_array_equal(given.values, kept)


def test_too_few_steps_from_row_to_row_are_refused():
    values = np.random.default_rng(7).normal(size=(20, 12, 3))
    settings = DelaySettings(delays=10, rank=30, ahead=2)
    with pytest.raises(DynamicsError, match="with 20 steps from row to row"):
        fit_operator(trials(values), settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"delays": 200}, "lower either, or give longer trials"),
        ({"delays": 5, "rank": 41}, "the embedding has 40 columns"),
        ({"delays": 90, "rank": 5}, "got 220 rows of 720 columns"),
        ({"delays": 5, "ahead": 96}, "with 96 rows left of a trial"),
    ],
)
def test_settings_that_do_not_fit_are_refused(system, settings, said):
    with pytest.raises(DynamicsError, match=said):
        fit_operator(trials(system), DelaySettings(**settings))


def test_a_rank_that_the_activity_does_not_have_is_refused(system):
    doubled = np.concatenate([system, system @ rotation(8, np.random.default_rng(0))], -1)
    with pytest.raises(DynamicsError, match="lower rank to 8 or less"):
        fit_operator(trials(doubled), DelaySettings(delays=1, rank=10))


def test_operators_of_different_ranks_or_settings_are_not_compared(system):
    one, other, delayed = (
        fit_operator(trials(system), DelaySettings(delays=d, rank=r))
        for d, r in ((3, 10), (3, 12), (4, 10))
    )
    with pytest.raises(DynamicsError, match="rank 10 and system 1 rank 12; fit all with one rank"):
        angles([one, other])
    with pytest.raises(DynamicsError, match="fit all with the same delays"):
        spectral_distances([one, delayed])
