"""Compositions: do systems that share more of their motifs seem more alike?

A system goes through three of five motifs, one after the other; of the 60 ordered triples some are
compared, two by two, by how many motifs they share (three are the same motifs in another order).
(Guilhot et al., arXiv 2410.24070; the motifs' formulas are ours.) Floors are what two halves of one
system's trials differ by, and one system drawn twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from chunkscope.dynamics.attractors.settings import INITIAL, AttractorSettings, Initial, Variant
from chunkscope.dynamics.attractors.systems import Field, Values, integrate, lorenz, trials
from chunkscope.dynamics.attractors.tables import PAIR, Row, compare_all, floor_means
from chunkscope.dynamics.selection import best, candidates, judge_candidates
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.trials import Trials
from chunkscope.randomness import stream

NOISE = 0.01  # of each step's activity, where a motif spans -1 to 1
SUBSAMPLED = 3  # of so many steps one is kept, so that a triple is as long as a motif


def _line(points: Values) -> Values:
    """A straight drift."""
    return np.broadcast_to(np.array([0.6, 0.3, -0.4]), points.shape)


def _curve(points: Values) -> Values:
    """A circle that attracts."""
    x, y, z = points.T
    inward = 1 - (x**2 + y**2)
    return np.stack([x * inward - 4 * y, y * inward + 4 * x, -2 * z], axis=1)


def _two_wells(points: Values) -> Values:
    """Two lobes that do not meet: a double well whose points turn as they fall."""
    x, y, z = points.T
    return np.stack([x - x**3 - 3 * z, -2 * y, 3 * x - z], axis=1)


def _composite(points: Values) -> Values:
    """The circle, while it drifts."""
    return _curve(points) + 0.5 * _line(points)


def _lorenz(points: Values) -> Values:
    """The chaotic Lorenz system, in units of 20 about its middle."""
    middle = np.array([0.0, 0.0, 25.0])
    return lorenz(28.0)(20 * points + middle) / 20


MOTIFS: dict[str, Field] = {
    "line": _line,
    "curve": _curve,
    "lorenz": _lorenz,
    "wells": _two_wells,
    "composite": _composite,
}
"""Name -> how its points move."""

Triple = tuple[str, ...]
TRIPLES: list[Triple] = list(permutations(MOTIFS, 3))


def draw_triples(
    triples: Sequence[Triple],
    settings: AttractorSettings,
    rng: np.random.Generator,
    initial: Initial,
) -> list[Trials]:
    """Of each triple one motif after the other, in a little noise.

    A motif begins from points of its own every time, or (``shared``) from the same in every triple.
    """
    shape = (settings.trials, 3)
    shared = {name: rng.uniform(-1, 1, shape) for name in MOTIFS}

    def begin(name: str) -> Values:
        return shared[name] if initial == "shared" else rng.uniform(-1, 1, shape)

    return [_draw(triple, begin, settings, rng) for triple in triples]


def _draw(
    triple: Triple,
    begin: Callable[[str], Values],
    settings: AttractorSettings,
    rng: np.random.Generator,
) -> Trials:
    parts = [integrate(MOTIFS[name], begin(name), settings.steps) for name in triple]
    path = np.concatenate(parts, axis=1)[:, ::SUBSAMPLED]
    return trials(path + NOISE * rng.standard_normal(path.shape))


def compare_motifs(settings: AttractorSettings, seed: int) -> pd.DataFrame:
    """A row for every pair of triples, and for the floors of each one.

    Columns: ``repeat, initial, first, second, kind, variant, measure, unit, distance, shared``;
    ``kind`` is ``pair``, ``redrawn`` of one triple from other points, or ``halves`` of its trials,
    and ``shared`` how many motifs the two have in common. Variant ``double`` has the
    delays of ``settings.motifs``; ``chosen`` are those that foretell other triples best.
    """
    rng = stream(seed, "motifs", "selection")
    systems = draw_triples(_some(settings, rng), settings, rng, "own")
    chosen = best(judge_candidates(systems, candidates(settings.grid, settings.motifs), rng))
    delays: dict[Variant, DelaySettings] = {"double": settings.motifs, "chosen": chosen}
    rows: list[Row] = []
    for repeat in range(settings.repeats):
        rng = stream(seed, "motifs", repeat)
        triples = _some(settings, rng)
        names = ["-".join(triple) for triple in triples]
        for initial in INITIAL:
            systems = draw_triples(triples, settings, rng, initial)
            redrawn = draw_triples(triples, settings, rng, "own")
            found = compare_all(systems, redrawn, names, delays, settings, rng)
            rows += [{"repeat": repeat, "initial": initial, **row} for row in found]
    table = pd.DataFrame(rows)
    both = zip(table["first"].str.split("-"), table["second"].str.split("-"), strict=True)
    table["shared"] = [len(set(first) & set(second)) for first, second in both]
    return table


def summarise_motifs(table: pd.DataFrame) -> pd.DataFrame:
    """Of every repeat and measure: the mean at 1, 2 and 3 shared motifs, its slope, the floors.

    Columns: ``repeat, initial, variant, measure, unit, one, two, three, halves, redrawn``;
    ``slope`` of the straight line over pairs, by motif; ``relative``, that over the mean at one
    shared motif, which can be compared between units. NaN where no pair shares so many, or all
    share as many.
    """
    rows = []
    by = ["repeat", "initial", "variant", "measure", "unit"]
    for key, group in table.groupby(by, sort=False):
        pairs = group[group["kind"] == PAIR]
        means = pairs.groupby("shared")["distance"].mean()
        at = {n: float(means.get(n, np.nan)) for n in (1, 2, 3)}
        several = pairs["shared"].nunique() > 1
        slope = np.polyfit(pairs["shared"], pairs["distance"], 1)[0] if several else np.nan
        row = dict(zip(by, key, strict=True)) | {"one": at[1], "two": at[2], "three": at[3]}
        row |= floor_means(group.groupby("kind")["distance"].mean())
        row["slope"] = float(slope)
        rows.append(row | {"relative": slope / at[1]})
    return pd.DataFrame(rows)


def _some(settings: AttractorSettings, rng: np.random.Generator) -> list[Triple]:
    """Different triples, drawn at random."""
    drawn = rng.choice(len(TRIPLES), settings.triples, replace=False)
    return [TRIPLES[place] for place in drawn]
