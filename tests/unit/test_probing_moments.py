"""Statistics read chunk by chunk equal those in memory, and take no more memory than they say."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from chunkscope.errors import ProbingError
from chunkscope.probing.moments import class_moments, gather
from chunkscope.probing.rankings import unit_scores
from chunkscope.probing.scaling import Standardiser
from chunkscope.store import ActivationStore, StoreWriter

SEQUENCES, TIME, UNITS = 30, 7, 5


def example(offset=0.0, seed=0):
    """Activity (sequence, time, unit) far from 0, and labels of three features, some not asked."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 2, (3, SEQUENCES, TIME)).astype(np.int8)
    labels[:, rng.permutation(SEQUENCES)[:8]] = -1  # sequences that nothing is asked of
    activity = rng.normal(size=(SEQUENCES, TIME, UNITS)) + 0.5 * (labels[0] == 1)[..., None]
    return (activity + offset).astype(np.float32), labels


def blocks(activity, rows=4):
    for first in range(0, len(activity), rows):
        yield first, activity[first : first + rows]


@pytest.mark.parametrize("offset", [0.0, 1e4, -1e4])
@pytest.mark.parametrize("rows", [1, 4, SEQUENCES])
def test_moments_are_those_in_memory(offset, rows):
    activity, labels = example(offset)
    activity[..., 3] = 0.1
    found = class_moments(blocks(activity, rows), labels)
    for feature, asked in enumerate(labels):
        X, y = activity[asked >= 0].astype(np.float64), asked[asked >= 0] == 1
        for side in (0, 1):
            of_class = X[y == side]
            assert found.rows[side, feature] == len(of_class)
            np.testing.assert_allclose(found.mean[side, feature], of_class.mean(axis=0))
            scatter = np.square(of_class - of_class.mean(axis=0)).sum(axis=0)
            np.testing.assert_allclose(found.scatter[side, feature], scatter, atol=1e-6)
        scaled = Standardiser.fit(X).transform(X)
        for ranking in ("mean_difference", "f"):
            expected = unit_scores(scaled, y, ranking, 0)
            streamed = {"mean_difference": found.mean_difference, "f": found.f}[ranking][feature]
            np.testing.assert_allclose(streamed, expected, rtol=1e-6, atol=1e-12)
            assert streamed[3] == 0  # constant, though 0.1 is no binary number


def test_what_is_not_asked_changes_nothing():
    activity, labels = example()
    first = class_moments(blocks(activity), labels)
    activity[(labels < 0).all(axis=0)] = 1e6
    second = class_moments(blocks(activity), labels)
    np.testing.assert_array_equal(first.f, second.f)
    activity[labels[0] == 1] += 1
    assert (class_moments(blocks(activity), labels).f[0] != second.f[0]).all()


def test_gathered_rows_are_those_of_the_whole():
    activity, _ = example()
    rows = np.sort(np.random.default_rng(0).permutation(SEQUENCES * TIME)[:50])
    flat = activity.reshape(-1, UNITS)
    np.testing.assert_array_equal(gather(blocks(activity), rows), flat[rows])
    units = np.array([4, 0, 0])
    found = gather(blocks(activity, 1), rows, units)
    np.testing.assert_array_equal(found, flat[np.ix_(rows, units)])
    assert found.dtype == np.float32


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Chunks of 2 MB, with train and test sequences mixed."""
    n, time, units = 160, 64, 128
    path = tmp_path_factory.mktemp("store") / "activations.zarr.zip"
    rng = np.random.default_rng(0)
    with StoreWriter(
        path,
        tokens=np.zeros((n, time), dtype=np.int32),
        symbols=["a"],
        labels={},
        label_names={},
        split=np.arange(n) % 2,
        attributes={},
        chunk_mb=2,
    ) as writer:
        writer.create(0, {"site": units})
        states = rng.standard_normal((n, time, units)).astype(np.float32)
        writer.write(0, 0, {"site": states}, loss=np.zeros((n, time), dtype=np.float32))
    with ActivationStore.open(path) as opened:
        yield opened


@pytest.mark.parametrize("split", [None, "train"])
def test_memory_is_twice_a_chunk_and_what_is_returned(store, split):
    whole = store.activations(0, "site", split)
    labels = np.zeros((2, *whole.shape[:2]), dtype=np.int8)
    labels[:, :, ::3] = 1
    rows, units = np.arange(0, labels[0].size, 5), np.arange(0, whole.shape[2], 2)
    chunk = 2 * 2**20

    def peak(read):
        tracemalloc.start()
        try:
            return read(), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small = 2**18  # names, checksums and the like
    moments, used = peak(lambda: class_moments(store.iterate(0, "site", split), labels))
    assert used < 2 * chunk + small
    np.testing.assert_allclose(moments.mean[1, 0], whole[:, ::3].mean(axis=(0, 1)), atol=1e-6)
    gathered, used = peak(lambda: gather(store.iterate(0, "site", split), rows, units))
    assert used < 2 * chunk + gathered.nbytes + small
    np.testing.assert_array_equal(gathered, whole.reshape(-1, whole.shape[2])[::5, ::2])
    _, used = peak(lambda: list(store.iterate(0, "site", split)))
    assert used > whole.nbytes  # what reading it all would take is seen


def test_bad_input_is_said():
    activity, labels = example()
    for wrong in (labels[:, 1:], labels[..., 1:], np.repeat(labels, 2, axis=1)):
        with pytest.raises(ProbingError, match="must be of the same sequences"):
            class_moments(blocks(activity), wrong)
    labels[1][labels[1] == 1] = 0
    with pytest.raises(ProbingError, match="feature 1 has 0 rows with it"):
        class_moments(blocks(activity), labels)
    for rows in ([], [3, 2], [2, 2], [-1, 4]):
        with pytest.raises(ProbingError, match="must ascend from 0 on"):
            gather(blocks(activity), np.array(rows, dtype=np.int64))
    with pytest.raises(ProbingError, match=r"got row 210; the site has 210"):
        gather(blocks(activity), np.array([0, SEQUENCES * TIME]))
    with pytest.raises(ProbingError, match="indices into the 5 units"):
        gather(blocks(activity), np.array([0]), np.array([5]))
