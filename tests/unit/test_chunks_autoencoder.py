"""The autoencoder finds planted sparse codes, keeps k latents, and says how well it does."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.decomposition import PCA

from chunkscope.chunks.extractors.autoencoder import AutoencoderExtractor
from chunkscope.chunks.prototype_settings import AutoencoderSettings
from chunkscope.errors import ExtractionError


def planted(active: int, directions: int = 12, units: int = 24, seed: int = 0):
    """Activity (40, 80, unit): a constant and ``active`` random directions, by random amounts."""
    rng = np.random.default_rng(seed)
    axes = rng.standard_normal((directions, units))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    scores = rng.random((40, 80, directions))
    chosen = scores.argsort(axis=-1).argsort(axis=-1) >= directions - active
    codes = chosen * rng.uniform(1, 3, chosen.shape)
    return (codes @ axes + 5.0).astype(np.float32), codes, axes


def fitted(activations: np.ndarray, **settings) -> AutoencoderExtractor:
    tokens = np.zeros(activations.shape[:2], dtype=np.int64)
    return AutoencoderExtractor(**settings).fit(activations, tokens)


@pytest.fixture(scope="module")
def two():
    """An autoencoder of activity with two active directions, and what was planted."""
    activations, _, axes = planted(active=2)
    found = fitted(activations, latents=32, active=2, epochs=150, learning_rate=1e-2)
    return found, activations, axes


def test_planted_sparse_codes_are_reconstructed(two):
    found, activations, axes = two
    assert found.explained_variance_ > 0.97
    overlap = np.abs(found.directions_ @ axes.T).max(axis=0)
    assert np.median(overlap) > 0.98  # a latent for each direction that was planted
    best = PCA(2).fit(activations.reshape(-1, 24))
    assert found.explained_variance_ > best.explained_variance_ratio_.sum() + 0.3


def test_exactly_k_latents_are_active_and_those_are_the_largest(two):
    found, activations, _ = two
    latents = found.encode(activations)
    assert latents.shape == (40, 80, 32)
    assert (latents >= 0).all()
    np.testing.assert_array_equal((latents > 0).sum(axis=-1), 2)
    np.testing.assert_array_equal(found.labels_, latents.argmax(axis=-1))


def test_the_explained_variance_is_that_of_the_decoded_activity(two):
    found, activations, _ = two
    decoded = found.decode(found.encode(activations))
    error = ((activations - decoded) ** 2).sum()
    total = ((activations - activations.mean(axis=(0, 1))) ** 2).sum()
    assert found.explained_variance(activations) == pytest.approx(1 - error / total, abs=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.directions_, axis=1), 1, atol=1e-5)


def test_latents_are_in_the_units_of_the_activity(two):
    found, activations, _ = two
    louder = fitted(3 * activations, latents=32, active=2, epochs=150, learning_rate=1e-2)
    assert louder.explained_variance_ == pytest.approx(found.explained_variance_, abs=0.03)
    once, thrice = found.encode(activations), louder.encode(3 * activations)
    assert thrice[thrice > 0].mean() == pytest.approx(3 * once[once > 0].mean(), rel=0.05)


def test_one_active_direction_is_a_state_of_its_own():
    activations, codes, _ = planted(active=1)
    found = fitted(activations, latents=48, active=1, epochs=100, learning_rate=1e-2)
    which = codes.argmax(axis=-1)
    purity = sum(
        np.bincount(which[found.labels_ == state]).max() for state in np.unique(found.labels_)
    )
    assert purity / which.size > 0.95
    for state in range(3):  # the commonest first, each near the mean of its members
        own = activations[found.labels_ == state]
        assert np.linalg.norm(found.prototypes_[state] - own.mean(axis=0)) < 0.3


def test_unused_latents_are_counted_as_dead():
    activations, _, _ = planted(active=2)
    many = fitted(activations, latents=200, active=2)
    assert many.dead_ > 0
    active = (many.encode(activations) > 0).any(axis=(0, 1)).sum()
    assert active >= 200 - many.dead_  # held-out steps may wake one
    assert len(many.prototypes_) <= active


def test_held_out_sequences_are_not_trained_on():
    activations, _, _ = planted(active=2)
    other = activations.copy()
    other[30:] = planted(active=2, seed=9)[0][30:]
    one, two = (fitted(rows, latents=16, active=2) for rows in (activations, other))
    np.testing.assert_array_equal(one.directions_, two.directions_)
    assert two.explained_variance_ < one.explained_variance_ - 0.3


def test_constant_activity_has_no_states():
    found = fitted(np.full((4, 10, 3), 0.5, dtype=np.float32), latents=8, active=2)
    assert (found.labels_ == -1).all()
    assert found.prototypes_.shape == (0, 3)
    assert found.dead_ == 8
    assert np.isnan(found.explained_variance_)


def test_more_active_latents_than_latents_are_refused():
    with pytest.raises(ExtractionError, match="active: got 9 of 8 latents"):
        fitted(np.zeros((4, 10, 3), dtype=np.float32), latents=8, active=9)
    with pytest.raises(ValidationError, match="got 9 active of 8 latents"):
        AutoencoderSettings(latents=8, active=9)
