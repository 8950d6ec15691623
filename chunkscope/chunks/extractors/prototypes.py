"""Prototypes: directions that every step of activity is near to (unsupervised chunk discovery).

K vectors D of the activity's width are moved by Adam so that each step's activity X has a large
cosine with the nearest of them (Wu et al., arXiv 2502.01803):

    L(D) = - mean over steps m of max over prototypes k of cos(D_k, X_m).

A prototype that is the nearest of no step gets no gradient and stays where it was drawn: it is
dead. The more prototypes there are, the more of them are dead, unless they are revived.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
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


class PrototypeExtractor(Extractor):
    """``prototypes`` directions; a step belongs to that with the largest cosine.

    Only directions matter: activity that is twice as large has the same labels. A row of zeros has
    no direction, teaches nothing and is noise.

    Example:
        >>> extractor = PrototypeExtractor(prototypes=32).fit(activations, tokens)
        >>> extractor.dead_, extractor.loss(new_activations)

    The other parameters are those of
    :class:`chunkscope.chunks.prototype_settings.PrototypeSettings`.

    Attributes after ``fit``, besides those of :class:`Extractor`:
        directions_: (state, unit) of length 1, the commonest first, without the dead ones.
        prototypes_: (state, unit) the directions, each as long as its members are along it.
        dead_: how many of the prototypes were the nearest of no fitted row.
    """

    def __init__(
        self,
        *,
        prototypes: int = 32,
        epochs: int = 30,
        batch: int = 512,
        learning_rate: float = 1e-2,
        revive_every: int | None = None,
        subsample: int = 10_000,
        random_state: int = 0,
    ) -> None:
        self.prototypes = prototypes
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.revive_every = revive_every
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> PrototypeExtractor:
        """Move the prototypes over a subsample of the steps.

        Raises:
            ExtractionError: see :func:`check_activity`; or there are more prototypes than
                different rows.
        """
        check_activity(activations, tokens)
        rows = rows_with_direction(activations, self.subsample, self.random_state)
        self._check_enough(rows)
        rng = stream(self.random_state, "prototypes")
        drawn = rng.standard_normal((self.prototypes, rows.shape[1]), dtype=np.float32)
        found = self._descend(_directions(rows), torch.from_numpy(drawn), rng)
        self._keep_live(rows, functional.normalize(found).numpy())
        self.labels_ = self.predict(activations)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The direction nearest to every step of ``activations (..., unit)``; -1 for zeros."""
        check_units(activations, self.directions_.shape[1])
        rows = finite_rows(activations)
        labels = _nearest(rows, self.directions_)
        labels[(rows == 0).all(axis=1)] = NOISE
        return labels.reshape(activations.shape[:-1])

    def loss(self, activations: Activations) -> float:
        """L of ``activations (..., unit)``: from -1, every step lies on a direction, to 1."""
        check_units(activations, self.directions_.shape[1])
        directions = torch.from_numpy(self.directions_)
        return loss(_directions(finite_rows(activations)), directions)

    def _check_enough(self, rows: NDArray[np.float32]) -> None:
        different = len(np.unique(rows, axis=0))
        if not 1 <= self.prototypes <= different:
            raise ExtractionError(
                f"prototypes: got {self.prototypes} for activity with {different} different rows "
                "other than zero; take at least 1 and at most as many as there are rows"
            )

    def _descend(self, rows: Tensor, prototypes: Tensor, rng: np.random.Generator) -> Tensor:
        """The prototypes after all epochs, with revival between stages of ``revive_every``."""
        stages = list(_stages(self.epochs, self.revive_every))
        for stage, epochs in enumerate(stages):
            if stage:
                prototypes = revive(rows, prototypes)
            prototypes = descend(rows, prototypes, epochs, self.batch, self.learning_rate, rng)
        return prototypes

    def _keep_live(self, rows: NDArray[np.float32], directions: NDArray[np.float32]) -> None:
        """Keep what is the nearest of some row, the commonest first so that ids are canonical."""
        labels = _nearest(rows, directions)
        members = np.bincount(labels, minlength=len(directions))
        order = np.argsort(-members, kind="stable")[: np.count_nonzero(members)]
        self.dead_ = int((members == 0).sum())
        self.directions_ = directions[order]
        owned = [rows[labels == prototype].astype(np.float64) for prototype in order]
        lengths = [(own @ d).mean() for own, d in zip(owned, self.directions_, strict=True)]
        self.prototypes_ = self.directions_.astype(np.float64) * np.array(lengths)[:, None]
        self.radii_ = radii(owned, self.prototypes_)
        self.persistence_ = np.full(len(order), np.nan)
        self.sweep_ = pd.DataFrame(
            {"states": [len(order)], "dead": [self.dead_], "loss": [self.loss(rows)]}
        ).assign(chosen=True)


def rows_with_direction(
    activations: Activations, subsample: int, random_state: int
) -> NDArray[np.float32]:
    """The drawn steps (row, unit) that prototypes are fitted to: those that are not all zeros."""
    flat = activations.reshape(-1, activations.shape[-1])
    rows = draw_sample(flat, subsample, random_state).rows
    return finite_rows(rows[(rows != 0).any(axis=1)])


def descend(
    rows: Tensor,
    prototypes: Tensor,
    epochs: int,
    batch: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> Tensor:
    """Prototypes (prototype, unit) after Adam on L over minibatches of ``rows (row, unit)``.

    The gradient is written out, since only the nearest prototype of a row feels it: with d = D/|D|
    and S_k the sum of the rows nearest to k, dL/dD_k = -(S_k - (S_k . d_k) d_k) / (|D_k| M).

    Args:
        rows: of length 1, or 0 where there is no direction.
    """
    moved = prototypes.clone()
    optimizer = torch.optim.Adam([moved], lr=learning_rate, fused=True)
    for _ in range(epochs):
        shuffled = rows[torch.from_numpy(rng.permutation(len(rows)))]
        for part in shuffled.split(batch):
            lengths = moved.norm(dim=1, keepdim=True)
            directions = moved / lengths
            nearest = (part @ directions.T).argmax(dim=1)
            sums = torch.zeros_like(moved).index_add_(0, nearest, part)
            along = (sums * directions).sum(dim=1, keepdim=True)
            moved.grad = (along * directions - sums) / (lengths * len(part))
            optimizer.step()
    return moved


def revive(rows: Tensor, prototypes: Tensor) -> Tensor:
    """Prototypes of which each dead one points to the row that all others fit worst, in turn."""
    revived, lengths = prototypes.clone(), prototypes.norm(dim=1)
    fit, nearest = (rows @ functional.normalize(prototypes).T).max(dim=1)
    live = torch.bincount(nearest, minlength=len(prototypes)) > 0
    for dead in torch.nonzero(~live).flatten().tolist():
        worst = rows[fit.argmin()]
        revived[dead] = worst * lengths[dead]
        fit = torch.maximum(fit, rows @ worst)
    return revived


def loss(rows: Tensor, directions: Tensor) -> float:
    """L of ``rows (row, unit)`` and ``directions (prototype, unit)``, both of length 1."""
    return -float((rows @ directions.T).amax(dim=1).mean())


def _stages(epochs: int, length: int | None) -> Iterator[int]:
    """Epochs of each stage between two revivals."""
    length = length or epochs
    for start in range(0, epochs, length):
        yield min(length, epochs - start)


def _directions(rows: NDArray[np.float32]) -> Tensor:
    """Rows of length 1; a row of zeros stays."""
    return functional.normalize(torch.from_numpy(rows))


def _nearest(rows: NDArray[np.float32], directions: NDArray[np.float32]) -> Labels:
    """The direction with the largest cosine, which the row's own length does not change."""
    return (rows @ directions.T).argmax(axis=1).astype(np.int64)
