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

from chunkscope.dynamics.geometry import cka, debiased_cka, dissimilarities, procrustes
from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.settings import AlignmentSettings, DelaySettings, MeasureName
from chunkscope.dynamics.similarity import angles, spectral_distances
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
    found: dict[MeasureName, Values] = {}
    operators = []
    if {"dsa", "wasserstein"} & set(measures):
        operators = [fit_operator(system, delays) for system in systems]
    for measure in measures:
        if measure == "dsa":
            found[measure] = angles(operators, alignment)
        elif measure == "wasserstein":
            found[measure] = spectral_distances(operators)
        else:
            found[measure] = dissimilarities(systems, SIMILARITIES[measure])
    return found


def split_half(
    system: Trials,
    measures: Sequence[MeasureName],
    delays: DelaySettings,
    rng: np.random.Generator,
    alignment: AlignmentSettings | None = None,
) -> dict[MeasureName, float]:
    """What two random halves of one system differ by: the floor beneath which nothing is told.

    Halves of its trials, or of its units where a measure compares trial by trial. NaN where there
    are too few: a unit or a trial in each half at least, and rows enough for the delays.
    """
    trials, _, units = system.shape
    by_trial = rng.permutation(trials)[: trials // 2 * 2].reshape(2, -1)
    by_unit = rng.permutation(units)[: units // 2 * 2].reshape(2, -1)
    found: dict[MeasureName, float] = {}
    for measure in measures:
        if measure in SIMILARITIES:
            halves = [Trials(system.values[..., half], system.ids) for half in by_unit]
        else:
            halves = [system.take(half) for half in by_trial]
        if 0 in halves[0].shape:
            found[measure] = float("nan")
            continue
        try:
            found[measure] = float(compare(halves, [measure], delays, alignment)[measure][0, 1])
        except DynamicsError:
            found[measure] = float("nan")
    return found
