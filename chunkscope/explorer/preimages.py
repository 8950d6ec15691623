"""Draws of decoders as data of the page, which a script shows one query at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from chunkscope.explorer.inputs import Files
from chunkscope.explorer.inversion import STATUSES, at_radius, read_balls
from chunkscope.explorer.reading import read_table, records
from chunkscope.explorer.viewers import Viewer
from chunkscope.inversion.reading import TRAINED


def read_preimages(
    shown: Files, quality: Files, retention: Mapping[str, Files], radius: float
) -> Viewer | None:
    """The draws that were chosen to be shown; None if there are none.

    Args:
        shown, quality: run -> its tables of draws and of their scores.
        retention: as :class:`~chunkscope.explorer.inputs.ReportInputs` has it.
        radius: of the balls that decoders draw from.

    Returns:
        Its data have ``radius`` and ``runs``. A run has a ``name`` and ``places``; a place
        (``site@point``) has a ``name``, ``queries``, whether draws are ``trusted`` there, with the
        precision and coverage that say so, and what its balls have ``kept``: status -> features,
        each with its share. A query has a ``name`` and ``draws``, itself the first: distance,
        whether it lies within, step that is read, symbols, and what was told of each. Its note says
        which runs nothing was drawn for.
    """
    columns = ["point", "site", "query", "distance", "inside", "at", "symbols", "told"]
    tables = {
        run: read_table(path, columns, text=["point", "site", "query", "symbols", "told"])
        for run, path in shown.items()
    }
    runs = [
        {
            "name": run,
            "places": _places(table, _kept(retention.get(run, {}), radius), _trust(run, quality)),
        }
        for run, table in tables.items()
        if len(table)
    ]
    without = ", ".join(run for run, table in tables.items() if table.empty)
    note = f"Nothing was drawn for {without}." if without else ""
    if not runs:
        return None
    data = {"radius": radius, "runs": runs}
    files = "results/inversion/{run}/shown.csv"
    return Viewer("Preimages, query by query", data, files, note)


def _places(
    table: pd.DataFrame, kept: Mapping[str, Any], trust: Mapping[str, list[Any]]
) -> list[dict[str, Any]]:
    return [
        {
            "name": (name := f"{site}@{point}"),
            "trusted": trust.get(name),
            "kept": kept.get(name, {}),
            "queries": [
                {"name": query, "draws": [_draw(row) for row in records(draws)]}
                for query, draws in part.groupby("query", sort=False)
            ],
        }
        for (point, site), part in table.groupby(["point", "site"], sort=False)
    ]


def _trust(run: str, quality: Files) -> dict[str, list[Any]]:
    """Place -> whether draws are trusted there, and precision and coverage of validation."""
    if run not in quality:
        return {}
    place, judged = ["point", "site"], ["trusted", "validated_precision", "validated_coverage"]
    table = read_table(quality[run], [*place, *judged], text=place).drop_duplicates(place)
    return {
        f"{row['site']}@{row['point']}": [
            int(row["trusted"]), *(_finite(row[name]) for name in judged[1:])
        ]
        for row in records(table)
    }  # fmt: skip


def _draw(row: Mapping[str, Any]) -> list[Any]:
    read = int(row["at"])
    return [_finite(row["distance"]), int(row["inside"]), read, row["symbols"], row["told"]]


def _kept(points: Files, radius: float) -> dict[str, dict[str, list[Any]]]:
    """Place -> status -> features with what is kept of them, the most first.

    Of the first network that has learned its task, which decoders are made for.
    """
    kept: dict[str, dict[str, list[Any]]] = {}
    for path in points.values():
        table = at_radius(read_balls(path), radius)
        table = table[table["condition"] == TRAINED]
        table = table[table["member"] == table["member"].min()].sort_values(
            "kept", ascending=False, kind="stable"
        )
        for (point, site), part in table.groupby(["point", "site"], sort=False):
            kept[f"{site}@{point}"] = {
                status: [
                    [row["feature"], _finite(row["kept"])]
                    for row in records(part[part["status"] == status])
                ]
                for status in STATUSES
            }
    return kept


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
