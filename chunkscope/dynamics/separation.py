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
    if distances.shape != (len(labels), len(labels)):
        raise DynamicsError(
            f"groups: got {len(labels)} for distances of shape {distances.shape}; give one to "
            "every system"
        )
    found = _means(distances, labels)
    if not np.isfinite(found).all():
        raise DynamicsError(
            "groups: there must be two of them, and one with two systems, to compare within and "
            "across"
        )
    within, across = found
    null = [np.diff(_means(distances, rng.permutation(labels)))[0] for _ in range(draws)]
    places = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    drawn = [np.concatenate([rng.choice(own, len(own)) for own in places]) for _ in range(draws)]
    spread = [np.diff(_means(distances, labels[at], at))[0] for at in drawn]
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return Separation(
        within=within,
        across=across,
        low=float(low),
        high=float(high),
        p=against_null(across - within, null).p,
        auc=_auc(distances, labels),
        systems=len(labels),
    )


def _means(
    distances: Values, labels: NDArray[np.intp], at: NDArray[np.intp] | None = None
) -> tuple[float, float]:
    """Mean distance within and across; of systems drawn ``at`` places, no pair of one with itself.

    NaN where there is no such pair.
    """
    places = np.arange(len(labels)) if at is None else at
    first, second = np.triu_indices(len(places), 1)
    pairs = places[first] != places[second]
    same = labels[first] == labels[second]
    values = distances[places[first], places[second]]
    chosen = (values[pairs & same], values[pairs & ~same])
    within, across = (float(part.mean()) if part.size else float("nan") for part in chosen)
    return within, across


def _auc(distances: Values, labels: NDArray[np.intp]) -> float:
    first, second = np.triu_indices(len(labels), 1)
    same = labels[first] == labels[second]
    apart = distances[first, second]
    difference = apart[~same][:, None] - apart[same]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)
