"""The probes of a run as means over its members."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from chunkscope.probing.metrics import MEASURES
from chunkscope.statistics import summarise

CHOSEN = ["kind", "name", "condition", "prevalence"]
OF_SIZE = [*CHOSEN, "size", "dense"]


def summary_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Every measure at every size, and of what was chosen, as a mean over members.

    Args:
        scores: ``scores.csv`` of a run.

    Returns:
        ``row`` ("size": at the site that each member chose on validation for this size; "chosen":
        at the site and size that it chose), the columns of :data:`OF_SIZE`, ``measure`` (those of
        the test rows; of the chosen ones their ``size`` and ``units_needed`` too), and ``mean,
        ci_low, ci_high, n`` with ``over``: 95 % intervals over members; of lookups and ceiling,
        which have none, over groups of sequences.
    """
    probes = scores[scores["member"].notna()]
    chosen = _over_members(probes[probes["chosen"]], CHOSEN, (*MEASURES, "size", "units_needed"))
    tables = [
        _over_members(best_sites(scores), OF_SIZE, MEASURES).assign(row="size"),
        chosen.assign(row="chosen"),
        _over_groups(scores[scores["member"].isna()]),
    ]
    columns = ["row", *OF_SIZE, "measure", "mean", "ci_low", "ci_high", "n", "over"]
    return pd.concat(tables, ignore_index=True)[columns]


def best_sites(scores: pd.DataFrame) -> pd.DataFrame:
    """Of the probes of every size, the one at the site that its member chose on validation."""
    probes = scores[scores["member"].notna()]
    best = probes.groupby([*OF_SIZE, "member"], sort=False)["validation"].idxmax()
    return probes.loc[best]


def _over_members(scores: pd.DataFrame, by: list[str], measures: Sequence[str]) -> pd.DataFrame:
    long = scores.melt(by, list(measures), "measure")
    return summarise(long, [*by, "measure"]).assign(over="members")


def _over_groups(scores: pd.DataFrame) -> pd.DataFrame:
    """The intervals that every row has by itself."""
    parts = [
        scores[CHOSEN].assign(
            measure=name,
            mean=scores[name],
            ci_low=scores[f"{name}_low"],
            ci_high=scores[f"{name}_high"],
        )
        for name in MEASURES
    ]
    return pd.concat(parts).assign(row="chosen", n=1, over="groups")
