"""The ReLU toy model of superposition (Elhage et al., arXiv 2209.10652), trained as one batch.

``x' = ReLU(W^T h + b)`` with ``h = W x``, or ``h = ReLU(W x)`` where the hidden units are to be a
basis of their own. Features are 0 but for a share of inputs, the density, where they are uniform
on [0, 1]; the loss is the squared error weighted by importance. Models of all kinds, densities and
seeds are one tensor; those of one seed begin with the same weights and see the same random numbers.

Linear hidden units are no special basis for the loss, but for Adam they are a little: it scales
every weight's step by itself, and a direction's largest weight ends with .42 to .52 of its squared
length where that of random directions has .55 (plain gradient descent: .57). So a rotation helps a
probe of one linear unit, by .02 to .05 of F1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chunkscope.probing.superposition.settings import HIDDEN, Hidden, ToySettings
from chunkscope.randomness import integer_seed

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ToyModel:
    """One trained model.

    Attributes:
        hidden: kind of its hidden units.
        density: probability that a feature was active in training.
        seed: number of its draw.
        weight: (unit, feature) W.
        bias: (feature,) b.
        loss: mean weighted squared error of the last tenth of the training.
    """

    hidden: Hidden
    density: float
    seed: int
    weight: Values
    bias: Values
    loss: float

    def activity(self, inputs: Values) -> Values:
        """(row, unit) hidden activity of ``inputs (row, feature)``."""
        hidden = inputs @ self.weight.T
        return np.maximum(hidden, 0) if self.hidden == "relu" else hidden

    @property
    def norm(self) -> Values:
        """(feature,) length of each feature's direction, near 1 if it is represented."""
        return np.asarray(np.linalg.norm(self.weight, axis=0))

    @property
    def interference(self) -> Values:
        """(feature,) sum of squared projections of the other features on its direction."""
        overlap = self.weight.T @ self.weight
        squared = (overlap / np.maximum(self.norm, 1e-12)[:, None]) ** 2
        return np.asarray(squared.sum(axis=1) - np.diag(squared))


def train_toys(settings: ToySettings, seed: int) -> list[ToyModel]:
    """Train every model of the sweep.

    Args:
        seed: root of the random streams.
    """
    kinds = [(h, d, s) for h in HIDDEN for d in settings.densities for s in range(settings.seeds)]
    weight = _initial_weights(settings, seed).repeat(len(kinds) // settings.seeds, 1, 1)
    bias = torch.zeros(len(kinds), 1, settings.features)
    relu = torch.tensor([hidden == "relu" for hidden, _, _ in kinds]).view(-1, 1, 1)
    losses = _train(weight, bias, relu, settings, seed)
    return [
        ToyModel(*kind, w.double().numpy(), b.double().numpy()[0], float(loss))
        for kind, w, b, loss in zip(kinds, weight, bias, losses, strict=True)
    ]


def _initial_weights(settings: ToySettings, seed: int) -> Tensor:
    """(seed, unit, feature), as wide as Glorot's."""
    spread = math.sqrt(2 / (settings.features + settings.hidden))
    shape = settings.hidden, settings.features
    return spread * torch.stack(
        [
            torch.randn(shape, generator=_generator(seed, "weights", s))
            for s in range(settings.seeds)
        ]
    )


def _train(weight: Tensor, bias: Tensor, relu: Tensor, settings: ToySettings, seed: int) -> Tensor:
    """Trains ``weight (model, unit, feature)`` and ``bias`` in place; (model,) final losses."""
    importance = settings.decay ** torch.arange(settings.features)
    draws = [_generator(seed, "inputs", s) for s in range(settings.seeds)]
    optimizer = torch.optim.Adam(
        [weight.requires_grad_(), bias.requires_grad_()], settings.learning_rate
    )
    total, last = torch.zeros(len(weight)), max(1, settings.steps // 10)
    for step in range(settings.steps):
        share = (1 + math.cos(math.pi * step / settings.steps)) / 2
        optimizer.param_groups[0]["lr"] = share * settings.learning_rate
        inputs = _inputs(settings, draws)
        hidden = inputs @ weight.mT
        hidden = torch.where(relu, hidden.relu(), hidden)
        error = (hidden @ weight + bias).relu() - inputs
        losses = (importance * error.square()).sum(-1).mean(-1)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
        if step >= settings.steps - last:
            total += losses.detach() / last
    weight.requires_grad_(False)
    bias.requires_grad_(False)
    return total


def _inputs(settings: ToySettings, draws: list[torch.Generator]) -> Tensor:
    """(model, row, feature); models of one seed differ in which features are silent."""
    shape = 2, settings.batch, settings.features
    uniform = torch.stack([torch.rand(shape, generator=generator) for generator in draws])
    densities = torch.tensor(settings.densities).view(-1, 1, 1, 1)
    inputs = uniform[:, 0] * (uniform[:, 1] < densities)  # (density, seed, row, feature)
    return inputs.flatten(0, 1).repeat(len(HIDDEN), 1, 1)


def _generator(seed: int, *names: str | int) -> torch.Generator:
    return torch.Generator().manual_seed(integer_seed(seed, "probing", "toy", *names))
