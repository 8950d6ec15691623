"""Means over units, then over seeds: of every table both with and without units that have no score.

A unit that does the same everywhere, or of which nothing can be scored, counts as 0 (*as zero*;
balanced accuracies as .5, which is chance) or is left out (*scored*); every mean is given both
ways. A mean over layers gives each the same weight, the last one included.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from chunkscope.neurons.labels import LABEL
from chunkscope.neurons.scores import NO_SCORE
from chunkscope.neurons.study import SCORES
from chunkscope.statistics import summarise

ALL = "all"
"""In the place of a site: the mean over layers."""

AS_ZERO, SCORED = "as zero", "scored"
"""What becomes of units without a score."""

TRAINED, UNTRAINED = "trained", "untrained"

OF_LABELS = "pearson"  # the one score of an exact label

KEY = ["run", "condition", "site", "protocol", "explainer", "control", "measure", "policy"]


def by_seed(scores: pd.DataFrame) -> pd.DataFrame:
    """Means over the units of every site, and over sites.

    Args:
        scores: of one run and condition, see :class:`~chunkscope.neurons.study.Explained`, with
            ``seed`` and ``site``.

    Returns:
        ``seed, site, protocol, explainer, control, measure, policy, value``, and the unit counts
        behind it: ``units`` and ``deviation``, their standard deviation.
    """
    key = ["seed", "site", "protocol", "explainer", "control"]
    tables = []
    for measure in SCORES:
        measured = scores[(scores["explainer"] != LABEL) | (measure == OF_LABELS)]
        for policy, filled in ((AS_ZERO, measured.fillna(NO_SCORE)), (SCORED, measured)):
            units = filled.groupby(key, sort=False)[measure]
            found = units.agg(value="mean", units="count", deviation="std").reset_index()
            tables.append(found.assign(measure=measure, policy=policy))
    table = pd.concat(tables, ignore_index=True)
    over = [name for name in (*key, "measure", "policy") if name != "site"]
    layers = table.groupby(over, sort=False)
    means = layers.agg(value=("value", "mean"), units=("units", "sum")).reset_index()
    return pd.concat([table, means.assign(site=ALL, deviation=np.nan)], ignore_index=True)


def summarise_units(scores: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Means over seeds, of every run and condition.

    Args:
        scores: (run, condition) -> :func:`by_seed` of it.

    Returns:
        :data:`KEY`; ``mean, ci_low, ci_high, n`` over seeds; ``units_low, units_high``, the 95 %
        interval over all units of all seeds, and ``units``, how many.
    """
    tables = [
        table.assign(run=run, condition=condition) for (run, condition), table in scores.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    found = summarise(table, KEY)
    return found.merge(_over_units(table), on=KEY, how="left", validate="one_to_one")


def _over_units(table: pd.DataFrame) -> pd.DataFrame:
    """The intervals over the units of all seeds, of every site and of the mean over sites."""
    sites = _pooled(table[table["site"] != ALL])
    over = [name for name in KEY if name != "site"]
    layers = sites.assign(variance=sites["error"] ** 2).groupby(over, sort=False)
    # of a mean over layers, whose units are others in each
    means = layers.agg(
        centre=("centre", "mean"), error=("variance", _root_of_mean), units=("units", "sum")
    )
    found = pd.concat([sites, means.reset_index().assign(site=ALL)], ignore_index=True)
    half = 1.96 * found["error"]
    low, high = found["centre"] - half, found["centre"] + half
    return found[KEY].assign(units_low=low, units_high=high, units=found["units"])


def _root_of_mean(variances: pd.Series) -> float:
    """The standard error of the mean of independent numbers, from their variances."""
    return float(np.sqrt(variances.sum(skipna=False)) / len(variances))


def _pooled(table: pd.DataFrame) -> pd.DataFrame:
    """``centre`` of the units of several seeds, its standard ``error``, and how many ``units``
    there are, from the means and deviations of each seed."""
    units, value, deviation = (table[name] for name in ("units", "value", "deviation"))
    parts = table[KEY].assign(
        units=units, sums=units * value, squares=(units - 1) * deviation**2 + units * value**2
    )
    found = parts.groupby(KEY, sort=False, dropna=False).sum(min_count=1).reset_index()
    n = found["units"].where(found["units"] > 1)
    centre = found["sums"] / n
    error = np.sqrt((found["squares"] / n - centre**2).clip(lower=0) / (n - 1))
    return found[KEY].assign(centre=centre, error=error, units=found["units"])


def summarise_facts(units: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """How many units of each site are dead or constant, how active they are, and how far a function
    of the current symbol, as means over seeds.

    Args:
        units: (run, condition) -> facts with ``seed`` and ``site``.

    Returns:
        ``run, condition, site, fact, mean, ci_low, ci_high, n`` (over seeds). ``dead`` and
        ``constant`` are shares of units; ``token_share`` is a median over those that vary, since a
        unit that hardly ever fires has an R2 without a bound.
    """
    rows = []
    for (run, condition), table in units.items():
        for (site, seed), of in table.groupby(["site", "seed"], sort=False):
            facts = {
                "active": of["active"].mean(),
                "dead": of["dead"].mean(),
                "constant": of["constant"].mean(),
                "token_share": of["token_share"].median(),
            }
            place = {"run": run, "condition": condition, "site": site, "seed": seed}
            rows += [{**place, "fact": fact, "value": value} for fact, value in facts.items()]
    table = pd.DataFrame(rows)
    return summarise(table, ["run", "condition", "site", "fact"])
