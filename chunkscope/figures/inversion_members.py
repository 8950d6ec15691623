"""Retention tables as figures read them: points of a run joined, means over its members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from chunkscope.inversion.reading import UNKNOWN
from chunkscope.statistics import summarise


def join_points(runs: Iterable[str], tables: Iterable[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Run -> the tables of its points, one below the other, in the first metric alone.

    Args:
        runs: the run of each table.
        tables: ``retention.csv`` of one point each; without rows where no member has learned.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    for run, table in zip(runs, tables, strict=True):
        found.setdefault(run, []).append(table[table["metric"].isin(table["metric"].head(1))])
    return {run: stack(parts) for run, parts in found.items()}


def over_members(table: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Means over the members in which ``value`` can be estimated, which ``n`` counts."""
    known = table[value].where(table["status"] != UNKNOWN).astype(float)
    return summarise(table.assign(**{value: known}), by, value)


def stack(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Those that have rows: beside them, one without would make numbers objects."""
    every = list(parts)
    return pd.concat([part for part in every if len(part)] or every[:1], ignore_index=True)
