"""The sparse autoencoder finds a planted dictionary, and its penalty buys sparseness."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from chunkscope.errors import NeuronError
from chunkscope.neurons.latents.autoencoder import BLOCK, SparseAutoencoder
from chunkscope.neurons.latents.settings import LatentSettings

UNITS, ATOMS = 24, 36


def planted(seed, rows=4000):
    """Activity (row, unit): 1 and about two of 36 directions, by amounts of 1 to 3."""
    directions = np.random.default_rng(7).standard_normal((ATOMS, UNITS))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    codes = (rng.random((rows, ATOMS)) < 0.06) * rng.uniform(1, 3, (rows, ATOMS))
    return (codes @ directions + 1.0).astype(np.float32), codes, directions


def fitted(rows, random_state=0, **settings):
    return SparseAutoencoder(LatentSettings(**settings), random_state).fit(rows)


def learnt(autoencoder):
    """All that was learnt, as bytes."""
    names = ("directions_", "encoder_", "threshold_", "bias_")
    return [getattr(autoencoder, name).tobytes() for name in names]


@pytest.fixture(scope="module")
def long():
    """Trained until it has found what was planted."""
    return fitted(planted(0)[0], steps=2000, penalty=0.5)


@pytest.fixture(scope="module")
def short():
    return fitted(planted(0)[0], steps=100)


def test_more_planted_directions_than_units_are_found(long):
    rows, codes, directions = planted(1)
    cosine = long.directions_ @ directions.T
    assert (cosine.max(0) > 0.95).all()
    own = cosine.argmax(0)
    assert len(set(own)) == ATOMS  # a latent each
    latents = long.encode(rows)[:, own]
    r = [np.corrcoef(latents[:, atom], codes[:, atom])[0, 1] for atom in range(ATOMS)]
    assert min(r) > 0.8
    assert (latents > 0)[codes > 0].mean() > 0.9  # nearly wherever the direction was added
    assert (latents > 0)[codes == 0].mean() < 0.1  # and hardly anywhere else
    np.testing.assert_allclose(long.bias_, 1, atol=0.2)  # the constant is no latent's matter
    axes = np.linalg.svd(rows - rows.mean(0), full_matrices=False)[2]
    assert np.abs(axes @ directions.T).max() < 0.9  # principal axes are none of them


def test_directions_have_length_1(long, short):
    for autoencoder in (long, short):
        np.testing.assert_allclose(np.linalg.norm(autoencoder.directions_, axis=1), 1, atol=1e-6)


def test_what_is_active_falls_short_by_half_the_penalty():
    # (a - f)^2 + penalty f is least at f = a - penalty / 2, in the units of the scaled rows
    rng = np.random.default_rng(0)
    amounts = rng.uniform(2, 4, 3000).astype(np.float32)
    rows = amounts[:, None] * np.eye(8, dtype=np.float32)[rng.integers(8, size=3000)]
    scale = np.sqrt(8) / amounts.mean()
    for penalty in (0.2, 0.6):
        found = fitted(rows, penalty=penalty, steps=1500)
        decoded = found.decode(found.encode(rows))
        short_by = (rows - decoded)[rows > 0]
        assert short_by.mean() * scale == pytest.approx(penalty / 2, rel=0.1)


def test_a_higher_penalty_buys_fewer_active_latents_for_explained_variance():
    seen, held_out = planted(0)[0], planted(1)[0]
    found = [fitted(seen, penalty=penalty) for penalty in (0.0, 0.5, 2.0, 8.0)]
    active = [each.active_share(held_out).mean() for each in found]
    explained = [each.explained_variance(held_out) for each in found]
    assert (np.diff(active) < 0).all()
    assert (np.diff(explained) < 0).all()
    assert explained[0] > 0.99  # what costs nothing leaves nothing out


def test_the_explained_variance_is_that_of_the_decoded_activity(short):
    rows = planted(1, rows=BLOCK + 1000)[0]
    latents = short.encode(rows)
    error = np.square(rows - short.decode(latents)).sum()
    total = np.square(rows - rows.mean(0)).sum()
    assert short.explained_variance(rows) == pytest.approx(1 - error / total, abs=1e-5)
    np.testing.assert_allclose(short.active_share(rows), (latents > 0).mean(0), atol=1e-3)
    assert np.isnan(short.explained_variance(np.ones((9, UNITS), np.float32)))


def test_latents_do_not_depend_on_what_is_encoded_beside_them(short):
    rows = planted(1, rows=600)[0]
    whole = short.encode(rows)
    assert whole.dtype == np.float32
    assert (whole >= 0).all()
    parts = np.concatenate([short.encode(part) for part in np.split(rows, [1, 50, 51])])
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    np.testing.assert_allclose(
        short.encode(rows.reshape(20, 30, UNITS)), whole.reshape(20, 30, -1), atol=1e-5
    )
    assert short.decode(whole.reshape(20, 30, -1)).shape == (20, 30, UNITS)


def test_no_latent_active_is_the_bias(short):
    silent = np.zeros((1, len(short.directions_)), np.float32)
    np.testing.assert_array_equal(short.decode(silent)[0], short.bias_)
    one = silent.copy()
    one[0, 3] = 2
    np.testing.assert_allclose(
        short.decode(one)[0], short.bias_ + 2 * short.directions_[3], atol=1e-6
    )


def test_louder_activity_has_louder_latents_in_the_same_directions(short):
    rows = planted(0)[0]
    louder = fitted(4 * rows, steps=100)  # a power of 2 rounds nothing
    np.testing.assert_array_equal(louder.directions_, short.directions_)
    np.testing.assert_array_equal(louder.encode(4 * rows), 4 * short.encode(rows))
    assert louder.explained_variance(4 * rows) == pytest.approx(short.explained_variance(rows))


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(short):
    rows = planted(0)[0]
    assert learnt(fitted(rows, steps=100)) == learnt(short)
    others = zip(learnt(fitted(rows, 1, steps=100)), learnt(short), strict=True)
    assert all(other != one for other, one in others)


def test_fitting_changes_neither_the_rows_nor_the_settings():
    rows = planted(0, rows=300)[0]
    before = rows.copy()
    shaped = fitted(rows.reshape(3, 100, UNITS), steps=5, ratio=3)
    np.testing.assert_array_equal(rows, before)
    assert shaped.directions_.shape == (3 * UNITS, UNITS)
    assert learnt(shaped) == learnt(fitted(rows, steps=5, ratio=3))


def test_a_silent_site_has_silent_latents():
    rows = np.zeros((200, 4), np.float32)
    silent = fitted(rows, steps=20)
    assert (silent.active_share(rows) == 0).all()
    assert np.isnan(silent.explained_variance(rows))


def test_rows_that_cannot_be_learnt_from_are_refused(short):
    rows = planted(0, rows=100)[0]
    with pytest.raises(NeuronError, match="rows: got 100; a step takes batch = 128"):
        fitted(rows)
    with pytest.raises(NeuronError, match="got 23 units; the latents are of 24"):
        short.encode(rows[:, 1:])
    rows[3, 2] = np.nan
    for refused in (lambda: fitted(rows, batch=50), lambda: short.encode(rows)):
        with pytest.raises(NeuronError, match="not finite"):
            refused()
    with pytest.raises(ValidationError, match="penalty"):
        LatentSettings(penalty=-1)
