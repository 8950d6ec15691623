"""What preimages say, as tables of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chunkscope.explorer.cells import Cell, Column, Table, interval, number, text
from chunkscope.explorer.inputs import Files
from chunkscope.explorer.reading import read_table, records
from chunkscope.inversion.radii import FIXED
from chunkscope.inversion.reading import FREE, PARTLY, RETAINED, TRAINED, UNKNOWN, UNTRAINED
from chunkscope.statistics import mean_interval

STATUSES = (RETAINED, PARTLY, FREE, UNKNOWN)
CONTROLS = ("shuffled", "wrong")
KEPT = "0 is chance, 1 all members"
SHARE = "share"


def read_balls(path: Path) -> pd.DataFrame:
    """A retention table at all fixed radii, in its first metric.

    What is kept is NaN where too few balls hold anything for them to speak for all.
    """
    named = ["condition", "point", "site", "metric", "radius_kind", "feature", "status"]
    columns = ["member", "level", "mass", "prior", "kept", *CONTROLS]
    table = read_table(path, [*named, *columns], text=named)
    table = _like_the_first(table[table["radius_kind"] == FIXED], ["metric"])
    known = table["status"] != UNKNOWN
    return table.assign(**{name: table[name].where(known) for name in ("kept", *CONTROLS)})


def at_radius(table: pd.DataFrame, radius: float) -> pd.DataFrame:
    """The rows of one level."""
    return table[np.isclose(table["level"].astype(float), radius)]


def retention_table(retention: Mapping[str, Files], radius: float) -> Table:
    """Every feature at every site of every run: what is kept of it, beside the controls."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "point", "site", "feature")),
        Column("kept", numeric=True, unit=KEPT),
        Column("kept, untrained", numeric=True, unit=KEPT),
        Column("dealt labels", numeric=True, unit="should be 0"),
        Column("wrong query", numeric=True, unit="should be 0"),
        Column("prior", numeric=True, unit=f"{SHARE} of inputs"),
        Column("p(ball)", numeric=True, unit=f"radius {radius:g}"),
        Column("status", filter=True),
        Column("n", numeric=True, unit="networks"),
    ]
    rows, unread = [], []
    for run, points in retention.items():
        table = pd.concat([read_balls(path) for path in points.values()])
        found = at_radius(table, radius).groupby(["point", "site", "feature"], sort=False)
        for (point, site, feature), part in found:
            trained, untrained = (
                part[part["condition"] == condition] for condition in (TRAINED, UNTRAINED)
            )
            beside = [*CONTROLS, "prior", "mass"]
            rows.append(
                [
                    *map(text, (run, point, site, feature)),
                    *(_mean(networks["kept"]) for networks in (trained, untrained)),
                    *(number(trained[name].mean()) for name in beside),
                    text(_statuses(trained["status"])),
                    number(len(trained)),
                ]
            )
        unread += [run] if table.empty else []
    return Table("What sites keep", columns, rows, _unread(unread))


def decoder_table(quality: Files) -> Table:
    """How a run's decoder does at every site, drawing as it is scored."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "point", "site")),
        Column("trusted", filter=True, unit="by validation queries"),
        Column("valid", numeric=True, unit=f"{SHARE} of draws, higher is better"),
        Column("precision", numeric=True, unit=f"{SHARE} of draws within the ball"),
        Column("coverage at 1,000", numeric=True, unit="0–1, higher is better"),
        Column("of the ball itself", numeric=True, unit="the same, a ceiling"),
        Column("told nothing", numeric=True, unit="the same, a floor"),
        Column("of random inputs", numeric=True, unit="the same, a floor"),
        Column("KL", numeric=True, unit="nats, lower is better"),
        Column("wrong query", numeric=True, unit=f"{SHARE} within the ball"),
        Column("p(ball)", numeric=True, unit="what wrong queries should give"),
        Column("n", numeric=True, unit="queries"),
    ]
    ways, place = ["temperature", "noise"], ["point", "site"]
    with_interval = ["valid", "inside", "coverage_1000"]
    beside = ["ideal_1000", "untold_1000", "search_1000"]
    rows, unread = [], []
    for run, path in quality.items():
        needed = [*ways, "trusted", *with_interval, *beside, "kl", "wrong", "mass"]
        table = read_table(path, [*place, *needed], text=place)
        for (point, site), part in _like_the_first(table, ways).groupby(place, sort=False):
            rows.append(
                [
                    *map(text, (run, point, site)),
                    text("yes" if part["trusted"].iloc[0] else "no"),
                    *(_mean(part[name]) for name in with_interval),
                    *(number(part[name].mean()) for name in beside),
                    *(_mean(part[name]) for name in ("kl", "wrong")),
                    number(part["mass"].mean()),
                    number(len(part)),
                ]
            )
        unread += [run] if table.empty else []
    return Table("The decoder", columns, rows, _unread(unread))


def cut_table(cuts: Files) -> Table:
    """The fewest sites that carry a feature, network by network."""
    columns = [
        *(Column(title, filter=True) for title in ("run", "feature")),
        Column("member", numeric=True),
        Column("sites"),
        Column("carried", numeric=True, unit="share of pairs that verify"),
        Column("next best", numeric=True, unit="as many sites, the same pairs"),
        Column("same value kept", numeric=True, unit="answers, donors with the same value"),
        Column("heads", numeric=True, unit="at the answering point"),
        Column("enough", filter=True),
        Column("n", numeric=True, unit="pairs that verify"),
    ]
    rows, unread = [], []
    carried = ["carried", "carried_low", "carried_high"]
    for run, path in cuts.items():
        names = ["circuit", "sites"]
        beside = ["next_carried", "alike_kept", "heads"]
        table = read_table(path, [*names, "member", *carried, *beside, "n", "enough"], text=names)
        for row in records(table):
            rows.append(
                [
                    *map(text, (run, row["circuit"])),
                    number(row["member"]),
                    text(row["sites"]),
                    interval(*(row[name] for name in carried)),
                    *(number(row[name]) for name in beside),
                    text("yes" if row["enough"] else "no"),
                    number(row["n"]),
                ]
            )
        unread += [run] if table.empty else []
    return Table("Smallest cuts", columns, rows, _unread(unread))


def _like_the_first(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows that have in these columns what the first row has."""
    return table.merge(table[columns].head(1))


def _mean(values: pd.Series) -> Cell:
    over = mean_interval(values)
    return interval(over.mean, over.low, over.high)


def _statuses(found: pd.Series) -> str:
    """What is said of a feature in all networks, or in how many of them each."""
    counts = {status: int((found == status).sum()) for status in STATUSES}
    some = {status: count for status, count in counts.items() if count}
    if len(some) == 1:
        return next(iter(some))
    return ", ".join(f"{count} {status}" for status, count in some.items())


def _unread(runs: Sequence[str]) -> str:
    names = ", ".join(runs)
    return f"Nothing is read where no network has learned its task: {names}." if names else ""
