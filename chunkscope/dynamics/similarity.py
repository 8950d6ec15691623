"""Dynamical similarity (DSA): how alike two systems step on, whatever their units.

    angle = arccos max over C in O(r) of <A, C B C'>,    operators A, B of norm 1

in radians, 0 to pi, lower is more alike (Ostrow et al., arXiv 2306.10168); or the distance
||A - C B C'|| = sqrt(2 - 2 cos angle), 0 to 2. Rotations and a common scale of the units leave it
as it is, and an offset too, where activity is centred.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from chunkscope.dynamics.alignment import align
from chunkscope.dynamics.operators import Operator
from chunkscope.dynamics.settings import AlignmentSettings
from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]
Pair = tuple[int, int]


def angles(
    operators: Sequence[Operator],
    pairs: Sequence[Pair] | None = None,
    settings: AlignmentSettings | None = None,
) -> Values:
    """(pair,) angles in radians, all in one batch.

    Args:
        pairs: places of the two operators of each; every pair of them if None, in the order of
            ``itertools.combinations``.

    Raises:
        DynamicsError: the operators differ in their ranks, or in how they were made.
    """
    return 2 * np.arcsin(np.minimum(1.0, distances(operators, pairs, settings) / 2))


def distances(
    operators: Sequence[Operator],
    pairs: Sequence[Pair] | None = None,
    settings: AlignmentSettings | None = None,
) -> Values:
    """(pair,) distances of operators of norm 1, 0 to 2; otherwise as :func:`angles`."""
    _check_alike(operators)
    chosen = all_pairs(len(operators)) if pairs is None else pairs
    if not chosen:
        return np.zeros(0)
    first, second = (np.stack([operators[pair[side]].matrix for pair in chosen]) for side in (0, 1))
    return align(first, second, settings or AlignmentSettings()).distance


def spectral_distances(
    operators: Sequence[Operator], pairs: Sequence[Pair] | None = None
) -> Values:
    """(pair,) Wasserstein distances of the operators' eigenvalues in the complex plane.

    The root of the mean squared distance under the best one-to-one assignment, so that the
    triangle holds (the reference implementation of DSA gives the square). Blind to eigenvectors:
    a normal operator and one that amplifies for a while may have the same eigenvalues.

    Raises:
        DynamicsError: the operators differ in their ranks, or in how they were made.
    """
    _check_alike(operators)
    spectra = [operator.eigenvalues for operator in operators]
    found = []
    for i, j in all_pairs(len(operators)) if pairs is None else pairs:
        squared = np.abs(spectra[i][:, None] - spectra[j]) ** 2
        found.append(np.sqrt(squared[linear_sum_assignment(squared)].mean()))
    return np.array(found)


def all_pairs(systems: int) -> list[Pair]:
    """Places of every pair of systems, the first before the second."""
    return list(combinations(range(systems), 2))


def _check_alike(operators: Sequence[Operator]) -> None:
    if not operators:
        raise DynamicsError("operators: got none; compare at least one system")
    first = operators[0]
    for place, other in enumerate(operators):
        if other.matrix.shape != first.matrix.shape:
            raise DynamicsError(
                f"operators: system 0 has rank {len(first.matrix)} and system {place} rank "
                f"{len(other.matrix)}; fit all with one rank that all of them reach"
            )
        if other.settings != first.settings:
            raise DynamicsError(
                f"operators: systems 0 and {place} were fitted with different settings; fit all "
                "with the same delays, interval, centring, ridge and steps ahead"
            )
