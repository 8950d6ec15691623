"""Runs through their training: how far from the first run, and how far from themselves before.

All networks read the same sequences, so that measures that compare trial by trial have what they
need. A network is compared with the *reference*, the trained networks of the first run, of other
seeds; the first run's own distance at the end is what two networks of one kind differ by. And it is
compared with itself at the checkpoint before: a change of its dynamics shows there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.dynamics.measures import UNITS, compare_pairs, split_half
from chunkscope.dynamics.networks.settings import RunComparisonSettings
from chunkscope.dynamics.recorded import read_trials
from chunkscope.dynamics.selection import best, candidates, judge_candidates
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.similarity import Pair
from chunkscope.dynamics.trials import Trials

Key = tuple[str, int]  # run, step of its training

Values = NDArray[np.float64]

REFERENCE, BEFORE, HALVES = "reference", "before", "halves"


@dataclass(frozen=True)
class Checkpoint:
    """One network at one step of its training, and what it did."""

    run: str
    step: int
    seed: int
    trials: Trials


def read_checkpoints(
    stores: Mapping[Key, Path], settings: RunComparisonSettings
) -> list[Checkpoint]:
    """All networks of these stores, each in its leading principal components.

    Raises:
        DynamicsError: a network has fewer varying units than are asked for.
    """
    site, units, settle = settings.site, settings.units, settings.settle
    return [
        Checkpoint(run, step, seed, trials)
        for (run, step), path in stores.items()
        for seed, trials in read_trials(path, site, units, "dynamics.runs.units", settle)
    ]


def choose_delays(
    checkpoints: list[Checkpoint], settings: RunComparisonSettings, rng: np.random.Generator
) -> DelaySettings:
    """Those that foretell held-out sequences of the reference best."""
    systems = [one.trials for one in _reference(checkpoints)]
    return best(judge_candidates(systems, candidates(settings.grid, settings.delays), rng))


def compare_checkpoints(
    checkpoints: list[Checkpoint],
    delays: DelaySettings,
    settings: RunComparisonSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A row for every network, step, measure and network that it is compared with.

    Returns:
        Columns ``run, step, seed, other, measure, unit, against, distance``. ``against`` is
        ``reference`` (a trained network of the first run, of the seed ``other``), ``before`` (the
        same network at the checkpoint before), or ``halves`` (of its sequences, at the end of
        training, of measures that do not compare them one by one).
    """
    place = {(one.run, one.step, one.seed): at for at, one in enumerate(checkpoints)}
    finals = [place[one.run, one.step, one.seed] for one in _reference(checkpoints)]
    pairs: dict[str, list[Pair]] = {
        REFERENCE: [
            (at, other)
            for at, one in enumerate(checkpoints)
            for other in finals
            if one.seed != checkpoints[other].seed
        ],
        BEFORE: [
            (place[run, step, seed], place[run, before, seed])
            for run, seed in dict.fromkeys((one.run, one.seed) for one in checkpoints)
            for before, step in _steps(checkpoints, run)
        ],
    }
    systems, measures = [one.trials for one in checkpoints], list(settings.measures)
    tables = []
    for against, chosen in pairs.items():
        found = compare_pairs(systems, chosen, measures, delays, settings.alignment)
        for measure, values in found.items():
            rows = _rows(values, chosen, checkpoints)
            tables.append(rows.assign(measure=measure, against=against))
    last = {run: max(s for r, s, _ in place if r == run) for run, _, _ in place}
    ends = [at for at, one in enumerate(checkpoints) if one.step == last[one.run]]
    ended = [systems[at] for at in ends]
    halves = split_half(ended, measures, delays, rng, settings.alignment)
    for measure, values in halves.items():
        rows = _rows(values, [(at, at) for at in ends], checkpoints)
        tables.append(rows.assign(measure=measure, against=HALVES))
    rows = pd.concat(tables, ignore_index=True)
    rows["unit"] = rows["measure"].map(UNITS)
    return rows[["run", "step", "seed", "other", "measure", "unit", "against", "distance"]]


def _rows(values: Values, pairs: list[Pair], checkpoints: list[Checkpoint]) -> pd.DataFrame:
    """``run, step, seed, other, distance`` of every pair; ``other`` is the second one's seed."""
    table = pd.DataFrame({"distance": values})
    for name in ("run", "step", "seed"):
        table[name] = [getattr(checkpoints[at], name) for at, _ in pairs]
    table["other"] = [checkpoints[other].seed for _, other in pairs]
    return table


def _reference(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    """The trained networks of the first run."""
    first = checkpoints[0].run
    last = max(one.step for one in checkpoints if one.run == first)
    return [one for one in checkpoints if (one.run, one.step) == (first, last)]


def _steps(checkpoints: list[Checkpoint], run: str) -> list[tuple[int, int]]:
    """Every step of a run at which it was kept, after the one before."""
    steps = sorted({one.step for one in checkpoints if one.run == run})
    return list(itertools.pairwise(steps))
