"""Which delays, interval and rank: those that foretell held-out activity best.

What a comparison shows hangs on these settings, so that they are not chosen by what it shows. Each
is fitted on some trials and judged on the others: the squared error of the next step over that of
*persistence*, which says that nothing changes. Below 1 an operator knows something of the dynamics.
All settings are judged on the same steps, those that the longest reach leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.settings import DelaySettings, GridSettings
from chunkscope.dynamics.trials import Trials
from chunkscope.errors import DynamicsError


@dataclass(frozen=True)
class Candidate:
    """One setting and how well it foretells.

    Attributes:
        settings: the setting.
        error: mean over systems of the held-out squared error over persistence's; NaN where some
            system does not reach it (too few rows, or too low a rank).
    """

    settings: DelaySettings
    error: float


def candidates(grid: GridSettings, base: DelaySettings) -> list[DelaySettings]:
    """All settings of a grid; what the grid does not name is as in ``base``."""
    return [
        base.model_copy(update={"delays": delays, "interval": interval, "rank": rank})
        for delays, interval, rank in product(grid.delays, grid.intervals, grid.ranks)
        if delays > 1 or interval == min(grid.intervals)  # one delay has no interval
    ]


def judge_candidates(
    systems: Sequence[Trials], settings: Sequence[DelaySettings], rng: np.random.Generator
) -> list[Candidate]:
    """Every setting, judged on a random half of the trials of each system.

    Raises:
        DynamicsError: none can be judged.
    """
    halves = [np.array_split(rng.permutation(len(system.values)), 2) for system in systems]
    split = [
        (system.take(fitted), system.take(held_out))
        for system, (fitted, held_out) in zip(systems, halves, strict=True)
    ]
    first = max((s.delays - 1) * s.interval + s.ahead for s in settings)
    judged = [Candidate(one, _mean_error(split, one, first)) for one in settings]
    if not any(np.isfinite(one.error) for one in judged):
        raise DynamicsError(
            f"grid: none of {len(judged)} settings fits these systems; lower its delays and ranks, "
            "or give more trials"
        )
    return judged


def best(judged: Iterable[Candidate]) -> DelaySettings:
    """The setting of the least error; of equal ones the first."""
    known = [one for one in judged if np.isfinite(one.error)]
    return min(known, key=lambda one: one.error).settings


def held_out_error(
    fitted: Trials, held_out: Trials, settings: DelaySettings, first: int | None = None
) -> float:
    """Squared error on ``held_out`` trials of the operator of ``fitted``, over persistence's.

    Args:
        first: step from which on errors count; by default the first that can be foretold.

    Raises:
        DynamicsError: the settings do not fit, or nothing is left to foretell.
    """
    operator = fit_operator(fitted, settings)
    reach = (settings.delays - 1) * settings.interval + settings.ahead
    first = reach if first is None else first
    if first >= held_out.shape[1]:
        raise DynamicsError(
            f"delays: the first step to judge is {first}, in trials of {held_out.shape[1]} steps; "
            "lower delays or interval, or give longer trials"
        )
    foretold = operator.predict(held_out.values)[:, first - reach :]
    truth = held_out.values[:, first:]
    before = held_out.values[:, first - settings.ahead : -settings.ahead]
    return float(((foretold - truth) ** 2).sum() / ((before - truth) ** 2).sum())


def _mean_error(
    split: Sequence[tuple[Trials, Trials]], settings: DelaySettings, first: int
) -> float:
    try:
        errors = [held_out_error(fitted, held_out, settings, first) for fitted, held_out in split]
    except DynamicsError:
        return float("nan")
    return float(np.mean(errors))
