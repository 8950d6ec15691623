"""A Gaussian mixture with one shape: what k-means cannot part, it parts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from chunkscope.chunks.extractors.kmeans import KMeansExtractor
from chunkscope.chunks.extractors.mixture import MixtureExtractor
from chunkscope.errors import ExtractionError


def stripes(seed=0):
    """Three long thin clouds side by side, of unlike size; (30, 50, 4) and the cloud of each."""
    rng = np.random.default_rng(seed)
    which = rng.choice(3, size=(30, 50), p=[0.5, 0.3, 0.2])
    noise = rng.normal(size=(30, 50, 4)) * [1.2, 0.25, 0.25, 0.25]
    noise[..., 1] += 2 * which
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return (noise @ turn).astype(np.float32), which


def test_long_clouds_are_parted_where_k_means_cuts_across_them():
    activity, which = stripes()
    mixture = MixtureExtractor(n_states=3, variance=0.9999).fit(activity, which)
    means = KMeansExtractor(n_states=3).fit(activity, which)
    assert adjusted_rand_score(which.ravel(), mixture.labels_.ravel()) > 0.98
    assert adjusted_rand_score(which.ravel(), means.labels_.ravel()) < 0.5
    np.testing.assert_array_equal(mixture.labels_, which)  # the commonest first
    for state, prototype in enumerate(mixture.prototypes_):
        np.testing.assert_allclose(prototype, activity[which == state].mean(axis=0), atol=0.2)


def test_labels_are_those_of_scikit_learn_without_the_pca():
    activity, tokens = stripes(1)
    rows = activity.reshape(-1, 4).astype(np.float64)
    ours = MixtureExtractor(n_states=3, variance=0.9999).fit(activity, tokens)
    theirs = (
        GaussianMixture(3, covariance_type="tied", random_state=0, n_init=4).fit(rows).predict(rows)
    )
    assert adjusted_rand_score(theirs, ours.labels_.ravel()) > 0.99


def test_more_states_than_different_rows_is_one_sentence():
    rows = np.repeat(np.eye(3), 20, axis=0).reshape(6, 10, 3).astype(np.float32)
    tokens = np.zeros((6, 10), dtype=int)
    for extractor in (MixtureExtractor, KMeansExtractor):
        assert len(extractor(n_states=3).fit(rows, tokens).prototypes_) == 3
        with pytest.raises(ExtractionError, match=r"n_states: got 4 for .* 3 different rows"):
            extractor(n_states=4).fit(rows, tokens)


def test_bad_activity_is_one_sentence():
    activity, tokens = stripes()
    for extractor in (MixtureExtractor(n_states=3), KMeansExtractor(n_states=3)):
        fitted = extractor.fit(activity, tokens)
        with pytest.raises(ExtractionError, match="3 units; the extractor was fitted to 4"):
            fitted.predict(activity[..., :3])
        with pytest.raises(ExtractionError, match="not finite"):
            fitted.predict(np.full((1, 4), np.nan))
