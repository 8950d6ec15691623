"""States of windows: two paths through one point are told apart, which single vectors cannot."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.extractors.trajectories import TrajectoryExtractor, windows
from chunkscope.errors import ExtractionError

SIZES = {"candidates": (20, 40)}


def crossing_paths(n=60, times=30, noise=0.02, seed=0):
    """Paths a-x-b and c-x-d, which meet in the point x; also which path each step is on."""
    points = np.array([[-1.0, -1], [0, 0], [1, 1], [-1, 1], [0, 0], [1, -1]])
    rng = np.random.default_rng(seed)
    drawn = rng.integers(2, size=(n, times))
    steps = (3 * drawn[:, :, None] + np.arange(3)).reshape(n, -1)
    activity = points[steps] + noise * rng.normal(size=(*steps.shape, 2))
    return activity.astype(np.float32), steps


def test_a_window_holds_the_last_steps_and_rests_before_the_first():
    activations = np.arange(24.0).reshape(2, 4, 3) + 1
    found = windows(activations, 3)
    assert found.shape == (2, 4, 9)
    for sequence in range(2):
        for time in range(4):
            steps = [
                activations[sequence, t] if t >= 0 else np.zeros(3)
                for t in range(time - 2, time + 1)
            ]
            np.testing.assert_array_equal(found[sequence, time], np.concatenate(steps))
    np.testing.assert_array_equal(windows(activations, 1), activations)
    for window in (0, 5):
        with pytest.raises(ExtractionError, match=rf"window: got {window} .* from 1 to 4"):
            windows(activations, window)


def test_paths_that_cross_are_told_apart_and_points_are_not():
    activity, steps = crossing_paths()
    points = DensityExtractor(**SIZES).fit(activity, steps)
    paths = TrajectoryExtractor(DensityExtractor(**SIZES), window=2).fit(activity, steps)
    at_crossing = steps % 3 == 1
    assert len(points.prototypes_) == 5
    assert len(np.unique(points.labels_[at_crossing])) == 1
    agreement = adjusted_rand_score(steps[at_crossing], paths.labels_[at_crossing])
    assert agreement > 0.99
    assert adjusted_rand_score(steps[at_crossing], points.labels_[at_crossing]) == 0
    fresh, there = crossing_paths(seed=1)
    middle = there % 3 == 1
    assert adjusted_rand_score(there[middle], paths.predict(fresh)[middle]) > 0.99


def test_a_path_ends_in_its_prototype():
    activity, steps = crossing_paths()
    found = TrajectoryExtractor(DensityExtractor(**SIZES), window=2).fit(activity, steps)
    assert found.paths_.shape == (len(found.prototypes_), 2, 2)
    seen = windows(activity, 2)
    for state, path in enumerate(found.paths_):
        mean = seen[found.labels_ == state].mean(axis=0)
        np.testing.assert_allclose(path, mean.reshape(2, 2), atol=0.02)
        np.testing.assert_array_equal(path[1], found.prototypes_[state])


def test_a_window_of_one_step_is_the_density_extractor():
    activity, steps = crossing_paths()
    points = DensityExtractor(**SIZES).fit(activity, steps)
    paths = TrajectoryExtractor(DensityExtractor(**SIZES), window=1).fit(activity, steps)
    np.testing.assert_array_equal(paths.labels_, points.labels_)
    np.testing.assert_array_equal(paths.prototypes_, points.prototypes_)


def test_the_present_alone_is_not_the_past():
    activity, steps = crossing_paths()
    found = TrajectoryExtractor(DensityExtractor(**SIZES), window=2).fit(activity, steps)
    turned = activity[:, ::-1]
    assert (found.predict(turned) != found.predict(activity)[:, ::-1]).mean() > 0.3
