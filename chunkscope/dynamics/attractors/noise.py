"""Noise: how far does a system seem to move when noise, or another system, is mixed into it?

As published (Guilhot et al., arXiv 2410.24070), for Lorenz systems of seven Rayleigh numbers:

    fresh noise      two copies of sqrt(1 - s^2) X + s e, e Gaussian, drawn apart, with each other
    another system   X + w Y, Y a system of another Rayleigh number, with X itself

at noise s and weights w that fall from "epoch" to epoch. Floors are what two halves of one system's
trials differ by, and one system drawn twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pandas as pd

from chunkscope.dynamics.attractors.settings import AttractorSettings, Variant
from chunkscope.dynamics.attractors.systems import Values, integrate, lorenz, scaled, trials
from chunkscope.dynamics.attractors.tables import (
    HALVES,
    REDRAWN,
    Row,
    floor_means,
    label_halves,
    label_pairs,
)
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.trials import Trials
from chunkscope.randomness import stream

RAYLEIGH = (0.5, 5.0, 10.0, 15.0, 30.0, 40.0, 50.0)
NOISE = (0.004, 0.002, 0.001)  # standard deviation, where activity spans 0 to 1
WEIGHTS = (1.0, 0.5, 0.25)
FRESH, ANOTHER = "fresh noise", "another system"


def compare_noise(settings: AttractorSettings, chosen: DelaySettings, seed: int) -> pd.DataFrame:
    """A row for every system or pair of them, at every level, and for the floors of each system.

    Columns: ``repeat, mixed`` (:data:`FRESH`, :data:`ANOTHER`, or the floors ``halves`` and
    ``redrawn``), ``epoch`` (from 0), ``level, first, second, variant, measure, unit, distance``;
    ``second`` is what was mixed in, or the system itself.
    """
    delays: dict[Variant, DelaySettings] = {
        "published": settings.published, "double": settings.double(), "chosen": chosen
    }  # fmt: skip
    rows: list[Row] = []
    for repeat in range(settings.repeats):
        rng = stream(seed, "noise", repeat)
        plain = [_draw(r, settings, rng) for r in RAYLEIGH]
        compared = list(_mixtures(plain, settings, rng))
        labels = [label for label, _ in compared]
        systems = {id(system): system for _, pair in compared for system in pair}
        place = {name: at for at, name in enumerate(systems)}
        pairs = [(place[id(first)], place[id(second)]) for _, (first, second) in compared]
        found = label_pairs(list(systems.values()), pairs, labels, delays, settings)
        halves = [_label(HALVES, r, r) for r in RAYLEIGH]
        found += label_halves(plain, halves, delays, settings, rng)
        rows += [{"repeat": repeat, **row} for row in found]
    return pd.DataFrame(rows)


def _mixtures(
    plain: list[Trials], settings: AttractorSettings, rng: np.random.Generator
) -> Iterator[tuple[Row, tuple[Trials, Trials]]]:
    """All that is compared, by its label; each of the ``plain`` systems is one and the same."""
    for r, system in zip(RAYLEIGH, plain, strict=True):
        yield _label(REDRAWN, r, r), (system, _draw(r, settings, rng))
        for epoch, noise in enumerate(NOISE):
            copies = _noisy(system, noise, rng), _noisy(system, noise, rng)
            yield _label(FRESH, r, r, epoch, noise), copies
    for i, j in permutations(range(len(RAYLEIGH)), 2):
        for epoch, weight in enumerate(WEIGHTS):
            mixture = trials(plain[i].values + weight * plain[j].values)
            yield _label(ANOTHER, RAYLEIGH[i], RAYLEIGH[j], epoch, weight), (plain[i], mixture)


def _label(
    mixed: str, first: float, second: float, epoch: int | None = None, level: float | None = None
) -> Row:
    return {"mixed": mixed, "epoch": epoch, "level": level, "first": first, "second": second}


def _draw(r: float, settings: AttractorSettings, rng: np.random.Generator) -> Trials:
    initial = rng.uniform(size=(settings.trials, 3))
    return trials(scaled(integrate(lorenz(r), initial, settings.steps)))


def _noisy(system: Trials, noise: float, rng: np.random.Generator) -> Trials:
    values: Values = system.values
    return trials(np.sqrt(1 - noise**2) * values + noise * rng.standard_normal(values.shape))


def summarise_noise(table: pd.DataFrame) -> pd.DataFrame:
    """Of every repeat, kind and measure: how it falls from the first epoch to the last.

    Columns: ``repeat, mixed, variant, measure, unit, first, last``, mean distances at these epochs;
    ``gap``, the first minus the last; ``kept``, the last over the first: 1 where a measure does not
    tell the levels apart, whatever its unit; ``r2`` of the straight line over epochs; and the
    floors ``halves`` and ``redrawn``, NaN where a measure has none.
    """
    by = ["repeat", "variant", "measure", "unit"]
    rows = []
    for key, group in table.groupby(by, sort=False):
        floors = floor_means(group.groupby("mixed")["distance"].mean())
        for mixed in (FRESH, ANOTHER):
            means = group[group["mixed"] == mixed].groupby("epoch")["distance"].mean()
            first, last = float(means.iloc[0]), float(means.iloc[-1])
            r2 = float(np.corrcoef(means.index, means)[0, 1] ** 2)
            row = dict(zip(by, key, strict=True)) | {"mixed": mixed, "first": first, "last": last}
            rows.append(row | {"gap": first - last, "kept": last / first, "r2": r2} | floors)
    return pd.DataFrame(rows)
