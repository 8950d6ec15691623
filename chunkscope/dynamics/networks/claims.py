"""The claims about runs through their training, and the rules that judge them.

They are expectations of this project, written after pilot runs. Values are means over seeds, by DSA
with the delays that foretell best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd

from chunkscope.dynamics.networks.comparing import BEFORE, HALVES, REFERENCE
from chunkscope.statistics import Claim, Interval, jackknife, judge, paired_difference
from chunkscope.statistics.claims import OWN

STUDY = {"study": "dynamics", "paper": OWN, "published": "", "published_source": ""}


def judge_runs(
    distances: pd.DataFrame, starts: Mapping[str, str | None], corpora: Mapping[str, str]
) -> Iterator[Claim]:
    """The claims about the first run and every other one.

    Args:
        distances: ``distances.csv``.
        starts: run -> the run it begins with, in the order in which they are compared.
        corpora: run -> what it learns. A run that goes on with the corpus of the one it begins with
            is the control of those that begin with it too, and switch.
    """
    if "dsa" not in set(distances["measure"]):
        return
    first, *others = starts
    yield _comes_nearer(first, distances)
    for run in others:
        start = starts[run]
        if start is None or corpora[run] != corpora[start]:
            yield _stays_apart(run, first, distances)
        if start is not None and corpora[run] != corpora[start]:
            yield from (
                _switches(run, control, distances)
                for control in others
                if starts[control] == start and corpora[control] == corpora[start]
            )


def by_seed(distances: pd.DataFrame, run: str, against: str, measure: str = "dsa") -> pd.DataFrame:
    """(seed, step) mean distances of a run."""
    rows = distances[
        (distances["run"] == run)
        & (distances["against"] == against)
        & (distances["measure"] == measure)
    ]
    return rows.pivot_table(index="seed", columns="step", values="distance")


def over_seeds(distances: pd.DataFrame, statistic: Callable[[pd.DataFrame], float]) -> Interval:
    """A statistic with the jackknife's interval over seeds, each left out with all its pairs."""
    seeds = sorted(distances["seed"].unique())
    left = [distances[(distances[["seed", "other"]] != seed).all(axis=1)] for seed in seeds]
    return jackknife(statistic(distances), [statistic(table) for table in left])


def _comes_nearer(run: str, distances: pd.DataFrame) -> Claim:
    found = by_seed(distances, run, REFERENCE)

    def nearer(table: pd.DataFrame) -> float:
        return _mean_at(table, run, 0) - _mean_at(table, run, -1)

    value = over_seeds(distances, nearer)
    steps = ", ".join(f"{mean:.3f} at {step}" for step, mean in found.mean().items())
    return _claim(
        f"dynamics-runs-nearer-{run}",
        f"Through training networks of {run} come nearer by DSA to trained networks of other seeds "
        "(before training less after it, radians)",
        value,
        f"{steps}; halves of one network {_halves(distances, run):.3f}",
    )


def _stays_apart(run: str, first: str, distances: pd.DataFrame) -> Claim:
    def trained(table: pd.DataFrame, name: str) -> float:
        return _mean_at(table, name, -1)

    value = over_seeds(distances, lambda table: trained(table, run) - trained(table, first))
    means = {name: over_seeds(distances, partial(trained, name=name)) for name in (run, first)}
    cka = [_mean_at(distances, name, -1, "cka") for name in (run, first)]
    geometry = f"; CKA {cka[0]:.3f} against {cka[1]:.3f}" if np.isfinite(cka).all() else ""
    return _claim(
        f"dynamics-runs-apart-{run}",
        f"Trained networks of {run} are farther by DSA from those of {first} than these are from "
        "each other, on the same sequences (radians)",
        value,
        f"{run} {means[run]:.3f}, {first} {means[first]:.3f}; halves of one "
        f"network {_halves(distances, first):.3f}{geometry}",
    )


def _switches(run: str, control: str, distances: pd.DataFrame) -> Claim:
    """The largest step of either, so that the larger number of chances is on neither side."""
    switched, continued = (by_seed(distances, name, BEFORE) for name in (run, control))
    at = switched.mean().idxmax()
    return _claim(
        f"dynamics-runs-switch-{run}",
        f"A switch of what is learned shows in the dynamics: networks that go on with {run} move "
        f"farther by DSA between two checkpoints than the same networks going on as {control} (the "
        "largest step of each, radians)",
        paired_difference(switched.max(axis=1), continued.max(axis=1)),
        f"{switched.max(axis=1).mean():.3f}, most of it up to step {at}; "
        f"{continued.max(axis=1).mean():.3f} of the control; halves of one network "
        f"{_halves(distances, control):.3f}",
    )


def _claim(name: str, statement: str, value: Interval, control: str) -> Claim:
    return Claim(
        id=name,
        statement=statement,
        value=value,
        control=control,
        rule="reproduced: above 0 with the whole interval over seeds; direction: mean above 0",
        verdict=judge(value, reproduced=value.low > 0, direction=value.mean > 0),
        **STUDY,
    )


def _mean_at(distances: pd.DataFrame, run: str, place: int, measure: str = "dsa") -> float:
    """Mean distance to the reference at the first step (0) or the last (-1); NaN without pairs."""
    means = by_seed(distances, run, REFERENCE, measure).mean()
    return float(means.iloc[place]) if len(means) else float("nan")


def _halves(distances: pd.DataFrame, run: str) -> float:
    return float(by_seed(distances, run, HALVES).to_numpy(float).mean())
