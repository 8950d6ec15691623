"""Trials: named axes, ids, and what is refused."""

import numpy as np
import pytest
import torch
import xarray
from dynamics_examples import rotation

from chunkscope.dynamics.geometry import cka
from chunkscope.dynamics.trials import Trials, varying_units
from chunkscope.errors import DynamicsError

AXES = ("trial", "time", "unit")


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(4, 6, 3))


def test_axes_are_taken_by_name(values):
    assert Trials.of(values, AXES).shape == (4, 6, 3)
    assert Trials.of(xarray.DataArray(values, dims=AXES)).shape == (4, 6, 3)


def test_what_is_given_is_neither_changed_nor_shared(values):
    found = Trials.of(values, AXES)
    values[0, 0, 0] += 1
    assert found.values[0, 0, 0] != values[0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0, 0] = 1


def test_swapped_axes_are_refused_with_the_way_to_turn_them(values):
    swapped = values.swapaxes(0, 1)
    with pytest.raises(DynamicsError, match=r"transpose\(1, 0, 2\) it first") as error:
        Trials.of(swapped, ("time", "trial", "unit"))
    assert "must be ('trial', 'time', 'unit')" in str(error.value)
    np.testing.assert_array_equal(swapped.transpose(1, 0, 2), values)
    with pytest.raises(DynamicsError, match=r"transpose\(1, 2, 0\) it first"):
        Trials.of(xarray.DataArray(values.transpose(2, 0, 1), dims=("unit", "trial", "time")))


def test_names_that_disagree_are_refused(values):
    named = xarray.DataArray(values, dims=("time", "trial", "unit"))
    with pytest.raises(DynamicsError, match="for an array that calls its own"):
        Trials.of(named, AXES)


def test_anything_that_holds_real_numbers_is_taken_and_nothing_else(values):
    np.testing.assert_array_equal(Trials.of(torch.from_numpy(values), AXES).values, values)
    for wrong in (values + 1j, values.astype(str), [[["a"]]]):
        with pytest.raises(DynamicsError, match="must be an array of real numbers"):
            Trials.of(wrong, AXES)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (None, "name all of"),
        (("trial", "time"), "name all of"),
        (("batch", "time", "unit"), "name them"),
    ],
)
def test_axes_without_their_names_are_refused(values, axes, said):
    with pytest.raises(DynamicsError, match=said):
        Trials.of(values, axes)


def test_bad_values_are_refused_by_place(values):
    values[2, 3, 1] = np.nan
    with pytest.raises(DynamicsError, match="got nan at trial 2, step 3, unit 1"):
        Trials.of(values, AXES)
    values[2, 3, 1] = 0
    values[..., 2] = 7
    with pytest.raises(DynamicsError, match="1 of 3 units are constant, the first is unit 2"):
        Trials.of(values, AXES)
    assert Trials.of(values[..., varying_units(values)], AXES).shape == (4, 6, 2)


def test_ids_tell_trials_apart(values):
    assert Trials.of(values, AXES).ids == ("0", "1", "2", "3")
    assert Trials.of(values, AXES, list("abcd")).take([3, 1]).ids == ("d", "b")
    with pytest.raises(DynamicsError, match="the id a stands twice"):
        Trials.of(values, AXES, list("abca"))
    with pytest.raises(DynamicsError, match="got 3 ids for 4 trials"):
        Trials.of(values, AXES, list("abc"))


def test_principal_components_keep_what_varies_most(values):
    hidden = values @ np.array([[5.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0.1, 0]])
    whole = Trials.of(hidden[..., :3] @ rotation(3, np.random.default_rng(1)), AXES)
    reduced = whole.reduced(2)
    assert reduced.shape == (4, 6, 2)
    spread = reduced.centred.reshape(-1, 2)
    cross = spread.T @ spread
    assert abs(cross[0, 1]) < 1e-9 * cross[0, 0]  # uncorrelated, the larger first
    assert cross[0, 0] > cross[1, 1]
    total = (whole.centred**2).sum()
    assert (reduced.centred**2).sum() == pytest.approx(total, rel=0.01)
    assert cka(whole, reduced) > 0.999
    assert whole.reduced(3) is whole
