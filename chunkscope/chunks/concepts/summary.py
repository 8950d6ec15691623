"""What the tables of the concepts study say: means, with intervals over concepts.

A concept is the unit of these tables: its numbers are averaged over networks first. Imports no
torch, so that claims and figures need none.
"""

from __future__ import annotations

import pandas as pd

from chunkscope.statistics import mean_interval, paired_difference, summarise

METHODS = (
    *("averaging", "latent", "selected latent", "probe", "look-up"),
    *("averaging by accuracy", "latent by accuracy"),
    *("untrained", "random occurrences"),
)
"""The detectors; the two of the published comparison with its own criterion; then averaging on the
network before training, and on steps drawn at random."""
MEASURES = ("tpr", "fpr", "balanced_accuracy", "mcc")
ALL_SITES = "all"
PLACE = ("site", "offset", "method", "kind", "concept")

NONE, NARROW = "none", "none, narrow sampling"
TARGET, OTHERS, OTHER_UNITS = "target", "other concepts", "random units"
CONDITIONS = (
    *(NONE, TARGET, OTHERS, "random observed state", "random direction", "zero"),
    *(OTHER_UNITS, NARROW),
)
"""What is grafted, and what stands in its place."""
SAID = ("contains", "rate", "first", "nll")
"""Measures of what a network goes on to say."""


def summarise_detection(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds, then mean and 95 % interval over concepts; by site, and over all of them.

    Args:
        table: ``seed, site`` and the columns of :func:`read_site`.

    Returns:
        ``site, offset, method, kind, measure, mean, ci_low, ci_high, n`` (concepts), ``seeds``;
        site :data:`ALL_SITES` holds the means over sites.
    """
    both = pd.concat([table, table.assign(site=ALL_SITES)])
    long = both.melt([*PLACE, "seed"], [*MEASURES, "units"], "measure")
    by_concept = long.groupby([*PLACE, "measure"], sort=False)["value"].mean().reset_index()
    kinds = [place for place in PLACE if place != "concept"]
    summary = summarise(by_concept, [*kinds, "measure"])
    return summary.assign(seeds=table["seed"].nunique())


def summarise_grafts(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds, then mean and 95 % interval over concepts, of each condition and of what the
    target does beyond it.

    Args:
        table: ``seed, offset`` and the columns of :func:`graft_concepts`.

    Returns:
        ``depth, offset, condition, measure, mean, ci_low, ci_high, n`` (concepts), then
        ``difference, difference_low, difference_high`` (target minus condition, paired by concept;
        concepts without either are left out).
    """
    place = ["depth", "offset", "condition", "concept"]
    long = table.melt([*place, "seed"], list(SAID), "measure")
    means = long.groupby([*place, "measure"], sort=False)["value"].mean().reset_index()
    rows = []
    for (depth, offset, measure), part in means.groupby(["depth", "offset", "measure"], sort=False):
        by_condition = part.pivot(index="concept", columns="condition", values="value")
        for condition in CONDITIONS:
            same = measure == "nll" and condition in (NONE, NARROW)  # whatever word one listens for
            value = mean_interval(by_condition[condition].iloc[: 1 if same else None])
            gap = paired_difference(by_condition[TARGET], by_condition[condition])
            rows.append(
                {
                    "depth": depth,
                    "offset": offset,
                    "condition": condition,
                    "measure": measure,
                    "mean": value.mean,
                    "ci_low": value.low,
                    "ci_high": value.high,
                    "n": value.n,
                    "difference": gap.mean,
                    "difference_low": gap.low,
                    "difference_high": gap.high,
                }
            )
    return pd.DataFrame(rows)
