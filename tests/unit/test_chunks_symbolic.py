"""Levels are the optimum of one-dimensional k-means; states are their strings."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from chunkscope.chunks.extractors.levels import cut_levels, level_centres
from chunkscope.chunks.extractors.symbolic import (
    SymbolicExtractor,
    as_strings,
    find_strings,
    level_strings,
    number_strings,
)
from chunkscope.errors import ExtractionError


def inertia(values, centres):
    """Squared distance of one unit's values from the nearest centre."""
    return ((values[:, None] - centres) ** 2).min(axis=1).sum()


def brute_force(values, levels):
    """The least cost of cutting sorted values into runs, every cut tried."""
    values = np.sort(values.astype(np.float64))
    cuts = combinations(range(1, len(values)), levels - 1)
    runs = (np.split(values, cut) for cut in cuts)
    return min(sum(((run - run.mean()) ** 2).sum() for run in cut) for cut in runs)


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 5])
def test_no_cut_costs_less(levels):
    rng = np.random.default_rng(levels)
    rows = np.round(rng.normal(size=(11, 30)) * 4)  # with ties
    for values, centres in zip(rows.T, level_centres(rows, levels), strict=True):
        k = np.isfinite(centres).sum()
        assert k == min(levels, len(np.unique(values)))
        assert inertia(values, centres[:k]) == pytest.approx(brute_force(values, levels), abs=1e-9)


@pytest.mark.parametrize("levels", [3, 5])
def test_scikit_learn_never_does_better_and_does_as_well_from_many_starts(levels):
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(700, 6)) + 3 * rng.integers(4, size=(700, 6))).astype(np.float32)
    for values, centres in zip(rows.T, level_centres(rows, levels), strict=True):
        once = KMeans(levels, n_init=1, random_state=0).fit(values[:, None].astype(np.float64))
        many = KMeans(levels, n_init=50, random_state=0).fit(values[:, None].astype(np.float64))
        assert inertia(values, centres) <= once.inertia_ * (1 + 1e-9)
        assert inertia(values, centres) == pytest.approx(many.inertia_, rel=1e-3)
        np.testing.assert_allclose(centres, np.sort(many.cluster_centers_.ravel()), atol=0.1)


def test_every_unit_is_cut_by_itself():
    rows = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    together = level_centres(rows, 4)
    for unit in range(8):
        np.testing.assert_array_equal(together[unit], level_centres(rows[:, [unit]], 4)[0])
    order = np.random.default_rng(1).permutation(400)
    np.testing.assert_array_equal(together, level_centres(rows[order], 4))
    np.testing.assert_allclose(level_centres(3 * rows + 2, 4), 3 * together + 2, rtol=1e-5)


def test_a_value_takes_the_nearest_level():
    rng = np.random.default_rng(0)
    rows, later = rng.normal(size=(300, 5)), rng.normal(size=(200, 5)) * 2
    centres = level_centres(rows, 4)
    nearest = np.abs(later[:, :, None] - centres).argmin(axis=2)
    np.testing.assert_array_equal(cut_levels(later, centres), nearest)


def test_a_unit_with_fewer_values_than_levels_has_these():
    rows = np.array([[1.0, 0.1, 7], [1, 0.2, 7], [1, 0.1, 5], [1, 0.3, 7]])
    centres = level_centres(rows, 4)
    assert np.isnan(centres[:, 3]).all()
    np.testing.assert_allclose(centres[1, :3], [0.1, 0.2, 0.3])
    assert centres[0, 0] == 1
    assert np.isnan(centres[0, 1:]).all()
    digits = cut_levels(rows, centres)
    assert digits[:, 0].tolist() == [0, 0, 0, 0]
    assert digits[:, 1].tolist() == [0, 1, 0, 2]
    assert digits[:, 2].tolist() == [1, 1, 0, 1]


def test_more_levels_than_rows_is_one_sentence():
    with pytest.raises(ExtractionError, match=r"levels: got 5 for 4 rows; must be"):
        level_centres(np.zeros((4, 2)), 5)
    with pytest.raises(ExtractionError, match="at most 100"):
        level_centres(np.zeros((400, 2)), 101)


def test_strings_are_numbered_by_how_common_they_are():
    digits = np.array([[0, 2], [1, 1], [1, 1], [0, 2], [4, 0], [1, 1]], dtype=np.uint8)
    known, first, labels = number_strings(as_strings(digits))
    assert known.tolist() == [b"11", b"02", b"40"]
    assert first.tolist() == [1, 0, 4]
    assert labels.tolist() == [1, 0, 0, 1, 2, 0]
    asked = as_strings(np.array([[4, 0], [0, 0], [9, 9], [1, 1]], dtype=np.uint8))
    assert find_strings(asked, known).tolist() == [2, -1, -1, 0]


def test_strings_of_levels_are_the_joint_cuts_of_every_unit():
    levels = np.array([[0, 0], [0, 9], [5, 9], [0, 0], [5, 9]], dtype=np.float32)
    jitter = np.random.default_rng(0).uniform(-0.1, 0.1, levels.shape)
    states, later = level_strings(levels, levels + jitter, 2)
    assert states.tolist() == later.tolist() == [0, 2, 1, 0, 1]
    assert level_strings(levels, np.array([[5.0, 0.0]]), 2)[1].tolist() == [-1]


def test_states_of_an_extractor_are_boxes_and_unseen_ones_noise():
    rng = np.random.default_rng(0)
    states = rng.integers(5, size=(20, 50))
    grid = np.array([[0, 0, 0], [0, 1, 2], [1, 0, 2], [1, 1, 0], [0, 0, 2]], dtype=np.float32)
    activations = grid[states] + rng.uniform(-0.2, 0.2, (20, 50, 3)).astype(np.float32)
    extractor = SymbolicExtractor(levels=2).fit(activations, states)
    assert len(extractor.prototypes_) == 5
    pairs = {*zip(states.ravel().tolist(), extractor.labels_.ravel().tolist(), strict=True)}
    assert len(pairs) == 5
    np.testing.assert_array_equal(extractor.predict(activations), extractor.labels_)
    np.testing.assert_array_equal(
        extractor.predict(extractor.prototypes_), np.arange(len(extractor.prototypes_))
    )
    counts = np.bincount(extractor.labels_.ravel())
    assert (np.diff(counts) <= 0).all()
    assert extractor.predict(np.array([1.0, 1.0, 2.0])) == -1  # each level is known, the string not
    with pytest.raises(ExtractionError, match="1 of 1 rows are not finite"):
        extractor.predict(np.array([1.0, np.nan, 2.0]))
