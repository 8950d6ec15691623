"""A sparse autoencoder of our own: each step of activity is a sum of a few learnt directions.

Of a step's latents only the k largest stay (TopK; Gao et al. 2024, arXiv 2406.04093), so that no
penalty has to be weighed against the error:

    z = TopK(relu((x - b) E'))        x' = b + z W        error = |x - x'|^2

with unit-length rows of W (latent, unit). E starts as W. Latents that die are counted; nothing
revives them: with the widths of this package's networks the explained variance does not suffer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.chunks.extractors.base import (
    NOISE,
    Activations,
    Extractor,
    Labels,
    Tokens,
    check_activity,
    check_units,
)
from chunkscope.chunks.extractors.clustering import draw_sample, finite_rows, radii
from chunkscope.errors import ExtractionError
from chunkscope.randomness import stream

Rows = NDArray[np.float32]


class AutoencoderExtractor(Extractor):
    """Latents of a TopK autoencoder; a step belongs to its largest one.

    Example:
        >>> extractor = AutoencoderExtractor(latents=64, active=4).fit(activations, tokens)
        >>> extractor.explained_variance_, extractor.dead_
        >>> latents = extractor.encode(new_activations)             # (sequence, time, latent)

    The parameters are those of :class:`chunkscope.chunks.prototype_settings.AutoencoderSettings`.

    Attributes after ``fit``, besides those of :class:`Extractor`:
        directions_: (latent, unit) of length 1, what each latent adds to the activity; first those
            that are the largest of most steps.
        bias_: (unit,) the activity in which no latent is active.
        prototypes_: (state, unit) of the latents that are the largest of some step: the bias and
            the direction, as far along it as the state's steps are on average.
        dead_: how many latents are active in no fitted row.
        explained_variance_: share of the held-out sequences' variance, at most 1; NaN if they do
            not vary.
    """

    def __init__(
        self,
        *,
        latents: int = 64,
        active: int = 4,
        epochs: int = 30,
        batch: int = 256,
        learning_rate: float = 3e-3,
        held_out: float = 0.25,
        subsample: int = 10_000,
        random_state: int = 0,
    ) -> None:
        self.latents = latents
        self.active = active
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> AutoencoderExtractor:
        """Train on a subsample of all but the held-out sequences (the last ones).

        Raises:
            ExtractionError: see :func:`check_activity`; or more latents are to be active than
                there are.
        """
        check_activity(activations, tokens)
        if not 1 <= self.active <= self.latents:
            raise ExtractionError(
                f"active: got {self.active} of {self.latents} latents; take at least 1 and at most "
                "as many as there are latents"
            )
        split = len(tokens) - min(max(round(self.held_out * len(tokens)), 1), len(tokens) - 1)
        flat = activations[:split].reshape(-1, activations.shape[-1])
        rows = draw_sample(flat, self.subsample, self.random_state).rows
        self._train(rows)
        self._keep_states(rows)
        self.explained_variance_ = self.explained_variance(activations[split:])
        self.sweep_ = pd.DataFrame(
            {
                "states": [len(self.prototypes_)],
                "dead": [self.dead_],
                "explained_variance": [self.explained_variance_],
                "chosen": [True],
            }
        )
        self.labels_ = self.predict(activations)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The largest latent of every step of ``activations (..., unit)``; -1 if none is active."""
        states = self.encode(activations)[..., : len(self.prototypes_)]
        if not states.shape[-1]:
            return np.full(states.shape[:-1], NOISE, dtype=np.int64)
        return np.where(states.max(axis=-1) > 0, states.argmax(axis=-1), NOISE).astype(np.int64)

    def encode(self, activations: Activations) -> Rows:
        """The latents of ``activations (..., unit)``: (..., latent), at least 0.

        At most ``active`` of a step's latents are above 0. They have the unit of the activity: a
        latent of 1 adds its direction once.
        """
        check_units(activations, len(self.bias_))
        codes = self._model.encode(torch.from_numpy(finite_rows(activations))).numpy()
        return codes.reshape(*activations.shape[:-1], self.latents)

    def decode(self, latents: Rows) -> Rows:
        """The activity (..., unit) that latents (..., latent) stand for."""
        decoded: Rows = self.bias_ + latents @ self.directions_
        return decoded

    def explained_variance(self, activations: Activations) -> float:
        """1 - squared error / variance of ``activations (..., unit)``; NaN if they do not vary."""
        rows = finite_rows(activations)
        variance = rows.var(axis=0, dtype=np.float64).sum()
        error = ((rows - self.decode(self.encode(rows))) ** 2).sum(axis=1).mean(dtype=np.float64)
        return float(1 - error / variance) if variance > 0 else float("nan")

    def _train(self, rows: Rows) -> None:
        """Train in units in which the activity has mean 0 and variance 1, then undo them."""
        mean = rows.mean(axis=0)
        scale = float(np.sqrt(((rows - mean) ** 2).sum(axis=1).mean())) or 1.0
        rng = stream(self.random_state, "autoencoder")
        drawn = rng.standard_normal((self.latents, rows.shape[1]), dtype=np.float32)
        self._model = TopK(torch.from_numpy(drawn), self.active)
        train(
            self._model,
            torch.from_numpy((rows - mean) / scale),
            self.epochs,
            self.batch,
            self.learning_rate,
            rng,
        )
        with torch.no_grad():
            self._model.bias.mul_(scale).add_(torch.from_numpy(mean))

    def _keep_states(self, rows: Rows) -> None:
        """Number the latents by how often they are the largest; those that ever are are states."""
        codes = self._model.encode(torch.from_numpy(rows)).numpy()
        largest = np.where(codes.max(axis=1) > 0, codes.argmax(axis=1), self.latents)
        members = np.bincount(largest, minlength=self.latents + 1)[: self.latents]
        order = np.argsort(-members, kind="stable")
        self._model.reorder(torch.from_numpy(order))
        self.directions_ = self._model.decoder.detach().numpy()
        self.bias_ = self._model.bias.detach().numpy()
        self.dead_ = int((codes <= 0).all(axis=0).sum())
        states = order[: np.count_nonzero(members)]
        means = np.array([codes[largest == latent, latent].mean() for latent in states])
        moved = means[:, None] * self.directions_[: len(states)]
        self.prototypes_ = (self.bias_ + moved).astype(np.float64).reshape(-1, rows.shape[1])
        self.radii_ = radii((rows[largest == s] for s in states), self.prototypes_)
        self.persistence_ = np.full(len(states), np.nan)


class TopK(nn.Module):
    """The autoencoder: ``encoder`` and ``decoder`` (latent, unit), ``bias`` (unit,)."""

    def __init__(self, drawn: Tensor, active: int) -> None:
        super().__init__()
        self.active = active
        self.decoder = nn.Parameter(functional.normalize(drawn))
        self.encoder = nn.Parameter(functional.normalize(drawn))
        self.bias = nn.Parameter(torch.zeros(drawn.shape[1]))

    def forward(self, rows: Tensor) -> Tensor:
        """The reconstruction of ``rows (row, unit)``."""
        return self._latents(rows) @ self.decoder + self.bias

    @torch.no_grad()
    def encode(self, rows: Tensor, block: int = 8192) -> Tensor:
        """(row, latent), in blocks of rows to bound memory."""
        return torch.cat([self._latents(part) for part in rows.split(block)])

    def _latents(self, rows: Tensor) -> Tensor:
        latents = functional.relu((rows - self.bias) @ self.encoder.T)
        largest = latents.topk(self.active, dim=1)
        return torch.zeros_like(latents).scatter(1, largest.indices, largest.values)

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        """Number the latents anew."""
        self.encoder.copy_(self.encoder[order])
        self.decoder.copy_(self.decoder[order])

    @torch.no_grad()
    def normalise(self) -> None:
        """Bring every direction back to length 1, lest small latents hide behind long ones."""
        self.decoder.copy_(functional.normalize(self.decoder))


def train(
    model: TopK,
    rows: Tensor,
    epochs: int,
    batch: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> None:
    """Adam on the squared error over minibatches of ``rows (row, unit)``."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    for _ in range(epochs):
        for part in rows[torch.from_numpy(rng.permutation(len(rows)))].split(batch):
            error = ((model(part) - part) ** 2).sum(dim=1).mean()
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
            model.normalise()
