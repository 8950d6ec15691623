"""Features on a circle: any number of them in two dimensions, each read by one unit.

Feature ``i`` is the unit vector ``x_i`` at the angle ``2 pi i / N``; unit ``i`` computes
``ReLU(a x_i . x + b)``. With ``a = 1 / (1 - cos(2 pi / N))`` and ``b = 1 - a`` it answers 1 to its
own feature and 0 to its neighbours', and so to all others: the answers of all units to all
features are the identity. The product of a unit's input norm ``a`` and its bias ``b`` goes as
``-N^4 / (4 pi^4)``: a large norm and a negative bias are the fingerprint of superposition that
arXiv 2305.01610 looks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.planted.generators import Planted, draw_labels

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Circle:
    """The construction for ``N`` features.

    Attributes:
        features: (feature, 2) unit vectors.
        norm: a, the length of every unit's input weights.
        bias: b, of every unit.
    """

    features: Values
    norm: float
    bias: float

    @classmethod
    def of(cls, count: int) -> Circle:
        """The circle of ``count`` features, at least 3 (of two, both are read by one line)."""
        angles = 2 * np.pi * np.arange(count) / count
        norm = 1 / (1 - np.cos(2 * np.pi / count))
        return cls(np.stack([np.cos(angles), np.sin(angles)], axis=1), norm, 1 - norm)

    def respond(self, points: Values) -> Values:
        """(row, unit) answers to ``points (row, 2)``."""
        return np.maximum(self.norm * points @ self.features.T + self.bias, 0)

    @property
    def asymptote(self) -> float:
        """What ``norm * bias`` tends to as features become many."""
        return -(len(self.features) ** 4) / (4 * np.pi**4)


def crowd(
    circle: Circle, rows: int, positives: float, active: float, rng: np.random.Generator
) -> tuple[Planted, Planted]:
    """The first feature among others, of which each is there with probability ``active``.

    Returns:
        The units' answers to the sum of all features that are there, and that sum, (row, 2).
    """
    present = rng.random((rows, len(circle.features))) < active
    present[:, 0] = draw_labels(rows, positives, rng)
    points = present @ circle.features
    answers = Planted(circle.respond(points), present[:, 0], np.array([0]))
    return answers, Planted(points, present[:, 0], np.array([0, 1]))
