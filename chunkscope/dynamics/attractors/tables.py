"""What all comparisons of attractors write down: one row for every pair of systems and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from chunkscope.dynamics.attractors.settings import AttractorSettings, Variant
from chunkscope.dynamics.measures import SIMILARITIES, UNITS, compare_pairs, split_half
from chunkscope.dynamics.settings import DelaySettings, MeasureName
from chunkscope.dynamics.similarity import Pair
from chunkscope.dynamics.trials import Trials

Row = dict[str, object]

PAIR, REDRAWN, HALVES = "pair", "redrawn", "halves"
"""Two systems; one system drawn twice, from other initial points; halves of one system's trials."""
FLOORS = (HALVES, REDRAWN)


def measured_by(settings: AttractorSettings, variant: Variant) -> list[MeasureName]:
    """The measures of a variant: those that know no delays are the same in all of them."""
    if variant == "chosen":
        return list(settings.measures)
    return [measure for measure in settings.measures if measure not in SIMILARITIES]


def compare_all(
    systems: Sequence[Trials],
    redrawn: Sequence[Trials],
    names: Sequence[object],
    delays: Mapping[Variant, DelaySettings],
    settings: AttractorSettings,
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of every pair of systems, and of the floors of each: ``first, second, kind``.

    Args:
        redrawn: the same systems once more, from initial points of their own.
        rng: deals trials to halves.
    """
    places = range(len(names))
    pairs = list(combinations(places, 2))
    labels: list[Row] = [{"first": names[i], "second": names[j], "kind": PAIR} for i, j in pairs]
    labels += _same(names, REDRAWN)
    pairs += [(at, len(names) + at) for at in places]
    rows = label_pairs([*systems, *redrawn], pairs, labels, delays, settings)
    return rows + label_halves(systems, _same(names, HALVES), delays, settings, rng)


def floor_means(means: pd.Series) -> dict[str, float]:
    """Those of :data:`FLOORS` in means by kind; NaN where a measure has none."""
    return {kind: float(means.get(kind, np.nan)) for kind in FLOORS}


def label_pairs(
    systems: Sequence[Trials],
    pairs: Sequence[Pair],
    labels: Sequence[Row],
    delays: Mapping[Variant, DelaySettings],
    settings: AttractorSettings,
) -> list[Row]:
    """A row for every variant, measure and pair of places: its label and the distance."""
    rows: list[Row] = []
    for variant, chosen in delays.items():
        measures = measured_by(settings, variant)
        found = compare_pairs(systems, pairs, measures, chosen, settings.alignment)
        rows += _rows(found, variant, labels)
    return rows


def label_halves(
    systems: Sequence[Trials],
    labels: Sequence[Row],
    delays: Mapping[Variant, DelaySettings],
    settings: AttractorSettings,
    rng: np.random.Generator,
) -> list[Row]:
    """What random halves of each system's trials differ by, by measures of dynamics."""
    rows: list[Row] = []
    for variant, chosen in delays.items():
        found = split_half(systems, settings.measures, chosen, rng, settings.alignment)
        rows += _rows(found, variant, labels)
    return rows


def _same(names: Sequence[object], kind: str) -> list[Row]:
    return [{"first": name, "second": name, "kind": kind} for name in names]


def _rows(
    found: Mapping[MeasureName, np.ndarray], variant: Variant, labels: Sequence[Row]
) -> list[Row]:
    return [
        {**label, "variant": variant, "measure": measure, "unit": UNITS[measure], "distance": value}
        for measure, values in found.items()
        for label, value in zip(labels, values.tolist(), strict=True)
    ]
