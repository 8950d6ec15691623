"""How far apart systems lie that belong together, and others: means, chance, spread.

A matrix of distances has more pairs than systems, and pairs that share a system hang together:
permutations deal labels to systems, and the bootstrap draws systems, both with all their pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import DynamicsError
from chunkscope.statistics.permutation import against_null

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Separation:
    """Distances within and across groups of systems.

    Attributes:
        within, across: mean distance of two systems of one group, and of two groups.
        low, high: 95 % bootstrap interval of across - within, over systems drawn within groups.
        p: one-sided, that across - within is so large when labels are dealt anew.
        auc: how often a pair across is farther apart than one within, ties half; .5 is chance.
        systems: how many.
    """

    within: float
    across: float
    low: float
    high: float
    p: float
    auc: float
    systems: int


def separation(
    distances: Values, groups: Sequence[object], rng: np.random.Generator, draws: int = 2000
) -> Separation:
    """Of ``distances (system, system)`` between systems of these ``groups (system,)``.

    Raises:
        DynamicsError: labels do not fit, or there are no pairs within, or none across.
    """
    labels = np.unique([str(group) for group in groups], return_inverse=True)[1]
    n = len(labels)
    if distances.shape != (n, n):
        raise DynamicsError(
            f"groups: got {n} for distances of shape {distances.shape}; give one to every system"
        )
    everywhere = np.arange(n)[None]
    (within,), (across,) = _means(distances, labels[None], everywhere)
    if not np.isfinite([within, across]).all():
        raise DynamicsError(
            "groups: there must be two of them, and one with two systems, to compare within and "
            "across"
        )
    dealt = np.stack([rng.permutation(labels) for _ in range(draws)])
    null = np.subtract(*_means(distances, dealt, everywhere)[::-1])
    places = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    drawn = np.concatenate([rng.choice(own, (draws, len(own))) for own in places], axis=1)
    spread = np.subtract(*_means(distances, labels[drawn], drawn)[::-1])
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return Separation(
        within=float(within),
        across=float(across),
        low=float(low),
        high=float(high),
        p=against_null(float(across - within), null).p,
        auc=_auc(distances, labels),
        systems=n,
    )


def _means(
    distances: Values, labels: NDArray[np.intp], places: NDArray[np.intp]
) -> tuple[Values, Values]:
    """(draw,) mean distances within and across of systems at ``places (draw, system)``.

    No system is a pair with itself, drawn twice; NaN where there is no pair.
    """
    first, second = np.triu_indices(labels.shape[1], 1)
    others = places[:, first] != places[:, second]
    same = labels[:, first] == labels[:, second]
    values = distances[places[:, first], places[:, second]]
    within, across = (
        np.divide(
            (values * pairs).sum(1),
            pairs.sum(1),
            out=np.full(len(pairs), np.nan),
            where=pairs.any(1),
        )
        for pairs in (others & same, others & ~same)
    )
    return within, across


def _auc(distances: Values, labels: NDArray[np.intp]) -> float:
    first, second = np.triu_indices(len(labels), 1)
    same = labels[first] == labels[second]
    apart = distances[first, second]
    difference = apart[~same][:, None] - apart[same]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)
