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


def angles(
    operators: Sequence[Operator], settings: AlignmentSettings | None = None, seed: int = 0
) -> Values:
    """(system, system) angles in radians, symmetric, 0 on the diagonal; all pairs in one batch.

    Raises:
        DynamicsError: the operators differ in their ranks, or in how they were made.
    """
    return 2 * np.arcsin(np.minimum(1.0, distances(operators, settings, seed) / 2))


def distances(
    operators: Sequence[Operator], settings: AlignmentSettings | None = None, seed: int = 0
) -> Values:
    """(system, system) distances of operators of norm 1, 0 to 2; otherwise as :func:`angles`."""
    _check_alike(operators)
    n = len(operators)
    found = np.zeros((n, n))
    pairs = list(combinations(range(n), 2))
    if pairs:
        first, second = (
            np.stack([operators[pair[side]].matrix for pair in pairs]) for side in (0, 1)
        )
        apart = align(first, second, settings or AlignmentSettings(), seed).distance
        for (i, j), value in zip(pairs, apart, strict=True):
            found[i, j] = found[j, i] = value
    return found


def spectral_distances(operators: Sequence[Operator]) -> Values:
    """(system, system) Wasserstein distance of the operators' eigenvalues in the complex plane.

    The root of the mean squared distance under the best one-to-one assignment, so that the
    triangle holds (the reference implementation of DSA gives the square). Blind to eigenvectors:
    a normal operator and one that amplifies for a while may have the same eigenvalues.

    Raises:
        DynamicsError: the operators differ in their ranks, or in how they were made.
    """
    _check_alike(operators)
    spectra = [operator.eigenvalues for operator in operators]
    found = np.zeros((len(spectra), len(spectra)))
    for i, j in combinations(range(len(spectra)), 2):
        squared = np.abs(spectra[i][:, None] - spectra[j]) ** 2
        chosen = linear_sum_assignment(squared)
        found[i, j] = found[j, i] = np.sqrt(squared[chosen].mean())
    return found


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
