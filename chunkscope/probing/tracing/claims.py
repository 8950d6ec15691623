"""The claims about probes through training and the rules that judge them.

Expectations of this project, on networks of ours; the rules were fixed before any table was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from chunkscope.probing.conditions import BALANCED
from chunkscope.probing.terms import ALL, DENSE, FINAL, SAME, UNIT
from chunkscope.probing.tracing.study import member_means
from chunkscope.statistics import Claim, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN


def judge_tracing(runs: Mapping[str, pd.DataFrame]) -> Iterator[Claim]:
    """Two claims for each run.

    Args:
        runs: run -> its ``tracing/scores.csv``.
    """
    for run, traced in runs.items():
        balanced = traced[traced["prevalence"] == BALANCED]
        means = member_means(balanced)
        by_member = means[means["kind"] == ALL].pivot_table(
            index="member", columns=["measure", "step"], values="value"
        )
        yield _emerges(run, by_member)
        yield _persists(run, by_member, chance=float((1 / balanced["units"]).mean()))


def _emerges(run: str, means: pd.DataFrame) -> Claim:
    steps = means[UNIT].columns
    first, last = steps.min(), steps.max()
    value = paired_difference(means[UNIT, last], means[UNIT, first])
    return Claim(
        id=f"probing-training-emerges-{run}",
        study="probing",
        paper=OWN,
        statement=f"Training {run} makes single units tell features better (F1 of the best unit, "
        "mean over features, at the end less before training)",
        published="",
        published_source="",
        value=value,
        control=f"before training {means[UNIT, first].mean():.2f}, of all units "
        f"{means[DENSE, first].mean():.2f}; at the end {means[UNIT, last].mean():.2f} and "
        f"{means[DENSE, last].mean():.2f}",
        rule="reproduced: above 0 with the whole interval over members; direction: mean above 0",
        verdict=judge(value, reproduced=value.low > 0, direction=value.mean > 0),
    )


def _persists(run: str, means: pd.DataFrame, chance: float) -> Claim:
    *before, last = sorted(means[SAME].columns)
    value = mean_interval(means[SAME, before[-1]])
    return Claim(
        id=f"probing-training-persists-{run}",
        study="probing",
        paper=OWN,
        statement=f"The units of {run} that tell features best are settled before training ends "
        f"(share of features whose best unit at step {before[-1]} is that of step {last})",
        published="",
        published_source="",
        value=value,
        control=f"before training {means[SAME, before[0]].mean():.2f}, by chance {chance:.2f}; the "
        f"unit of the end, before training, F1 {means[FINAL, before[0]].mean():.2f}",
        rule="reproduced: above .5 with the whole interval over members; direction: above chance "
        "(one over the number of units) with the whole interval",
        verdict=judge(value, reproduced=value.low > 0.5, direction=value.low > chance),
    )
