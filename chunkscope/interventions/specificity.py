"""Specificity: what a donor does beyond its controls, over seeds."""

from __future__ import annotations

import pandas as pd

from chunkscope.interventions.conditions import NONE, TARGET
from chunkscope.interventions.effects import MEASURES
from chunkscope.statistics import paired_difference

CASE = ["kind", "sites", "units", "lag", "mode"]
COMPARISON = ["kind", "sites", "units", "strength", "lag", "mode", "control", "measure"]
SUMMARY = ["target_mean", "control_mean", "difference", "ci_low", "ci_high", "n"]


def specificity(table: pd.DataFrame) -> pd.DataFrame:
    """Target minus each control, paired by donor and seed.

    A control is matched where its strength is the target's; ``none`` stands beside every
    strength. Within a seed the mean is over the donors for which both can be estimated. Lags
    that the readout cannot have seen are left out.

    Args:
        table: the rows of :func:`~chunkscope.interventions.study.run_study` of several seeds.

    Returns:
        ``kind, sites, units, strength, lag, mode, control, measure, target_mean, control_mean,
        difference, ci_low, ci_high, n``: one row per case, control and measure; the interval
        holds the mean difference over ``n`` seeds with 95 % confidence.
    """
    pairs = _pairs(table[table["visible"].astype(bool)])
    sides = ["value", "value_control"]
    by_seed = pairs.groupby([*COMPARISON, "seed"], sort=False)[sides].mean()
    rows = []
    for key, seeds in by_seed.groupby(level=COMPARISON, sort=False):
        gap = paired_difference(seeds["value"], seeds["value_control"])
        rows.append([*key, *seeds.mean(), gap.mean, gap.low, gap.high, gap.n])
    return pd.DataFrame(rows, columns=[*COMPARISON, *SUMMARY])


def _pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Target and control side by side: a row per comparison, seed and donor."""
    place = [*CASE, "seed", "donor"]
    long = table.melt([*place, "control", "strength"], list(MEASURES), "measure")
    is_target = long["control"] == TARGET
    pairs = long[is_target].drop(columns="control")
    pairs = pairs.merge(long[~is_target], on=[*place, "measure"], suffixes=("", "_control"))
    matched = (pairs["strength"] == pairs["strength_control"]) | (pairs["control"] == NONE)
    pairs = pairs[matched].copy()
    both = pairs["value"].notna() & pairs["value_control"].notna()
    for side in ("value", "value_control"):
        pairs[side] = pairs[side].where(both)
    return pairs
