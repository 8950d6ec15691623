"""The claim about pruning and the rule that judges it, fixed before any default run.

Of the paper's own pruning nothing is known but the method, so that this is an expectation of ours:
the published reading of superposition, that features are carried by several units at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from chunkscope.probing.conditions import BALANCED, PROBE, UNTRAINED
from chunkscope.probing.pruning.study import member_means
from chunkscope.probing.terms import ALL, BEST, RANDOM
from chunkscope.statistics import Claim, judge, mean_interval
from chunkscope.statistics.claims import OWN

MOST = 0.9
"""Share of F1 above its floor that is nearly all of it."""


def judge_pruning(runs: Mapping[str, pd.DataFrame]) -> Iterator[Claim]:
    """One claim for each run.

    Args:
        runs: run -> its ``pruning/scores.csv``.
    """
    for run, pruned in runs.items():
        means = member_means(pruned[pruned["prevalence"] == BALANCED])
        means = means[(means["kind"] == ALL) & (means["size"] == means["size"].max())]
        yield _not_one_unit(run, means)


def _not_one_unit(run: str, means: pd.DataFrame) -> Claim:
    size, last = int(means["size"].iloc[0]), int(means["round"].max())
    kept = means.pivot_table(index="member", columns=["condition", "order", "round"], values="kept")
    value = mean_interval(kept[PROBE, BEST, 1])
    return Claim(
        id=f"probing-pruning-{run}",
        study="probing",
        paper=OWN,
        statement=f"On average, features of {run} do not hang on one unit: without the best one, a "
        f"probe of {size} units keeps nearly all that its F1 has above the floor (mean over "
        "features and sites)",
        published="",
        published_source="",
        value=value,
        control=f"without a random unit {kept[PROBE, RANDOM, 1].mean():.2f}; without the {last} "
        f"best {kept[PROBE, BEST, last].mean():.2f}, {last} at random "
        f"{kept[PROBE, RANDOM, last].mean():.2f}; untrained network without its best "
        f"{kept[UNTRAINED, BEST, 1].mean():.2f}",
        rule=f"reproduced: at least {MOST} with the whole interval over members; direction: mean "
        "above .5",
        verdict=judge(value, reproduced=value.low >= MOST, direction=value.mean > 0.5),
    )
