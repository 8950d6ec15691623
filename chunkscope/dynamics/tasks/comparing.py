"""How far every network of one architecture is from those that learned the task alone.

A network is compared with the *masters* of other seeds, which began from other weights and saw
other trials: a master's own distance to the others is thus the floor that a group can reach.
Activity is that of the stimulus of the probe trials, in each network's leading components.
Measures that compare trial by trial are given the same trials, and, beside it, trials in an order
of their own in each network, as where nobody minds which trial is which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.dynamics.measures import SIMILARITIES, UNITS, compare_pairs, split_half
from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.recorded import read_trials
from chunkscope.dynamics.selection import Candidate, best, candidates, judge_candidates
from chunkscope.dynamics.settings import DelaySettings, MeasureName
from chunkscope.dynamics.similarity import Pair
from chunkscope.dynamics.tasks.settings import ComparisonSettings
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]

MASTERS = "master"
MATCHED, SHUFFLED, HALVES = "matched", "shuffled", "halves"

NETWORK = ("group", "seed", "master")
"""What tells the pairs of a table apart."""

Key = tuple[str, int]  # group, share in percent of its training


@dataclass(frozen=True)
class Member:
    """One network at one time: its group, the share of its training, its seed, and what it did."""

    group: str
    share: int
    seed: int
    trials: Trials


def read_members(stores: Mapping[Key, Path], site: str, units: int) -> list[Member]:
    """All networks of these stores, each in its leading principal components.

    Raises:
        DynamicsError: a network has fewer varying units than are asked for.
    """
    key = "dynamics.tasks.compared.units"
    return [
        Member(group, share, seed, trials)
        for (group, share), path in stores.items()
        for seed, trials in read_trials(path, site, units, key)
    ]


def judge_delays(
    members: Iterable[Member],
    learned: set[int],
    settings: ComparisonSettings,
    rng: np.random.Generator,
) -> list[Candidate]:
    """Every setting of the grid, by how well it foretells held-out trials of trained masters.

    Args:
        learned: seeds of the masters that reached the criterion; where none did, all count.
    """
    masters = [m for m in members if m.group == MASTERS and m.share == 100]
    chosen = [m.trials for m in masters if m.seed in learned] or [m.trials for m in masters]
    return judge_candidates(chosen, candidates(settings.grid, settings.delays), rng)


def choose_delays(judged: list[Candidate], members: list[Member]) -> DelaySettings:
    """The best setting that every network reaches, at every share of its training.

    Raises:
        DynamicsError: there is none; the sentence says which network does not reach the last.
    """
    left = [one for one in judged if np.isfinite(one.error)]
    while True:
        chosen = best(left)
        problem = _unreached(chosen, members)
        if problem is None:
            return chosen
        left = [one for one in left if one.settings != chosen]
        if not left:
            raise DynamicsError(f"dynamics.tasks.compared.grid: {problem}")


def _unreached(delays: DelaySettings, members: Iterable[Member]) -> str | None:
    """What keeps the first network from a setting that does not reach it."""
    for member in members:
        try:
            fit_operator(member.trials, delays)
        except DynamicsError as error:
            return f"seed {member.seed} of {member.group} at {member.share} %: {error}"
    return None


def sensitivity(
    members: list[Member],
    learned: set[int],
    judged: list[Candidate],
    chosen: DelaySettings,
    settings: ComparisonSettings,
) -> pd.DataFrame:
    """DSA of trained networks by every setting of the grid that all of them reach.

    Returns:
        Columns ``delays, interval, rank, error, chosen, group, seed, master, distance``: distances
        to masters of other seeds, beside the held-out error by which one setting is chosen.
    """
    trained = [m for m in members if m.share == 100]
    pairs, systems = _pairs(trained, learned), [m.trials for m in trained]
    tables = []
    for one in judged:
        if np.isfinite(one.error) and _unreached(one.settings, trained) is None:
            found = compare_pairs(systems, pairs, ["dsa"], one.settings, settings.alignment)
            table = _rows(found["dsa"], pairs, trained)
            named = one.settings.model_dump(include={"delays", "interval", "rank"})
            tables.append(table.assign(**named, error=one.error, chosen=one.settings == chosen))
    columns = ["delays", "interval", "rank", "error", "chosen", *NETWORK, "distance"]
    return pd.concat(tables, ignore_index=True)[columns]


def compare_members(
    members: list[Member],
    learned: set[int],
    delays: DelaySettings,
    settings: ComparisonSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A row for every network, master of another seed, and measure.

    Args:
        learned: seeds of the masters that reached the criterion; others are no measure of it.

    Returns:
        Columns ``share, group, seed, master, measure, unit, trials, distance``, of a network and
        the master of another seed at the same share of training. ``trials`` is ``matched``,
        ``shuffled`` (of measures that compare trial by trial), or ``halves`` (of the others): what
        two halves of the trained network's trials differ by. Halves of its components would differ
        by all there is, since components do not correlate.
    """
    pairs = _pairs(members, learned)
    systems = [m.trials for m in members]
    measures = list(settings.measures)
    found = {MATCHED: compare_pairs(systems, pairs, measures, delays, settings.alignment)}
    by_trial: list[MeasureName] = [name for name in measures if name in SIMILARITIES]
    shuffled = [_shuffled(system, rng) for system in systems]
    found[SHUFFLED] = compare_pairs(shuffled, pairs, by_trial, delays)
    tables = [
        _rows(values, pairs, members).assign(measure=measure, trials=trials)
        for trials, distances in found.items()
        for measure, values in distances.items()
    ]
    trained = [m for m in members if m.share == 100]
    ended = [m.trials for m in trained]
    halves = split_half(ended, measures, delays, rng, settings.alignment)
    for measure, values in halves.items():
        own = [(at, at) for at in range(len(trained))]
        tables.append(_rows(values, own, trained).assign(measure=measure, trials=HALVES))
    rows = pd.concat(tables, ignore_index=True)
    rows["unit"] = rows["measure"].map(UNITS)
    return rows[["share", *NETWORK, "measure", "unit", "trials", "distance"]]


def _pairs(members: list[Member], learned: set[int]) -> list[Pair]:
    """Places of every network and of each master of another seed, at the same share."""
    place = {(m.group, m.share, m.seed): at for at, m in enumerate(members)}
    return [
        (at, place[MASTERS, m.share, seed])
        for at, m in enumerate(members)
        for seed in sorted(learned - {m.seed})
    ]


def _rows(values: Values, pairs: list[Pair], members: list[Member]) -> pd.DataFrame:
    """``group, share, seed, master, distance`` of every pair."""
    networks, masters = ([members[pair[side]] for pair in pairs] for side in (0, 1))
    table = pd.DataFrame({"distance": values})
    for name in ("group", "share", "seed"):
        table[name] = [getattr(one, name) for one in networks]
    table["master"] = [one.seed for one in masters]
    return table


def _shuffled(system: Trials, rng: np.random.Generator) -> Trials:
    """The trials in another order, under the ids of the places where they now stand."""
    return replace(system, values=system.values[rng.permutation(len(system.values))])
