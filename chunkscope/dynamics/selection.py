"""Which delays, interval and rank: those that foretell held-out activity best.

What a comparison shows hangs on these settings, so that they are not chosen by what it shows. Each
is fitted on some trials and judged on the others: the squared error of the next step over that of
*persistence*, which says that nothing changes. Below 1 an operator knows something of the dynamics.
All settings are judged on the same steps, those that the longest reach of any that fits leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chunkscope.dynamics.operators import Operator, fit_operator
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
    operators = [_fitted([fitted for fitted, _ in split], one) for one in settings]
    reached = [one for one, found in zip(settings, operators, strict=True) if found]
    first = max((_reach(one) for one in reached), default=0)
    held_out = [trials for _, trials in split]
    judged = [
        Candidate(one, _mean_error(found, held_out, first))
        for one, found in zip(settings, operators, strict=True)
    ]
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


def held_out_error(operator: Operator, held_out: Trials, first: int | None = None) -> float:
    """Squared error of an operator on trials that it was not fitted on, over persistence's.

    Args:
        first: step from which on errors count; by default the first that can be foretold.

    Raises:
        DynamicsError: nothing is left to foretell.
    """
    reach, ahead = _reach(operator.settings), operator.settings.ahead
    first = reach if first is None else first
    if first >= held_out.shape[1]:
        raise DynamicsError(
            f"delays: the first step to judge is {first}, in trials of {held_out.shape[1]} steps; "
            "lower delays or interval, or give longer trials"
        )
    foretold = operator.predict(held_out.values)[:, first - reach :]
    truth = held_out.values[:, first:]
    before = held_out.values[:, first - ahead : -ahead]
    return float(((foretold - truth) ** 2).sum() / ((before - truth) ** 2).sum())


def _reach(settings: DelaySettings) -> int:
    """The first step that can be foretold."""
    return (settings.delays - 1) * settings.interval + settings.ahead


def _fitted(systems: Sequence[Trials], settings: DelaySettings) -> list[Operator]:
    """The operator of every system; none where one of them does not reach the setting."""
    try:
        return [fit_operator(system, settings) for system in systems]
    except DynamicsError:
        return []


def _mean_error(operators: Sequence[Operator], held_out: Sequence[Trials], first: int) -> float:
    if not operators:
        return float("nan")
    pairs = zip(operators, held_out, strict=True)
    return float(np.mean([held_out_error(operator, trials, first) for operator, trials in pairs]))
