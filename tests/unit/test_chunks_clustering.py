"""States: they follow the rows, survive duplicates, and may be none."""

from __future__ import annotations

import hdbscan
import numpy as np
import pytest
from hdbscan import hdbscan_
from sklearn.metrics import adjusted_rand_score

from chunkscope.chunks.extractors.clustering import (
    DensityClustering,
    draw_sample,
    nearest,
    radius,
)
from chunkscope.chunks.extractors.kmeans import KMeansExtractor
from chunkscope.errors import ExtractionError

SETTINGS = {"min_samples": 5, "min_cluster_size": 30}


def blobs(sizes=(400, 300, 200, 100), units=6, spread=0.05, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), units))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    rows = centres[truth] + spread * rng.normal(size=(len(truth), units))
    return rows.astype(np.float32), truth


def test_the_blobs_are_the_states_and_the_largest_comes_first():
    rows, truth = blobs()
    states = DensityClustering(**SETTINGS, reach=3).fit(rows)
    assert adjusted_rand_score(truth, states.labels_) == 1.0
    assert states.labels_.tolist() == truth.tolist()  # blobs are numbered by size, as states are
    means = [rows[truth == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(states.prototypes_, means, atol=0.02)


@pytest.mark.parametrize("subsample", [250, 10_000])
def test_labels_follow_the_rows_into_another_order(subsample):
    rows, _ = blobs()
    rows = np.concatenate([rows, rows[::7]])  # with duplicates
    order = np.random.default_rng(1).permutation(len(rows))
    first, second = (DensityClustering(**SETTINGS, subsample=subsample) for _ in range(2))
    first.fit(rows)
    second.fit(rows[order])
    np.testing.assert_array_equal(second.labels_, first.labels_[order])
    np.testing.assert_array_equal(second.prototypes_, first.prototypes_)
    np.testing.assert_array_equal(second.radii_, first.radii_)


def test_another_seed_draws_another_sample_and_the_same_seed_the_same():
    rows, _ = blobs()
    drawn = [draw_sample(rows, 100, seed).rows for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert {row.tobytes() for row in drawn[2]} <= {row.tobytes() for row in rows}


def test_a_sample_takes_duplicates_in_proportion():
    rows = np.repeat(np.eye(2, dtype=np.float32), [9000, 1000], axis=0)
    rare = np.mean([draw_sample(rows, 1000, seed).rows[:, 1].mean() for seed in range(20)])
    assert rare == pytest.approx(0.1, abs=0.01)


def test_minus_zero_is_zero():
    rows = np.zeros((50, 3), dtype=np.float32)
    rows[:, 0] = np.arange(50)
    drawn = [draw_sample(table, 10, 0).rows for table in (rows, -rows * [[-1, 1, 1]])]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masses_of_equal_rows_are_states(dtype):
    distinct = np.random.default_rng(0).normal(size=(5, 128))
    rows = np.repeat(distinct, 100, axis=0).astype(dtype)
    states = DensityClustering(min_cluster_size=20).fit(rows)
    assert len(states.prototypes_) == 5
    assert adjusted_rand_score(np.repeat(np.arange(5), 100), states.labels_) == 1.0
    np.testing.assert_array_equal(np.bincount(states.labels_), [100] * 5)


def test_a_mass_that_the_tree_cuts_is_one_state():
    rows = np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 200, axis=0)
    rows[:500] += 1e-3 * np.random.default_rng(1).normal(size=(500, 3))
    for size in (5, 20, 50):
        states = DensityClustering(min_cluster_size=size).fit(rows)
        assert len(np.unique(states.prototypes_, axis=0)) == len(states.prototypes_)
        assert set(states.labels_[-400:].tolist()) == {states.labels_[-1], states.labels_[-400]}


@pytest.mark.parametrize("value", [0.0, 0.1, 1000.1])
def test_constant_rows_have_no_states(value):
    states = DensityClustering(min_cluster_size=5).fit(np.full((1000, 4), value))
    assert states.prototypes_.shape == (0, 4)
    assert (states.labels_ == -1).all()


def test_one_blob_has_no_states():
    states = DensityClustering(min_cluster_size=50).fit(blobs(sizes=(1000,))[0])
    assert states.prototypes_.shape == (0, 6)
    assert (states.labels_ == -1).all()
    assert np.isnan(states.validity_)


@pytest.mark.parametrize("n", [3, 4, 8])
def test_few_rows_are_noise_and_no_crash(n):
    rows = np.random.default_rng(0).normal(size=(n, 5))
    assert (DensityClustering(min_cluster_size=2).fit(rows).labels_ == -1).all()


def test_too_few_rows_are_refused():
    for rows, size in ((2, 100), (50, 2)):
        with pytest.raises(ExtractionError, match="at least 3"):
            DensityClustering(subsample=size).fit(np.zeros((rows, 2)))


def test_a_state_of_one_row_is_refused():
    with pytest.raises(ExtractionError, match="min_cluster_size: got 1"):
        DensityClustering(min_cluster_size=1).fit(blobs()[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(value):
    rows, _ = blobs()
    states = DensityClustering(**SETTINGS).fit(rows)
    rows[[7, 11], 2] = value
    for method in (states.fit, states.predict):
        with pytest.raises(ExtractionError, match=r"2 of 1000 rows are not finite.*row 7"):
            method(rows)


def test_another_number_of_units_is_refused():
    states = DensityClustering(**SETTINGS).fit(blobs()[0])
    with pytest.raises(ExtractionError, match="got 5 units; the states were found in 6"):
        states.predict(np.zeros((2, 5)))


def test_sizes_that_share_a_tree_find_what_a_fresh_hdbscan_finds(monkeypatch):
    grown = []
    grow = hdbscan_._hdbscan_boruvka_kdtree

    def _hdbscan_boruvka_kdtree(*args, **kwargs):
        grown.append(1)
        return grow(*args, **kwargs)

    monkeypatch.setattr(hdbscan_, "_hdbscan_boruvka_kdtree", _hdbscan_boruvka_kdtree)
    sample = draw_sample(blobs(spread=0.3)[0], 600, 0)
    sizes = (3, 10, 50, 150)
    shared = [DensityClustering(min_cluster_size=m).fit_sample(sample) for m in sizes]
    assert len(grown) == 1
    found = set()
    for size, states in zip(sizes, shared, strict=True):
        fresh = hdbscan.HDBSCAN(
            min_cluster_size=size,
            min_samples=10,
            algorithm="boruvka_kdtree",
            approx_min_span_tree=False,
            gen_min_span_tree=True,
            core_dist_n_jobs=1,
        ).fit(sample.reduced(0.99))
        assert len(states.prototypes_) == fresh.labels_.max() + 1
        prototypes = [
            sample.rows[fresh.labels_ == k].mean(axis=0, dtype=np.float64)
            for k in range(fresh.labels_.max() + 1)
        ]
        assert sorted(map(tuple, states.prototypes_)) == sorted(map(tuple, prototypes))
        assert sorted(states.persistence_) == sorted(fresh.cluster_persistence_)
        found.add(len(prototypes))
    assert len(found) > 1  # else the sizes were no test


def test_another_share_of_variance_is_not_taken_from_memory():
    sample = draw_sample(blobs()[0], 600, 0)
    assert sample.reduced(0.999).shape[1] > sample.reduced(0.4).shape[1]
    assert sample.reduced(0.4) is sample.reduced(0.4)


def test_nearest_is_the_nearest_within_its_limit():
    rng = np.random.default_rng(0)
    rows, prototypes = rng.normal(size=(500, 7)), rng.normal(size=(9, 7))
    limits = rng.uniform(0.5, 4, size=9)
    distance = np.linalg.norm(rows[:, None] - prototypes, axis=2)
    closest = distance.argmin(axis=1)
    expected = np.where(distance.min(axis=1) <= limits[closest], closest, -1)
    assert {-1, 0} <= set(expected.tolist())
    for block in (1, 64, 8192):
        np.testing.assert_array_equal(nearest(rows, prototypes, limits, block), expected)


def test_nothing_is_near_no_prototype():
    assert (nearest(np.zeros((4, 3)), np.empty((0, 3)), np.empty(0)) == -1).all()


def test_rows_beyond_reach_are_noise():
    rows, truth = blobs()
    states = DensityClustering(**SETTINGS, reach=2).fit(rows)
    direction = np.ones(6) / np.sqrt(6)
    for times, label in ((1.9, 0), (2.1, -1)):
        row = states.prototypes_[0] + times * states.radii_[0] * direction
        assert states.predict(row[None]).tolist() == [label]
    own = np.linalg.norm(rows[truth == 0] - states.prototypes_[0], axis=1)
    assert np.mean(own <= radius(rows[truth == 0], states.prototypes_[0])) == 0.99


def test_predict_keeps_the_leading_axes():
    rows, _ = blobs()
    states = DensityClustering(**SETTINGS).fit(rows)
    shaped = states.predict(rows.reshape(10, 100, 6))
    np.testing.assert_array_equal(shaped.ravel(), states.labels_)


def test_k_means_has_no_noise_and_numbers_the_commonest_first():
    rows, truth = blobs()
    order = np.random.default_rng(0).permutation(len(rows))
    activity = rows[order].reshape(10, 100, 6)
    tokens = np.zeros((10, 100), dtype=int)
    states = KMeansExtractor(n_states=4).fit(activity, tokens)
    np.testing.assert_array_equal(states.labels_.ravel(), truth[order])
    assert np.isnan(states.persistence_).all()
