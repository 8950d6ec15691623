"""Dynamical similarity of eight systems, each with each, against the reference implementation.

Random leaky networks of 20 units in noise, 50 trials of 200 steps; 10 delays, rank 50: operators
and the angles of all 28 pairs. The reference (dsa-metric) searches each pair's rotation by 1,500
steps of Adam. ``quality`` is the largest angle of ours less theirs, in radians: below 0 where ours
is nearer to the minimum in all pairs. CPU seconds on one thread. Aim: at least 10x.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
from DSA import DMD
from DSA.simdist import SimilarityTransformDist
from numpy.typing import NDArray
from paired import paired

from chunkscope.dynamics.operators import fit_operator
from chunkscope.dynamics.settings import DelaySettings
from chunkscope.dynamics.similarity import angles
from chunkscope.dynamics.trials import Trials

SYSTEMS, UNITS, TRIALS, STEPS, DELAYS, RANK, ITERATIONS = 8, 20, 50, 200, 10, 50, 1500
Values = NDArray[np.float64]


def run() -> list[dict[str, str | float | int]]:
    """One row."""
    torch.set_num_threads(1)
    systems = [activity(seed) for seed in range(SYSTEMS)]
    found: dict[str, Values] = {}
    ours_s, other_s, ratio = paired(
        lambda: found.update(ours=ours(systems)),
        lambda: found.update(theirs=theirs(systems)),
        runs=3,
    )
    return [
        {
            "benchmark": "dynamical similarity, all pairs",
            "size": f"{SYSTEMS} systems of {UNITS} units, {TRIALS} x {STEPS} steps, rank {RANK}",
            "ours_s": ours_s,
            "other": f"dsa-metric, {ITERATIONS} steps",
            "other_s": other_s,
            "ratio": ratio,
            "runs": 3,
            "quality": float((found["ours"] - found["theirs"]).max()),
        }
    ]


def activity(seed: int) -> Values:
    """(trial, time, unit) of a network whose gain grows with the seed."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(UNITS, UNITS)) * (1 + 0.1 * seed) / np.sqrt(UNITS)
    state, states = rng.normal(size=(TRIALS, UNITS)), []
    for _ in range(STEPS):
        state = 0.7 * state + 0.3 * np.tanh(1.5 * state @ weights.T)
        state = state + 0.1 * rng.normal(size=state.shape)
        states.append(state)
    return np.stack(states, axis=1)


def ours(systems: list[Values]) -> Values:
    """(pair,) angles."""
    settings = DelaySettings(delays=DELAYS, rank=RANK, centred=False)
    trials = [Trials.of(values, ("trial", "time", "unit")) for values in systems]
    return angles([fit_operator(one, settings) for one in trials])


def theirs(systems: list[Values]) -> Values:
    """(pair,) angles by the reference."""
    operators = []
    for values in systems:
        model = DMD(values, n_delays=DELAYS, rank=RANK, lamb=1e-8)
        model.fit()
        operators.append(model.A_v)
    found = []
    for first, second in combinations(operators, 2):
        torch.manual_seed(0)
        search = SimilarityTransformDist(iters=ITERATIONS, lr=5e-3, score_method="angular")
        found.append(float(search.fit_score(first.clone(), second.clone())))
    return np.array(found)
