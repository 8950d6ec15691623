"""Controls, donors and recipients: what each must be, and what it must not be."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from chunkscope.errors import InterventionError
from chunkscope.interventions.conditions import Builder
from chunkscope.interventions.controls import (
    CONTROLS,
    Pairs,
    draw_other_units,
    draw_wrong_donors,
    gaussian,
    random_direction,
    random_state,
)
from chunkscope.interventions.donors import donors_from_labels
from chunkscope.interventions.intervention import Kind
from chunkscope.interventions.recipients import (
    Recording,
    draw_occurrences,
    draw_recipients,
    draw_steps,
)
from chunkscope.interventions.settings import InterventionSettings

ROWS, UNITS = 4000, 3
SPREAD = np.array([[1.0, 0.5, 0.0], [0.0, 2.0, 0.0], [0.3, 0.0, 0.0]], np.float32)


def draw_pairs(units: np.ndarray | None = None) -> Pairs:
    """Two donors; the third unit of the observed states never moves."""
    rng = np.random.default_rng(0)
    donor = rng.integers(2, size=ROWS)
    return Pairs(
        own=rng.normal(size=(ROWS, UNITS)).astype(np.float32),
        observed=(rng.normal(size=(ROWS, UNITS)) @ SPREAD + [1, 2, 3]).astype(np.float32),
        donors=np.array([[4, 4, 4], [1, 2, 5]], np.float32),
        donor=donor,
        wrong=1 - donor,
        units=np.ones((ROWS, UNITS), bool) if units is None else units,
    )


def test_a_gaussian_has_the_mean_and_covariance_observed() -> None:
    pairs = draw_pairs()
    drawn = gaussian(pairs, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(0), pairs.centre, atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(pairs.observed.T), atol=0.2)
    assert np.ptp(drawn[:, 2]) < 1e-3


def test_a_random_direction_is_as_long_as_the_donor_within_the_changed_units() -> None:
    units = np.random.default_rng(2).random((ROWS, UNITS)) < 0.6
    pairs = draw_pairs(units)
    step = np.where(units, random_direction(pairs, np.random.default_rng(3)) - pairs.centre, 0)
    target = np.where(units, pairs.target - pairs.centre, 0)
    np.testing.assert_allclose(
        np.linalg.norm(step, axis=1), np.linalg.norm(target, axis=1), rtol=1e-4
    )
    assert np.abs(step[units.all(1)].mean(0)).max() < 0.2  # no direction is preferred


def test_a_random_state_is_one_that_was_observed() -> None:
    pairs = draw_pairs()
    drawn = random_state(pairs, np.random.default_rng(4))
    observed = {tuple(row) for row in pairs.observed}
    assert all(tuple(row) in observed for row in drawn)
    assert len({tuple(row) for row in drawn}) > ROWS / 2


def test_controls_are_drawn_again_from_the_same_seed() -> None:
    pairs = draw_pairs()
    for control in CONTROLS.values():
        first, second = (control(pairs, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert first.dtype == np.float32
        assert first.shape == (ROWS, UNITS)


def test_other_units_are_as_many_and_none_of_them() -> None:
    rng = np.random.default_rng(6)
    units = np.arange(8) < rng.integers(0, 8, size=(200, 1))
    other = draw_other_units(units, rng)
    count = units.sum(1)
    assert not (units & other).any()
    np.testing.assert_array_equal(other.sum(1), np.where(2 * count <= 8, count, 0))


def test_a_wrong_donor_differs_where_the_right_one_is_judged() -> None:
    targets = np.array([[0, 1], [0, 2], [3, 4], [5, 1]])
    informative = np.array([[True, True], [True, True], [False, True], [False, False]])
    donor = np.repeat([0, 1, 2], 100)
    wrong = draw_wrong_donors(donor, targets, informative, np.random.default_rng(7))
    assert set(wrong[:100]) == {2}  # 1 shares lag 1 with it, and 3 lag 2
    assert set(wrong[100:200]) == {2, 3}
    assert set(wrong[200:]) == {0, 1, 3}


@pytest.mark.parametrize("kind", ["graft", "steer"])
def test_each_condition_changes_what_it_says(kind: Kind) -> None:
    rng = np.random.default_rng(10)
    pairs = draw_pairs(np.tile([True, True, False], (ROWS, 1)))
    differs = rng.random((ROWS, 2)) < 0.5
    conditions = Builder(("h",), "constrained", (0.5, 1.0), rng).induce(kind, pairs, differs)
    named = {(c.control, c.strength): c for c in conditions}
    assert set(named) == {
        ("target", 0.5),
        ("target", 1.0),
        ("none", 0.0),
        *((name, 1.0) for name in (*CONTROLS, "random units")),
    }
    assert named["none", 0.0].combination == ()
    for (name, strength), condition in named.items():
        everywhere = name not in ("wrong donor", "random units")
        assert condition.valid.all() == everywhere
        for change in condition.combination:
            assert (change.kind, change.strength) == (kind, strength)
    np.testing.assert_array_equal(named["wrong donor", 1.0].valid, differs)
    assert not named["random units", 1.0].valid.any()  # two of three have no two others
    shift = pairs.centre if kind == "steer" else 0
    (target,), (wrong,) = (named[n, 1.0].combination for n in ("target", "wrong donor"))
    np.testing.assert_allclose(target.value, pairs.target - shift)
    np.testing.assert_allclose(wrong.value, pairs.donors[1 - pairs.donor] - shift)


def test_steps_leave_room_for_every_lag() -> None:
    recording = Recording(np.zeros((3, 7), int), {})
    steps = draw_steps(recording, 100, 4, np.random.default_rng(0))
    assert {tuple(step) for step in steps} == {(s, t) for s in range(3) for t in range(4)}
    assert len(steps) == 12
    assert len(draw_steps(recording, 5, 4, np.random.default_rng(0))) == 5


def test_occurrences_are_members_with_room_for_every_lag() -> None:
    members = [np.array([[0, t] for t in range(9)]), np.array([[1, 8]]), np.array([[2, 3]])]
    steps, donor = draw_occurrences(members, 5, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(donor, [0, 0, 0, 0, 2])
    assert (steps[:, 1] <= 5).all()
    assert len({tuple(step) for step in steps}) == 5


def test_recipients_would_not_go_on_as_the_donor() -> None:
    rng = np.random.default_rng(8)
    predicted, targets = rng.integers(3, size=(500, 2)), np.array([[0, 1], [2, 2]])
    informative = np.array([[True, True], [True, False]])
    rows, donor, counted = draw_recipients(predicted, targets, informative, 20, rng)
    np.testing.assert_array_equal(
        [counted[donor == index].sum(0) for index in range(2)], [[20, 20], [20, 0]]
    )
    assert (predicted[rows] != targets[donor])[counted].all()
    assert counted.any(1).all()
    for index in range(2):
        assert len(set(rows[donor == index])) == (donor == index).sum()


def test_fewer_recipients_where_fewer_are_fit() -> None:
    predicted, targets = np.array([[0], [1], [0], [0]]), np.array([[0]])
    rows, _, counted = draw_recipients(
        predicted, targets, np.array([[True]]), 20, np.random.default_rng(9)
    )
    np.testing.assert_array_equal(rows, [1])
    np.testing.assert_array_equal(counted, [[True]])


LABELS = np.array([[0, 1, 2, 0, 1, -1], [0, 1, 0, 1, 2, 0]])
TOKENS = np.array([[5, 6, 7, 5, 6, 8], [5, 6, 5, 6, 7, 5]])
STATES = {"h": np.arange(36.0).reshape(2, 6, 3), "c": np.ones((2, 6, 2))}


def test_donors_are_the_means_of_common_labels() -> None:
    units = {"h": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], bool)}
    donors = donors_from_labels(LABELS, STATES, TOKENS, 2, 3, 5, units, ["zero", "one", "two"])
    assert donors.names == ("zero", "one")
    np.testing.assert_allclose(donors.values["h"][1], STATES["h"][LABELS == 1].mean(0))
    assert donors.values["c"].shape == (2, 2)
    np.testing.assert_array_equal(donors.units["h"], units["h"][:2])
    np.testing.assert_array_equal(donors.members[1], [[0, 1], [0, 4], [1, 1], [1, 3]])


def test_continuations_count_what_is_read_later() -> None:
    donors = donors_from_labels(LABELS, STATES, TOKENS, 2, 3, 5)
    zero, one = donors.continuation
    assert zero[0, 6] == 1.0
    np.testing.assert_allclose(one[0, 5:], [1 / 4, 0, 2 / 4, 1 / 4])
    np.testing.assert_allclose(one[1, 5:], [2 / 3, 1 / 3, 0, 0])
    np.testing.assert_array_equal(donors.targets, [[6, 7], [7, 5]])
    np.testing.assert_array_equal(donors.informative(0.9), [[True, False], [False, False]])


def test_the_commonest_donors_are_kept() -> None:
    assert donors_from_labels(LABELS, STATES, TOKENS, 2, 1, 1).names == ("0",)
    assert donors_from_labels(LABELS, STATES, TOKENS, 2, 100, 5).names == ()
    assert donors_from_labels(np.full_like(LABELS, -1), STATES, TOKENS, 2, 1, 5).names == ()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tokens": TOKENS[:, 1:]}, "tokens: got"),
        ({"activations": {"h": STATES["h"][:1]}}, "h: got"),
        ({"units": {"x": np.ones((3, 3), bool)}}, "units: got site 'x'"),
        ({"units": {"h": np.ones((2, 3), bool)}}, r"units: h: got shape \(2, 3\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed: dict, message: str) -> None:
    arguments = {"labels": LABELS, "activations": STATES, "tokens": TOKENS, **changed}
    with pytest.raises(InterventionError, match=message):
        donors_from_labels(lags=2, min_members=1, max_donors=5, **arguments)


@pytest.mark.parametrize(
    "wrong",
    [
        {"strengths": (0.5,)},
        {"strengths": (0.0, 1.0)},
        {"sites": ()},
        {"sites": (("a", "a"),)},
        {"sites": ((),)},
        {"lags": 0},
        {"recipient": 3},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        InterventionSettings(**wrong)
