"""A sparse autoencoder of one site: activity is a sum of few of many learnt directions.

With activity x, latents f and unit-length directions d (Bricken et al. 2023, Towards
Monosemanticity; on rectified units as in arXiv 2410.16443)

    f = relu(E (x - b) + e)        x' = b + sum_i f_i d_i        loss = |x - x'|^2 + penalty * |f|_1

The published penalty is of activity as it is, and so of that network alone. Here activity is first
scaled so that its rows have a mean length of root(units), as in Anthropic's later recipe (Circuits
Updates, April 2024): a number is then of order 1 whatever the site and its width, and one penalty
and one learning rate serve all. What was learnt is scaled back, so that latents and directions are
in the units of the activity.

E starts as d, b as the mean. A direction's gradient along itself, which would change its length
alone, is taken off, and the length is set back to 1 after every step: else latents would escape
the penalty behind ever longer directions. Latents that die stay dead: they are those to which
:meth:`SparseAutoencoder.active_share` gives 0, in a small GPT few at the default penalty and up to
a third at 5.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from chunkscope.errors import NeuronError
from chunkscope.neurons.latents.settings import LatentSettings
from chunkscope.randomness import stream

Floats = NDArray[np.float32]

BLOCK = 8192  # rows that are encoded at once where codes are not kept, which bounds memory


class SparseAutoencoder:
    """Latents of the activity of one site.

    Example:
        >>> autoencoder = SparseAutoencoder(LatentSettings(), random_state=0).fit(seen)
        >>> latents = autoencoder.encode(held_out)          # (..., unit) -> (..., latent), >= 0
        >>> autoencoder.explained_variance(held_out), autoencoder.active_share(held_out).mean()

    On one thread the same rows, settings and seed give the same bytes.

    Attributes after ``fit``:
        directions_: (latent, unit) of length 1, what a latent of 1 adds to the activity.
        encoder_: (latent, unit) what a latent reads.
        threshold_: (latent,) what its reading must exceed; a latent is what it exceeds it by.
        bias_: (unit,) the activity in which no latent is active.
    """

    def __init__(self, settings: LatentSettings, random_state: int = 0) -> None:
        self.settings = settings
        self.random_state = random_state

    def fit(self, rows: Floats) -> SparseAutoencoder:
        """Learn from ``rows (..., unit)``.

        Raises:
            NeuronError: a value is not finite, or there are fewer rows than a step takes.
        """
        flat = _flat(rows)
        if len(flat) < self.settings.batch:
            raise NeuronError(
                f"rows: got {len(flat)}; a step takes batch = {self.settings.batch} different "
                "ones; record more sequences, or lower batch"
            )
        length = float(np.mean(np.linalg.norm(flat, axis=1)))
        scale = float(np.sqrt(flat.shape[1])) / length if length else 1.0
        rng = stream(self.random_state, "latents")
        encoder, directions, bias, offset = _learn(flat, scale, self.settings, rng)
        self.encoder_: Floats = encoder.numpy()
        self.directions_: Floats = directions.numpy()
        self.bias_: Floats = (bias / scale).numpy()
        self.threshold_: Floats = ((encoder @ bias - offset) / scale).numpy()
        return self

    def encode(self, activity: Floats) -> Floats:
        """The latents (..., latent) of ``activity (..., unit)``, at least 0 and in its units.

        Raises:
            NeuronError: a value is not finite, or there are other units than those fitted.
        """
        flat = _flat(activity)
        if flat.shape[1] != len(self.bias_):
            raise NeuronError(
                f"activity: got {flat.shape[1]} units; the latents are of {len(self.bias_)}; pass "
                "activity of the same site"
            )
        latents = flat @ self.encoder_.T
        latents -= self.threshold_
        np.maximum(latents, 0, out=latents)
        return latents.reshape(*activity.shape[:-1], -1)

    def decode(self, latents: Floats) -> Floats:
        """The activity (..., unit) that ``latents (..., latent)`` stand for."""
        activity: Floats = latents @ self.directions_
        activity += self.bias_
        return activity

    def explained_variance(self, rows: Floats) -> float:
        """1 - squared error / variance of ``rows (..., unit)``; NaN if they do not vary."""
        mean = _flat(rows).mean(0, dtype=np.float64)
        error = variance = 0.0
        for part in _blocks(rows):
            error += float(np.square(part - self.decode(self.encode(part)), dtype=np.float64).sum())
            variance += float(np.square(part - mean).sum())
        return 1 - error / variance if variance > 0 else np.nan

    def active_share(self, rows: Floats) -> NDArray[np.float64]:
        """(latent,) the share of ``rows (..., unit)`` in which each latent is above 0."""
        counts = sum((self.encode(part) > 0).sum(0) for part in _blocks(rows))
        return np.asarray(counts / len(_flat(rows)), np.float64)


def _learn(
    rows: Floats, scale: float, settings: LatentSettings, rng: np.random.Generator
) -> tuple[Tensor, ...]:
    """The encoder and the directions (latent, unit), b (unit,), e (latent,), of scaled rows."""
    units = rows.shape[1]
    drawn = rng.standard_normal((settings.ratio * units, units), dtype=np.float32)
    directions = functional.normalize(torch.from_numpy(drawn)).requires_grad_()
    encoder = directions.detach().clone().requires_grad_()
    bias = torch.from_numpy(rows.mean(0) * scale).requires_grad_()
    offset = torch.zeros(len(encoder), requires_grad=True)
    learnt = encoder, directions, bias, offset
    adam = torch.optim.Adam(learnt, settings.learning_rate, fused=True)
    for _ in range(settings.steps):
        batch = rng.choice(len(rows), settings.batch, replace=False, shuffle=False)
        x = torch.from_numpy(rows[batch] * scale)
        # E (x - b), with b inside the offset: x needs no gradient, a sixth of all products
        latents = functional.relu(functional.linear(x, encoder, offset - encoder @ bias))
        error = (torch.addmm(bias, latents, directions) - x).square().sum(1)
        adam.zero_grad()
        (error + settings.penalty * latents.sum(1)).mean().backward()
        _keep_length(directions, adam)
    return tuple(each.detach() for each in learnt)


def _keep_length(directions: Tensor, adam: torch.optim.Optimizer) -> None:
    """One step that turns the directions and leaves their length at 1."""
    gradient = directions.grad
    assert gradient is not None
    with torch.no_grad():
        gradient -= (gradient * directions).sum(1, keepdim=True) * directions
        adam.step()
        directions.copy_(functional.normalize(directions))


def _flat(rows: Floats) -> Floats:
    """``rows (..., unit)`` as (row, unit), all finite."""
    flat = np.asarray(rows, np.float32).reshape(-1, rows.shape[-1])
    if not np.isfinite(flat).all():
        raise NeuronError("activity: got values that are not finite; did the network diverge?")
    return flat


def _blocks(rows: Floats) -> Iterator[Floats]:
    flat = _flat(rows)
    yield from (flat[start : start + BLOCK] for start in range(0, len(flat), BLOCK))
