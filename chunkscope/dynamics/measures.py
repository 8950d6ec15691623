"""All measures by one interface: systems in, a matrix of dissimilarities out.

================  ==========================  ======================================================
measure           unit                        what it compares
================  ==========================  ======================================================
``dsa``           radians, 0 to pi            how delayed activity steps on
``wasserstein``   distance of eigenvalues     the eigenvalues of that step alone
``cka``           0..1                        the layout of the same trials
``debiased_cka``  0..1                        the same, whatever the number of units
``procrustes``    0..1                        the same, by the best rotation
================  ==========================  ======================================================

Lower is more alike in all of them; their units differ, so that no two share an axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from chunkscope.dynamics.geometry import cka, debiased_cka, dissimilarity, procrustes
from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.settings import AlignmentSettings, DelaySettings, MeasureName
from chunkscope.dynamics.similarity import Pair, all_pairs, angles, spectral_distances
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]

UNITS: dict[MeasureName, str] = {
    "dsa": "radians",
    "wasserstein": "distance of eigenvalues",
    "cka": "0..1",
    "debiased_cka": "0..1",
    "procrustes": "0..1",
}
"""The unit of each measure."""

SIMILARITIES = {"cka": cka, "debiased_cka": debiased_cka, "procrustes": procrustes}
"""Those that compare the same trials, row by row."""

MEASURES: tuple[MeasureName, ...] = get_args(MeasureName)


def compare(
    systems: Sequence[Trials],
    measures: Sequence[MeasureName],
    delays: DelaySettings,
    alignment: AlignmentSettings | None = None,
) -> dict[MeasureName, Values]:
    """(system, system) dissimilarities by each of the measures, symmetric, 0 on the diagonal.

    Example:
        >>> compare([trained, untrained], ["dsa", "cka"], DelaySettings(delays=5, rank=10))["dsa"]

    Raises:
        DynamicsError: the systems do not fit a measure or the settings.
    """
    pairs = all_pairs(len(systems))
    first, second = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    found: dict[MeasureName, Values] = {}
    for measure, values in compare_pairs(systems, pairs, measures, delays, alignment).items():
        found[measure] = np.zeros((len(systems), len(systems)))
        found[measure][first, second] = found[measure][second, first] = values
    return found


def compare_pairs(
    systems: Sequence[Trials],
    pairs: Sequence[Pair],
    measures: Sequence[MeasureName],
    delays: DelaySettings,
    alignment: AlignmentSettings | None = None,
) -> dict[MeasureName, Values]:
    """(pair,) dissimilarities of the systems at these pairs of places, by each of the measures.

    Raises:
        DynamicsError: the systems do not fit a measure or the settings.
    """
    found: dict[MeasureName, Values] = {}
    operators = []
    if not set(measures) <= set(SIMILARITIES):
        operators = [fit_operator(system, delays) for system in systems]
    for measure in measures:
        if measure == "dsa":
            found[measure] = angles(operators, pairs, alignment)
        elif measure == "wasserstein":
            found[measure] = spectral_distances(operators, pairs)
        else:
            similarity = SIMILARITIES[measure]
            found[measure] = np.array(
                [dissimilarity(similarity(systems[i], systems[j])) for i, j in pairs]
            )
    return found


def split_half(
    systems: Sequence[Trials],
    measures: Sequence[MeasureName],
    delays: DelaySettings,
    rng: np.random.Generator,
    alignment: AlignmentSettings | None = None,
) -> dict[MeasureName, Values]:
    """(system,) what random halves of each one's trials differ by: beneath it nothing is told.

    By those of the measures alone that do not compare trial by trial. (Of those that do, halves of
    the units would be a floor, but not here: principal components of one system do not correlate.)

    Raises:
        DynamicsError: half of the trials do not fit the settings.
    """
    halves = [half for system in systems for half in _halves(system, rng)]
    pairs = [(2 * place, 2 * place + 1) for place in range(len(systems))]
    by_step = [measure for measure in measures if measure not in SIMILARITIES]
    return compare_pairs(halves, pairs, by_step, delays, alignment)


def _halves(system: Trials, rng: np.random.Generator) -> list[Trials]:
    if system.shape[0] < 2:
        raise DynamicsError("split half: got 1 trial; give at least two")
    return [system.take(half) for half in np.array_split(rng.permutation(system.shape[0]), 2)]
