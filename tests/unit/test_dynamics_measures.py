"""All measures together: where they must differ, their floors, and how settings are chosen."""

import numpy as np
import pytest
from dynamics_examples import noisy_networks, rotation

from chunkscope.dynamics.measures import MEASURES, UNITS, compare, split_half
from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.selection import (
    best,
    candidates,
    held_out_error,
    judge_candidates,
)
from chunkscope.dynamics.settings import DelaySettings, GridSettings
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError

AXES = ("trial", "time", "unit")
DELAYS = DelaySettings(delays=3, rank=8)


def trials(values):
    return Trials.of(values, AXES)


def linear(matrix, trials=200, steps=40, noise=0.0, seed=0):
    """A linear system from random initial states."""
    rng = np.random.default_rng(seed)
    state, states = rng.normal(size=(trials, len(matrix))), []
    for _ in range(steps):
        states.append(state)
        state = state @ matrix.T + noise * rng.normal(size=state.shape)
    return np.stack(states, 1)


def test_each_is_symmetric_zero_on_the_diagonal_and_the_same_again():
    systems = [trials(x) for x in noisy_networks(systems=4, units=6, trials=20, steps=60)]
    kept = [system.values.copy() for system in systems]
    found, again = (compare(systems, MEASURES, DELAYS) for _ in range(2))
    assert set(found) == set(UNITS) == set(MEASURES)
    for measure, matrix in found.items():
        np.testing.assert_array_equal(matrix, matrix.T)
        np.testing.assert_array_equal(np.diagonal(matrix), 0)
        np.testing.assert_array_equal(matrix, again[measure])
        assert matrix[np.triu_indices(4, 1)].min() > 1e-3
    for system, values in zip(systems, kept, strict=True):
        np.testing.assert_array_equal(system.values, values)


def test_eigenvalues_alone_do_not_tell_normal_dynamics_from_others():
    normal = np.diag([0.95, 0.6])
    shear = np.array([[1.0, 2.5], [0.0, 1.0]])
    amplifying = shear @ normal @ np.linalg.inv(shear)
    settings = DelaySettings(delays=1, rank=2, centred=False)
    rng = np.random.default_rng(1)
    states = rng.normal(size=(500, 2))  # white, so that whitening leaves the operators as they are
    systems = [trials(np.stack([states, states @ matrix.T], 1)) for matrix in (normal, amplifying)]
    found = compare(systems, ["dsa", "wasserstein"], settings)
    assert found["wasserstein"][0, 1] < 1e-6
    assert found["dsa"][0, 1] > 0.3


def test_shuffled_time_is_seen_by_dynamics_alone():
    first, second = noisy_networks(systems=2, units=6, trials=20, steps=60)
    second = first @ np.random.default_rng(0).normal(size=(6, 6)) + 0.05 * second
    order = np.random.default_rng(1).permutation(60)
    straight = compare([trials(first), trials(second)], MEASURES, DELAYS)
    shuffled = [trials(first[:, order]), trials(second[:, order])]
    for measure, matrix in compare(shuffled, ["cka", "debiased_cka", "procrustes"], DELAYS).items():
        np.testing.assert_allclose(matrix, straight[measure], atol=1e-12)
    apart = compare([trials(first), shuffled[0]], ["dsa", "wasserstein"], DELAYS)
    assert apart["dsa"][0, 1] > 0.5
    assert apart["wasserstein"][0, 1] > 0.1


def test_other_layouts_of_one_dynamics_are_seen_by_geometry_alone():
    """Two runs of one linear system from other initial states: alike in dynamics, not in layout."""
    turn = 0.99 * rotation(4, np.random.default_rng(2))
    one, other = (trials(linear(turn, seed=seed)) for seed in (0, 1))
    found = compare([one, other], MEASURES, DelaySettings(delays=1, rank=4))
    assert found["dsa"][0, 1] < 0.05
    assert found["cka"][0, 1] > 0.5
    assert found["procrustes"][0, 1] > 0.5


def test_split_halves_are_a_floor_that_falls_with_more_trials():
    rng = np.random.default_rng(3)
    few, many = (
        trials(noisy_networks(systems=1, units=8, trials=n, steps=60)[0]) for n in (12, 120)
    )
    floors = split_half([few, many], MEASURES, DELAYS, rng)
    assert set(floors) == {"dsa", "wasserstein"}  # the others compare trial by trial
    assert 0 < floors["dsa"][1] < floors["dsa"][0]
    other = trials(noisy_networks(systems=2, units=8, trials=120, steps=60)[1])
    assert floors["dsa"][1] < compare([many, other], ["dsa"], DELAYS)["dsa"][0, 1]


def test_one_trial_has_no_halves():
    system = trials(noisy_networks(systems=1, units=3, trials=10, steps=60)[0])
    with pytest.raises(DynamicsError, match="got 1 trial"):
        split_half([system.take([0])], ["dsa"], DELAYS, np.random.default_rng(0))


def test_the_setting_that_foretells_best_is_the_true_one():
    """One unit of a hidden oscillation: two delays say it all, one cannot."""
    turn = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    seen = trials(linear(turn, trials=60, steps=40)[..., :1])
    grid = GridSettings(delays=(1, 2), intervals=(1,), ranks=(1, 2))
    base = DelaySettings(centred=False)
    judged = judge_candidates([seen], candidates(grid, base), np.random.default_rng(0))
    chosen = best(judged)
    assert (chosen.delays, chosen.rank) == (2, 2)
    errors = {(one.settings.delays, one.settings.rank): one.error for one in judged}
    assert errors[2, 2] < 1e-9
    assert errors[1, 1] > 0.1
    assert np.isnan(errors[1, 2])  # one delay of one unit has no second direction


def test_of_noise_half_of_persistence_is_the_least_error():
    noise = np.random.default_rng(4).normal(size=(2, 200, 40, 2))
    settings = DelaySettings(delays=2, rank=4)
    error = held_out_error(fit_operator(trials(noise[0]), settings), trials(noise[1]))
    assert error == pytest.approx(0.5, abs=0.02)  # var / (2 var): the mean against the last value


def test_all_candidates_are_judged_on_the_same_steps():
    values = noisy_networks(systems=1, units=3, trials=20, steps=40)[0]
    fitted, held_out = trials(values[:10]), trials(values[10:])
    operator = fit_operator(fitted, DelaySettings(delays=1, rank=3))
    late = held_out_error(operator, held_out, first=20)
    cut = trials(values[10:, 19:])  # the same steps alone
    assert late == pytest.approx(held_out_error(operator, cut))
    assert late != held_out_error(operator, held_out)
    with pytest.raises(DynamicsError, match="the first step to judge is 40"):
        held_out_error(operator, held_out, first=40)


def test_a_setting_that_does_not_fit_leaves_the_others_their_steps():
    systems = [trials(noisy_networks(systems=1, units=3, trials=20, steps=40)[0])]
    short = candidates(GridSettings(delays=(1, 2), ranks=(3,)), DELAYS)
    long = candidates(GridSettings(delays=(30,), intervals=(6,), ranks=(3,)), DELAYS)
    alone, beside = (
        judge_candidates(systems, settings, np.random.default_rng(0))
        for settings in (short, [*short, *long])
    )
    assert [one.error for one in beside[:2]] == [one.error for one in alone]
    assert np.isnan(beside[2].error)


def test_a_grid_that_fits_nothing_is_refused():
    short = trials(noisy_networks(systems=1, units=3, trials=4, steps=10)[0])
    grid = candidates(GridSettings(delays=(20,), ranks=(2,)), DELAYS)
    with pytest.raises(DynamicsError, match="none of 1 settings fits"):
        judge_candidates([short], grid, np.random.default_rng(0))
