"""What all comparisons of attractors write down: one row for every pair of systems and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from chunkscope.dynamics.attractors.settings import AttractorSettings, Variant
from chunkscope.dynamics.measures import SIMILARITIES, UNITS, compare, split_half
from chunkscope.dynamics.settings import DelaySettings, MeasureName
from chunkscope.dynamics.trials import Trials

Row = dict[str, object]


def measured_by(settings: AttractorSettings, variant: Variant) -> list[MeasureName]:
    """The measures of a variant: those that know no delays are the same in all of them."""
    if variant == "chosen":
        return list(settings.measures)
    return [measure for measure in settings.measures if measure not in SIMILARITIES]


def compare_all(
    systems: Sequence[Trials],
    names: Sequence[object],
    delays: Mapping[Variant, DelaySettings],
    settings: AttractorSettings,
) -> list[Row]:
    """A row for every variant, measure and pair of systems: ``first``, ``second``, ``distance``."""
    rows: list[Row] = []
    for variant, chosen in delays.items():
        measures = measured_by(settings, variant)
        found = compare(systems, measures, chosen, settings.alignment)
        rows += [
            row
            for measure, matrix in found.items()
            for row in _pairs(variant, measure, matrix, names)
        ]
    return rows


def floors(
    systems: Sequence[Trials],
    names: Sequence[object],
    delays: Mapping[Variant, DelaySettings],
    settings: AttractorSettings,
    rng: np.random.Generator,
) -> list[Row]:
    """What random halves of each system differ by, as rows of a system with itself."""
    rows: list[Row] = []
    for variant, chosen in delays.items():
        measures = measured_by(settings, variant)
        halves = split_half(systems, measures, chosen, rng, settings.alignment)
        rows += [
            _row(variant, measure, name, name, value)
            for measure, values in halves.items()
            for name, value in zip(names, values.tolist(), strict=True)
        ]
    return rows


def _pairs(
    variant: Variant, measure: MeasureName, matrix: NDArray[np.float64], names: Sequence[object]
) -> list[Row]:
    return [
        _row(variant, measure, names[i], names[j], float(matrix[i, j]))
        for i, j in combinations(range(len(names)), 2)
    ]


def _row(
    variant: Variant, measure: MeasureName, first: object, second: object, distance: float
) -> Row:
    return {
        "variant": variant,
        "measure": measure,
        "unit": UNITS[measure],
        "first": first,
        "second": second,
        "distance": distance,
    }
