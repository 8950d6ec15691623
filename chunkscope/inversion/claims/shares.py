"""What members of balls share, by member of a run: the numbers that claims are about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chunkscope.inversion.reading import TRAINED
from chunkscope.statistics import Interval, mean_interval

SOME = 0.5
"""Share beyond chance that is more than a little."""


def same(
    balls: pd.DataFrame, feature: str, point: str, site: str, condition: str = TRAINED
) -> pd.Series:
    """Member -> share of the ball with the query's value, over queries."""
    rows = balls[(balls["feature"] == feature) & (balls["condition"] == condition)]
    return rows[(rows["point"] == point) & (rows["site"] == site)].groupby("member")["same"].mean()


def same_everywhere(balls: pd.DataFrame, feature: str, condition: str = TRAINED) -> pd.Series:
    """Member -> the same over all sites."""
    rows = balls[(balls["feature"] == feature) & (balls["condition"] == condition)]
    return rows.groupby("member")["same"].mean()


def prior(balls: pd.DataFrame, feature: str) -> float:
    return float(balls.loc[balls["feature"] == feature, "prior"].mean())


def kept(balls: pd.DataFrame, feature: str, point: str, site: str) -> pd.Series:
    """Member -> share beyond chance over what there is beyond chance."""
    rows = balls[(balls["feature"] == feature) & (balls["condition"] == TRAINED)]
    return _beyond_chance(rows[(rows["point"] == point) & (rows["site"] == site)], ["member"])


def _beyond_chance(rows: pd.DataFrame, by: list[str]) -> pd.Series:
    means = rows.dropna(subset="same").groupby(by)[["same", "prior"]].mean()
    return (means["same"] - means["prior"]) / (1 - means["prior"])


def chosen_heads(
    balls: pd.DataFrame,
    features: Sequence[str],
    minus: str | None = None,
    condition: str = TRAINED,
) -> pd.DataFrame:
    """Of every member the head and feature kept most on even queries, as kept on odd ones.

    Args:
        minus: a feature whose share is taken away in the choice.

    Returns:
        ``site, feature, kept, minus``, by member.
    """
    heads = balls[(balls["condition"] == condition) & balls["site"].str.contains("hook_result")]
    even, odd = (heads[heads["query"] % 2 == half] for half in (0, 1))
    by = ["member", "site", "feature"]
    score, test = _beyond_chance(even, by), _beyond_chance(odd, by)
    of = score[score.index.isin(features, level="feature")]
    if minus is not None:
        of = of - np.array([score.get((m, site, minus), np.nan) for m, site, _ in of.index])
    best = of.groupby("member").idxmax() if len(of) else pd.Series(dtype=object)
    chosen = pd.DataFrame(list(best), columns=by)
    return chosen.assign(
        kept=[test.get(key, np.nan) for key in best],
        minus=[test.get((member, site, minus), np.nan) for member, site, _ in best],
    ).set_index("member")


def paired(first: pd.Series, second: pd.Series) -> Interval:
    """The mean of first minus second over the members that have both, with its interval."""
    return mean_interval((first - second).dropna())


def listed(chosen: pd.DataFrame) -> str:
    """Heads as papers name them, block and head, with the feature."""
    names = [
        f"{site.split('.')[1]}.{site.rsplit('.', 1)[-1]} ({feature})"
        for site, feature in zip(chosen["site"], chosen["feature"], strict=True)
    ]
    return ", ".join(names)
