"""How every measure goes with the level, over networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from chunkscope.experiments.complexity import MEASURES
from chunkscope.experiments.hierarchy.names import (
    DEFAULT,
    ENTROPY_RATE,
    EXCESS,
    NETWORKS,
    RADIUS,
    TRAINED,
    TRUTH,
)
from chunkscope.statistics.correlations import spearman

PLACE = ["level", "network"]
COLUMNS = ["reading", "variant", "measure", "given", "rho", "ci_low", "ci_high", "n", "published"]

Key = tuple[str, str, str, str]  # reading, variant, measure, given


def correlate(
    measures: pd.DataFrame,
    variants: pd.DataFrame,
    draws: Callable[[], np.random.Generator],
    resamples: int,
    published: Mapping[tuple[str, str], float],
) -> pd.DataFrame:
    """Spearman's correlation with level of every measure, with a bootstrap interval.

    Besides the readings there is what a trained network has more than its control (``EXCESS``),
    and there are the partial correlations of a network's measures given the entropy rate of its
    corpus and, where it is affine, given its memory (the spectral radius).

    Args:
        measures, variants: see :func:`chunkscope.experiments.hierarchy.measuring.measure`.
        draws: a new generator of the same stream at each call, so that all correlations are
            taken over the same resamples.
        published: (reading, measure) -> the correlation that was published.

    Returns:
        The table of ``COLUMNS``; ``published`` is NaN where nothing was.
    """
    rows = []
    for key, values, given in [*_readings(measures), *_variants(variants)]:
        levels = values.index.get_level_values("level")
        rho = spearman(levels, values, draws(), given, resamples)
        reading, variant, measure, _ = key
        repeats = variant == DEFAULT and given is None
        other = published.get((reading, measure), np.nan) if repeats else np.nan
        rows.append((*key, rho.mean, rho.low, rho.high, rho.n, other))
    return pd.DataFrame(rows, columns=COLUMNS)


def _readings(measures: pd.DataFrame) -> Iterator[tuple[Key, pd.Series, pd.Series | None]]:
    table = measures.pivot(index=PLACE, columns=["reading", "measure"], values="value")
    wide = {
        (str(column[0]), str(column[1])): table[column] for column in table.columns.to_flat_index()
    }
    for control, excess in EXCESS.items():
        for measure in MEASURES:
            if (control, measure) in wide:
                wide[excess, measure] = wide[TRAINED, measure] - wide[control, measure]
    for (reading, measure), values in wide.items():
        yield (reading, DEFAULT, measure, ""), values, None
        if reading in NETWORKS and measure in MEASURES:
            yield (reading, DEFAULT, measure, ENTROPY_RATE), values, wide[TRUTH, ENTROPY_RATE]
            if (reading, RADIUS) in wide:
                yield (reading, DEFAULT, measure, RADIUS), values, wide[reading, RADIUS]


def _variants(variants: pd.DataFrame) -> Iterator[tuple[Key, pd.Series, None]]:
    others = variants[variants["variant"] != DEFAULT]
    for key, table in others.groupby(["reading", "variant", "measure"], sort=False):
        reading, variant, measure = map(str, key)
        yield (reading, variant, measure, ""), table.set_index(PLACE)["value"], None
