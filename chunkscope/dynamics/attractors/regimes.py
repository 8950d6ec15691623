"""Regimes of the Lorenz system: are systems of one regime nearer than those of others?

Nine systems, three of each regime, as published (Guilhot et al., arXiv 2410.24070, with initial
points drawn anew for each). That makes rows that measures of geometry compare one by one belong to
unlike beginnings, so that the same is done from shared initial points too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from chunkscope.dynamics.attractors.settings import INITIAL, AttractorSettings, Initial, Variant
from chunkscope.dynamics.attractors.systems import integrate, lorenz, scaled, trials
from chunkscope.dynamics.attractors.tables import PAIR, Row, compare_all, floor_means
from chunkscope.dynamics.measures import compare
from chunkscope.dynamics.selection import Candidate, best, candidates, judge_candidates
from chunkscope.dynamics.separation import separation
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.trials import Trials
from chunkscope.randomness import stream

REGIMES = {
    "stable": (0.25, 0.5, 0.75),
    "bistable": (5.0, 10.0, 15.0),
    "chaotic": (30.0, 40.0, 50.0),
}
"""Regime -> Rayleigh numbers of its systems."""
RAYLEIGH = [r for numbers in REGIMES.values() for r in numbers]
REGIME_OF = {r: name for name, numbers in REGIMES.items() for r in numbers}


def draw_regimes(
    settings: AttractorSettings, rng: np.random.Generator, initial: Initial
) -> list[Trials]:
    """The nine systems, from initial points uniform in the unit cube."""
    shape = (settings.trials, 3)
    first = rng.uniform(size=shape)
    starts = [first if initial == "shared" else rng.uniform(size=shape) for _ in RAYLEIGH]
    return [
        trials(scaled(integrate(lorenz(r), start, settings.steps)))
        for r, start in zip(RAYLEIGH, starts, strict=True)
    ]


def judge_grid(settings: AttractorSettings, seed: int) -> list[Candidate]:
    """Every setting of the grid, by how well it foretells systems that are drawn for this alone."""
    systems = draw_regimes(settings, stream(seed, "regimes", "selection"), "own")
    rng = stream(seed, "regimes", "held out")
    return judge_candidates(systems, candidates(settings.grid, settings.double()), rng)


def compare_regimes(settings: AttractorSettings, chosen: DelaySettings, seed: int) -> pd.DataFrame:
    """A row for every pair of systems, and for the floors of each one.

    Columns: ``repeat, initial, first, second, kind, variant, measure, unit, distance``; ``kind`` is
    ``within`` a regime or ``across``, ``redrawn`` of one system from other initial points, or
    ``halves`` of its trials.
    """
    delays: dict[Variant, DelaySettings] = {
        "published": settings.published, "double": settings.double(), "chosen": chosen
    }  # fmt: skip
    rows: list[Row] = []
    for repeat in range(settings.repeats):
        for initial in INITIAL:
            names = (seed, "regimes", repeat, initial)
            systems = draw_regimes(settings, stream(*names), initial)
            redrawn = draw_regimes(settings, stream(*names, "redrawn"), "own")
            rng = stream(*names, "halves")
            found = compare_all(systems, redrawn, RAYLEIGH, delays, settings, rng)
            rows += [{"repeat": repeat, "initial": initial, **row} for row in found]
    table = pd.DataFrame(rows)
    same = table["first"].map(REGIME_OF) == table["second"].map(REGIME_OF)
    pairs = table["kind"] == PAIR
    table.loc[pairs, "kind"] = np.where(same, "within", "across")[pairs]
    return table


def summarise_regimes(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Of every repeat and measure: means within and across, their floor, p, and how well they part.

    Columns: ``repeat, initial, variant, measure, unit``, mean distances ``halves, redrawn, within,
    across``, and ``low, high, p, auc``: see :class:`~chunkscope.dynamics.separation.Separation`.
    """
    rows = []
    by = ["repeat", "initial", "variant", "measure", "unit"]
    place = {r: at for at, r in enumerate(RAYLEIGH)}
    for key, group in table.groupby(by, sort=False):
        pairs = group[group["kind"].isin(["within", "across"])]
        matrix = np.zeros((len(RAYLEIGH), len(RAYLEIGH)))
        i, j = (pairs[side].map(place).to_numpy() for side in ("first", "second"))
        matrix[i, j] = matrix[j, i] = pairs["distance"]
        rng = stream(seed, "regimes", "separation", *map(str, key))
        found = separation(matrix, [REGIME_OF[r] for r in RAYLEIGH], rng)
        means = group.groupby("kind")["distance"].mean()
        rows.append(dict(zip(by, key, strict=True)) | floor_means(means) | vars(found))
    return pd.DataFrame(rows).drop(columns="systems")


def sensitivity(settings: AttractorSettings, judged: list[Candidate], seed: int) -> pd.DataFrame:
    """What every setting of the grid shows of the first draw, beside the error it is chosen by.

    Columns: ``delays, interval, rank, error, chosen, within, across, auc``; NaN where a setting
    does not fit the systems.
    """
    systems = draw_regimes(settings, stream(seed, "regimes", 0, "own"), "own")
    regimes = [REGIME_OF[r] for r in RAYLEIGH]
    chosen = best(judged)
    rows = []
    for one in judged:
        row = one.settings.model_dump(include={"delays", "interval", "rank"})
        row |= {"error": one.error, "chosen": one.settings == chosen}
        if np.isfinite(one.error):
            matrix = compare(systems, ["dsa"], one.settings, settings.alignment)["dsa"]
            rng = stream(seed, "regimes", "sensitivity")
            found = separation(matrix, regimes, rng, draws=1)
            row |= {"within": found.within, "across": found.across, "auc": found.auc}
        rows.append(row)
    return pd.DataFrame(rows)
