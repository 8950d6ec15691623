"""Prototypes find planted directions, know only directions, and die unless they are revived."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from torch.nn import functional

from chunkscope.chunks.extractors.prototypes import (
    PrototypeExtractor,
    descend,
    loss,
    revive,
    rows_with_direction,
)
from chunkscope.chunks.prototype_settings import PrototypeSettings
from chunkscope.errors import ExtractionError


def planted(directions: int = 6, units: int = 10, noise: float = 0.02, seed: int = 0):
    """Activity (20, 60, unit) along random directions, at random lengths; and which direction."""
    rng = np.random.default_rng(seed)
    axes = rng.standard_normal((directions, units))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    which = rng.integers(directions, size=(20, 60))
    lengths = rng.uniform(0.5, 3, size=(20, 60, 1))
    spread = noise * rng.standard_normal((20, 60, units))
    return (lengths * (axes[which] + spread)).astype(np.float32), which, axes


def tokens_of(activations: np.ndarray) -> np.ndarray:
    return np.zeros(activations.shape[:2], dtype=np.int64)


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first = first / np.linalg.norm(first, axis=1, keepdims=True)
    return first @ (second / np.linalg.norm(second, axis=1, keepdims=True)).T


def test_planted_directions_are_found():
    activations, which, axes = planted()
    found = PrototypeExtractor(prototypes=6, epochs=60, batch=64, revive_every=5)
    found.fit(activations, tokens_of(activations))
    table = cosines(found.directions_, axes)
    rows, columns = linear_sum_assignment(-table)
    assert table[rows, columns].min() > 0.999
    assert adjusted_rand_score(which.ravel(), found.labels_.ravel()) == 1.0
    assert found.dead_ == 0


def test_the_loss_is_the_published_formula_and_falls():
    activations, _, _ = planted(noise=0.3)
    rows = activations.reshape(-1, activations.shape[-1])
    losses = []
    for epochs in (1, 5, 40):
        found = PrototypeExtractor(prototypes=6, epochs=epochs)
        found.fit(activations, tokens_of(activations))
        by_hand = -cosines(rows, found.prototypes_).max(axis=1).mean()
        assert found.loss(activations) == pytest.approx(by_hand, abs=1e-6)
        assert found.sweep_["loss"].item() == pytest.approx(by_hand, abs=1e-6)
        losses.append(by_hand)
    assert losses[0] > losses[1] > losses[2]


def test_the_gradient_written_out_is_that_of_the_formula():
    rng = np.random.default_rng(0)
    rows = functional.normalize(torch.from_numpy(rng.standard_normal((40, 5), dtype=np.float32)))
    drawn = torch.from_numpy(rng.standard_normal((4, 5), dtype=np.float32))

    automatic = drawn.clone().requires_grad_()
    optimizer = torch.optim.Adam([automatic], lr=0.01)
    for _ in range(3):  # whole batches: their order cannot matter
        optimizer.zero_grad()
        nearest = functional.cosine_similarity(rows[:, None], automatic[None], dim=2).amax(dim=1)
        (-nearest.mean()).backward()
        optimizer.step()
    torch.testing.assert_close(
        descend(rows, drawn, 3, 40, 0.01, rng), automatic.detach(), atol=1e-5, rtol=0
    )


def test_one_prototype_ends_at_the_mean_direction():
    activations, _, _ = planted(noise=0.5)
    found = PrototypeExtractor(prototypes=1, epochs=60, batch=100)
    found.fit(activations, tokens_of(activations))
    rows = activations.reshape(-1, activations.shape[-1])
    mean = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(axis=0)
    assert found.loss(activations) == pytest.approx(-np.linalg.norm(mean), abs=1e-3)


def test_only_directions_matter():
    activations, _, _ = planted()
    found = PrototypeExtractor(prototypes=6).fit(activations, tokens_of(activations))
    longer = activations * np.random.default_rng(1).uniform(0.1, 9, (20, 60, 1)).astype(np.float32)
    np.testing.assert_array_equal(found.predict(longer), found.labels_)
    assert found.loss(longer) == pytest.approx(found.loss(activations), abs=1e-6)
    assert (found.predict(-activations) != found.labels_).any()


def test_a_step_without_direction_is_noise_and_teaches_nothing():
    activations, _, _ = planted()
    silent = activations.copy()
    silent[:, ::7] = 0
    found = PrototypeExtractor(prototypes=6).fit(silent, tokens_of(silent))
    assert (found.labels_[:, ::7] == -1).all()
    assert (np.delete(found.labels_, np.s_[::7], axis=1) >= 0).all()
    assert np.isfinite(found.prototypes_).all()
    assert not (rows_with_direction(silent, 10_000, 0) == 0).all(axis=1).any()


def test_dead_prototypes_are_counted_and_dropped_and_revival_leaves_fewer():
    activations, _, _ = planted(directions=20, noise=0.1)
    dead = {}
    for revive_every in (None, 5):
        found = PrototypeExtractor(prototypes=60, revive_every=revive_every)
        found.fit(activations, tokens_of(activations))
        used = len(np.unique(found.labels_))
        assert len(found.prototypes_) == used == 60 - found.dead_
        counts = np.bincount(found.labels_.ravel(), minlength=used)
        assert (np.diff(counts) <= 0).all()  # the commonest first
        dead[revive_every] = found.dead_, found.loss(activations)
    assert dead[5][0] < dead[None][0] / 2
    assert dead[5][1] < dead[None][1]


def test_revival_moves_the_dead_alone_each_onto_the_row_that_fits_worst():
    rows = torch.eye(4)
    prototypes = torch.tensor([[3.0, 0.1, 0.1, 0.1], [-1, -1, -1, -1], [-2, -2, -2, -2]])
    revived = revive(rows, prototypes)
    torch.testing.assert_close(revived[0], prototypes[0])
    torch.testing.assert_close(revived[1], 2 * rows[1])  # as long as it was
    torch.testing.assert_close(revived[2], 4 * rows[2])
    assert loss(rows, functional.normalize(revived)) < loss(rows, functional.normalize(prototypes))


def test_prototypes_are_as_long_as_their_members():
    activations, _, _ = planted(noise=0)
    found = PrototypeExtractor(prototypes=6, epochs=60, batch=64, revive_every=5)
    found.fit(activations, tokens_of(activations))
    for state, prototype in enumerate(found.prototypes_):
        own = activations[found.labels_ == state]
        assert np.linalg.norm(prototype) == pytest.approx(
            np.linalg.norm(own, axis=1).mean(), rel=0.01
        )
    assert (found.radii_ < 1.5).all()  # lengths run from .5 to 3


def test_the_same_seed_gives_the_same_prototypes_and_another_does_not():
    activations, _, _ = planted(noise=0.5)
    tokens = tokens_of(activations)
    first, second, other = (
        PrototypeExtractor(prototypes=8, random_state=s).fit(activations, tokens) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.prototypes_, second.prototypes_)
    assert not np.array_equal(first.directions_[0], other.directions_[0])


def test_the_published_settings_can_be_chosen_and_the_defaults_fit_no_worse():
    activations, _, _ = planted(directions=12, noise=0.3)
    tokens = tokens_of(activations)
    published = PrototypeExtractor(prototypes=16, epochs=100, batch=64).fit(activations, tokens)
    assert published.learning_rate == 1e-2
    many = np.tile(activations, (8, 1, 1))  # 9600 rows
    ours = PrototypeExtractor(prototypes=16, **PrototypeSettings().model_dump())
    ours.fit(many, tokens_of(many))
    assert ours.loss(activations) < published.loss(activations) + 0.02


@pytest.mark.parametrize("prototypes", [0, 4])
def test_a_number_of_prototypes_that_the_activity_cannot_have_is_refused(prototypes):
    activations = np.tile(np.eye(3, dtype=np.float32), (4, 2, 1))
    with pytest.raises(ExtractionError, match=rf"got {prototypes} .* 3 different rows"):
        PrototypeExtractor(prototypes=prototypes).fit(activations, tokens_of(activations))


def test_activity_of_another_width_is_refused():
    activations, _, _ = planted()
    found = PrototypeExtractor(prototypes=3).fit(activations, tokens_of(activations))
    with pytest.raises(ExtractionError, match="got 4 units; the extractor was fitted to 10"):
        found.predict(activations[..., :4])
