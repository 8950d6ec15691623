"""Noise: how far does a system seem to move when noise, or another system, is mixed into it?

As published (Guilhot et al., arXiv 2410.24070), for Lorenz systems of seven Rayleigh numbers:

    fresh noise      two copies of sqrt(1 - s^2) X + s e, e Gaussian, drawn apart, with each other
    another system   X + w Y, Y a system of another Rayleigh number, with X itself

at noise s and weights w that fall from "epoch" to epoch.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd

from chunkscope.dynamics.attractors.settings import AttractorSettings, Variant
from chunkscope.dynamics.attractors.systems import Values, integrate, lorenz, scaled, trials
from chunkscope.dynamics.attractors.tables import measured_by
from chunkscope.dynamics.measures import UNITS, compare_pairs
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.trials import Trials
from chunkscope.randomness import stream

RAYLEIGH = (0.5, 5.0, 10.0, 15.0, 30.0, 40.0, 50.0)
NOISE = (0.004, 0.002, 0.001)  # standard deviation, where activity spans 0 to 1
WEIGHTS = (1.0, 0.5, 0.25)


def compare_noise(settings: AttractorSettings, chosen: DelaySettings, seed: int) -> pd.DataFrame:
    """A row for every system or pair of them, at every level.

    Columns: ``repeat, mixed`` ("fresh noise" or "another system"), ``epoch`` (from 0), ``level``,
    ``variant, measure, unit, first, second, distance``; ``second`` is what was mixed in, or the
    system itself.
    """
    delays: dict[Variant, DelaySettings] = {
        "published": settings.published, "double": settings.double(), "chosen": chosen
    }  # fmt: skip
    tables = []
    for repeat in range(settings.repeats):
        rng = stream(seed, "noise", repeat)
        systems = [_draw(r, settings, rng) for r in RAYLEIGH]
        for epoch, noise in enumerate(NOISE):
            pairs = [(_noisy(x, noise, rng), _noisy(x, noise, rng)) for x in systems]
            table = _compared(pairs, delays, settings)
            table = table.assign(first=_each(RAYLEIGH, table), second=_each(RAYLEIGH, table))
            tables.append(
                table.assign(repeat=repeat, mixed="fresh noise", epoch=epoch, level=noise)
            )
        others = list(permutations(range(len(RAYLEIGH)), 2))
        for epoch, weight in enumerate(WEIGHTS):
            pairs = [
                (trials(systems[i]), trials(systems[i] + weight * systems[j])) for i, j in others
            ]
            table = _compared(pairs, delays, settings)
            table = table.assign(
                first=_each([RAYLEIGH[i] for i, _ in others], table),
                second=_each([RAYLEIGH[j] for _, j in others], table),
            )
            tables.append(
                table.assign(repeat=repeat, mixed="another system", epoch=epoch, level=weight)
            )
    columns = ["repeat", "mixed", "epoch", "level", "variant", "measure", "unit"]
    return pd.concat(tables, ignore_index=True)[[*columns, "first", "second", "distance"]]


def summarise_noise(table: pd.DataFrame) -> pd.DataFrame:
    """Of every repeat, kind and measure: how it falls from the first epoch to the last.

    Columns: ``repeat, mixed, variant, measure, unit, first, last``, mean distances at these epochs;
    ``gap``, the first minus the last; ``kept``, the last over the first: 1 where a measure does not
    tell the levels apart, whatever its unit; ``r2`` of the straight line over epochs.
    """
    by = ["repeat", "mixed", "variant", "measure", "unit"]
    rows = []
    for key, group in table.groupby(by, sort=False):
        means = group.groupby("epoch")["distance"].mean()
        first, last = float(means.iloc[0]), float(means.iloc[-1])
        r2 = float(np.corrcoef(means.index, means)[0, 1] ** 2)
        row = dict(zip(by, key, strict=True))
        rows.append(row | {"first": first, "last": last, "gap": first - last, "kept": last / first}
                    | {"r2": r2})  # fmt: skip
    return pd.DataFrame(rows)


def _draw(r: float, settings: AttractorSettings, rng: np.random.Generator) -> Values:
    initial = rng.uniform(size=(settings.trials, 3))
    return scaled(integrate(lorenz(r), initial, settings.steps))


def _noisy(values: Values, noise: float, rng: np.random.Generator) -> Trials:
    return trials(np.sqrt(1 - noise**2) * values + noise * rng.standard_normal(values.shape))


def _compared(
    systems: list[tuple[Trials, Trials]],
    delays: dict[Variant, DelaySettings],
    settings: AttractorSettings,
) -> pd.DataFrame:
    """Rows of every variant and measure, pair by pair in their order."""
    both = [system for pair in systems for system in pair]
    pairs = [(2 * place, 2 * place + 1) for place in range(len(systems))]
    tables = []
    for variant, chosen in delays.items():
        measures = measured_by(settings, variant)
        found = compare_pairs(both, pairs, measures, chosen, settings.alignment)
        for measure, values in found.items():
            tables.append(
                pd.DataFrame(
                    {
                        "variant": variant,
                        "measure": measure,
                        "unit": UNITS[measure],
                        "distance": values,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def _each(names: tuple[float, ...] | list[float], table: pd.DataFrame) -> np.ndarray:
    """The names, once for every variant and measure of a table of :func:`_compared`."""
    return np.tile(names, len(table) // len(names))
