"""Activity whose carriers of a feature are known, for probes to be tried on.

Three ways in which a few units can carry a feature: each of them does (:func:`gelu`), each does
beside several other features (:func:`codes`), or two of them only do together
(:func:`suppressor_pair`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from chunkscope.probing.planted.settings import CodesSettings, GeluSettings, SuppressorSettings

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Planted:
    """Activity with a planted feature.

    Attributes:
        X: (row, unit) activity.
        y: (row,) whether the feature is there.
        support: (k,) the units that carry it, ascending.
    """

    X: Values
    y: NDArray[np.bool_]
    support: NDArray[np.int64]

    def split(self, first: int) -> tuple[Planted, Planted]:
        """The ``first`` rows, and the rest."""
        return (
            Planted(self.X[:first], self.y[:first], self.support),
            Planted(self.X[first:], self.y[first:], self.support),
        )

    def of(self, X: Values) -> Planted:
        """The same feature in other activity of the same rows."""
        return Planted(X, self.y, self.support)


def gelu(settings: GeluSettings, rng: np.random.Generator) -> Planted:
    """Units that each carry the feature: GELU of Gaussians, shifted in positive rows.

    The synthetic data on which arXiv 2305.01610 compares rankings.
    """
    y = draw_labels(settings.rows, settings.positives, rng)
    support = np.sort(rng.choice(settings.units, settings.support, replace=False))
    own = rng.standard_normal((settings.rows, settings.units))
    shared = rng.standard_normal((settings.rows, 1))
    before = np.sqrt(1 - settings.correlation) * own + np.sqrt(settings.correlation) * shared
    before[np.ix_(y, support)] += settings.shift
    return Planted(before * ndtr(before), y, support)


def codes(settings: CodesSettings, rng: np.random.Generator) -> Planted:
    """Units that carry several features each: ``ReLU(F W + noise)`` with random sparse ``W``.

    ``F (row, feature)`` says which features are active and ``W (feature, unit)`` has ``code`` ones
    in each row. The feature asked for is the first.
    """
    weights = random_codes(settings, rng)
    active = rng.random((settings.rows, settings.features)) < settings.active
    active[:, 0] = draw_labels(settings.rows, settings.positives, rng)
    noise = settings.noise * rng.standard_normal((settings.rows, settings.units))
    X = np.maximum(active @ weights + noise, 0)
    return Planted(X, active[:, 0], np.flatnonzero(weights[0]))


def random_codes(settings: CodesSettings, rng: np.random.Generator) -> Values:
    """(feature, unit) with ``code`` ones in every row, wherever they fall."""
    order = rng.permuted(np.tile(np.arange(settings.units), (settings.features, 1)), axis=1)
    return (order < settings.code).astype(np.float64)


def suppressor_pair(settings: SuppressorSettings, rng: np.random.Generator) -> Planted:
    """Units 0 and 1 carry the feature together: the one has it in noise, the other the noise.

    Unit 1 alone is independent of the feature, so that no ranking by single units can find it.
    Their difference has little noise; each of the decoys is as good alone as unit 0 or better.
    """
    y = draw_labels(settings.rows, settings.positives, rng)
    X = settings.noise * rng.standard_normal((settings.rows, settings.units))
    shared = rng.standard_normal(settings.rows)
    decoys = slice(2, 2 + settings.decoys)
    X[:, 0] += shared + settings.shift * y
    X[:, 1] += shared
    X[:, decoys] += (settings.decoy_share * shared + settings.decoy_shift * y)[:, None]
    return Planted(X, y, np.array([0, 1]))


def draw_labels(rows: int, positives: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(row,) with the share ``positives`` of positive rows, and two rows at least of each class."""
    count = np.clip(round(positives * rows), 2, rows - 2)
    labels: NDArray[np.bool_] = rng.permutation(rows) < count
    return labels
