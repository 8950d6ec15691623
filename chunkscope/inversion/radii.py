"""Radii of balls: set, by how much of all inputs they hold, or by what their members do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.inversion.balls import Queries, distances
from chunkscope.inversion.distances import Block, Metric
from chunkscope.inversion.settings import InversionSettings

Values = NDArray[np.float64]

FIXED, QUANTILE, FUNCTIONAL = "fixed", "quantile", "functional"
"""How a radius was found: as it is; so that a ball holds a share of random inputs; so that members
of it, put in the place of the query, keep the answer."""

RANDOM = 4000
"""Inputs whose distances from every query are the null."""


@dataclass(frozen=True)
class Radius:
    """One radius, or one for every query.

    Attributes:
        kind, level: how it was found; see :data:`FIXED`.
        reach: (query,).
    """

    kind: str
    level: float
    reach: Values


def find_radii(
    settings: InversionSettings, null: Values, functional: pd.Series | None
) -> list[Radius]:
    """All radii of a site in one metric.

    Args:
        null: (query, input), see :func:`null_distances`.
        functional: query, from 0 -> its functional radius; None where there is none.

    Raises:
        InversionError: the functional radii are of other queries.
    """
    queries = len(null)
    radii = [Radius(FIXED, radius, np.full(queries, radius)) for radius in settings.fixed]
    radii += [
        Radius(QUANTILE, share, np.full(queries, np.nanquantile(null, share)))
        for share in settings.quantiles
    ]
    if functional is not None:
        if functional.index.tolist() != list(range(queries)):
            raise InversionError(
                f"radii: got {len(functional)} functional radii; must be one for each of "
                f"{queries} queries: run patch_balls again"
            )
        radii.append(Radius(FUNCTIONAL, np.nan, functional.to_numpy(np.float64)))
    return radii


def null_distances(
    blocks: Iterable[Block],
    inputs: Inputs,
    metric: Metric,
    queries: Queries,
    rng: np.random.Generator,
) -> Values:
    """(query, input) distances of random inputs from the queries, NaN of a query from itself."""
    chosen = np.sort(rng.choice(len(inputs), RANDOM, p=inputs.weight))
    found = []
    for part, distance in distances(blocks, metric, queries, len(inputs)):
        here = chosen[(chosen >= part.start) & (chosen < part.stop)]
        itself = queries.rows[:, None] == here
        found.append(np.where(itself, np.nan, distance[:, here - part.start]))
    return np.concatenate(found, axis=1)
