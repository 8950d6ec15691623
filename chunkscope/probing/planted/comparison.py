"""Rankings compared on activity whose carriers of the feature are known.

Three kinds of data: the published synthetic one, where every carrier tells the feature by itself;
random codes, where it tells other features too; and the suppressor pair, where one of two carriers
tells nothing alone. Each ranking picks units on one half of the rows, the probe is refitted on
them, and the other half is tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.probing.planted.comparison_settings import (
    ComparisonSettings,
    GeluDraws,
    SubsetSettings,
)
from chunkscope.probing.planted.generators import Planted, codes, gelu, suppressor_pair
from chunkscope.probing.planted.probes import halves, probe_f1
from chunkscope.probing.planted.settings import GeluSettings
from chunkscope.probing.rankings import RANKINGS, supports
from chunkscope.probing.solvers.best_subset import best_subset
from chunkscope.probing.solvers.logistic import balanced_weights
from chunkscope.randomness import integer_seed, stream

Units = NDArray[np.int64]
Row = dict[str, object]

BEST_SUBSET = "best_subset"
DENSE = "dense"
"""Beside the rankings: the probe of all units, as a ceiling."""
GELU, CODES, SUPPRESSOR = "gelu", "codes", "suppressor"
"""Kinds of data."""
COLUMNS = ["data", "draw", "rows", "units", "planted", "shift", "positives"]
COLUMNS += ["ranking", "size", "recovered", "f1", "status", "gap"]


@dataclass(frozen=True)
class Choice:
    """Units that a ranking picks.

    Attributes:
        ranking: which one.
        units: (k,).
        status: of the best subset, whether it is proved ("optimal"); empty for the others.
        gap: of the best subset, how far above the lower bound its objective may be, relative.
    """

    ranking: str
    units: Units
    status: str = ""
    gap: float = math.nan


def compare_rankings(settings: ComparisonSettings, seed: int) -> pd.DataFrame:
    """Every ranking on every draw.

    Args:
        seed: root of the random streams.

    Returns:
        One row per draw, ranking and size: what the draw is (``data`` to ``positives``; ``rows``
        were fitted, and as many tested), ``recovered``, the share of the planted units among the
        chosen, of as many as there is room for, and ``f1`` on the tested rows.
    """
    rows = [
        {**named, **found}
        for named, planted, ranking_seed in _draws(settings, seed)
        for found in _compare(planted, settings, ranking_seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _draws(settings: ComparisonSettings, seed: int) -> Iterator[tuple[Row, Planted, int]]:
    """What each draw is called, its activity, and the seed of rankings that draw."""
    for data in (GELU, CODES, SUPPRESSOR):
        for draw in range(settings.gelu.draws if data == GELU else settings.seeds):
            rng = stream(seed, "probing", "rankings", data, draw)
            shift: float = math.nan
            if data == GELU:
                drawn = draw_gelu(settings.gelu, rng)
                planted, shift = gelu(drawn, rng), drawn.shift
            elif data == CODES:
                planted = codes(settings.codes, rng)
            else:
                planted = suppressor_pair(settings.suppressor, rng)
            named = {
                "data": data,
                "draw": draw,
                "rows": len(planted.y) // 2,
                "units": planted.X.shape[1],
                "planted": len(planted.support),
                "shift": shift,
                "positives": planted.y.mean(),
            }
            yield named, planted, integer_seed(seed, "probing", "rankings", data, draw)


def draw_gelu(ranges: GeluDraws, rng: np.random.Generator) -> GeluSettings:
    """Settings of one data set, each log-uniform in its range; the rows are both halves'."""

    def drawn(low: float, high: float) -> float:
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    return GeluSettings(
        rows=2 * round(drawn(*ranges.rows)),
        units=round(drawn(*ranges.units)),
        support=round(drawn(*ranges.support)),
        shift=drawn(*ranges.shift),
        positives=drawn(*ranges.positives),
    )


def _compare(planted: Planted, settings: ComparisonSettings, seed: int) -> Iterator[Row]:
    """What every choice of units finds on one draw."""
    fitted, tested = halves(planted)
    support = planted.support
    for choice in _choices(fitted, {*settings.sizes, len(support)}, settings, seed):
        size, shared = len(choice.units), len(np.intersect1d(choice.units, support))
        yield {
            "ranking": choice.ranking,
            "size": size,
            "recovered": shared / min(size, len(support)),
            "f1": probe_f1(fitted, tested, choice.units, settings.penalty),
            "status": choice.status,
            "gap": choice.gap,
        }


def _choices(
    fitted: Planted, sizes: set[int], settings: ComparisonSettings, seed: int
) -> Iterator[Choice]:
    """What every ranking picks, of every size for which the filter leaves enough units."""
    units = _first(fitted, settings.filter)
    few = units[: settings.subset.units]
    for ranking in RANKINGS:
        asked = [size for size in sizes if size <= len(units)]
        for picked in supports(fitted.X[:, units], fitted.y, ranking, asked, seed).values():
            yield Choice(ranking, units[picked])
    for size in sorted(size for size in sizes if size <= len(few)):
        yield _best(fitted, few, size, settings.subset)
    yield Choice(DENSE, np.arange(fitted.X.shape[1]))


def _first(fitted: Planted, most: int) -> Units:
    """(unit,) the units of the largest mean difference, best first."""
    size = min(most, fitted.X.shape[1])
    return supports(fitted.X, fitted.y, "mean_difference", [size], 0)[size]


def _best(fitted: Planted, units: Units, size: int, subset: SubsetSettings) -> Choice:
    found = best_subset(
        fitted.X[:, units],
        fitted.y,
        size,
        subset.gamma,
        sample_weight=balanced_weights(fitted.y),
        time_limit=math.inf,
        node_limit=subset.nodes,
    )
    return Choice(BEST_SUBSET, units[found.support], found.status, found.gap)
