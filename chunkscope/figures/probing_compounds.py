"""Compounds: F1 against the number of units, and what drives the units that tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from chunkscope.figures.heat_maps import share_map
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    ORANGE,
    PURPLE,
    Look,
    curve,
    in_order,
    interval,
    legend_handle,
    letter,
    line_handle,
    not_estimable,
    note,
    nth_letter,
    span_of,
    styled,
)
from chunkscope.probing.conditions import BALANCED, NATURAL, PROBE, ROTATED, UNTRAINED, lookup_name
from chunkscope.statistics import summarise

LOOKS = {
    PROBE: Look("units of the network", BLUE, "o"),
    ROTATED: Look("random orthogonal basis", PURPLE, "D"),
    UNTRAINED: Look("untrained network", ORANGE, "s"),
}
"""Condition -> its look."""
LOOKUPS = {lookup_name(1): "--", lookup_name(2): ":"}
"""What the present symbol alone gives, and the last two, which make the compound."""
ROWS = {"halves": (BALANCED, "among its halves"), "everywhere": (NATURAL, "at every step")}
"""Rows of panels -> prevalence, and the steps at which a compound is asked."""
TABLES = {"halves": "scores", "everywhere": "everywhere"}
DRIVERS = ("compounds", "symbols")
"""Columns of ``stimuli.csv``: what drives a unit."""
SPREAD = 0.09  # of the marks of one size, in doublings
MOST = 8  # different symbols or compounds that drive a unit; more count as the last


@dataclass(frozen=True)
class CompoundTables:
    """``scores, everywhere, stimuli, responses`` of a run's compounds."""

    scores: pd.DataFrame
    everywhere: pd.DataFrame
    stimuli: pd.DataFrame
    responses: pd.DataFrame


@styled
def draw_compounds(
    runs: Mapping[str, CompoundTables], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """For each run two rows of curves by site, and a row that shows what drives the units.

    Returns:
        The figure, and its marks: ``run, panel`` ("halves" or "everywhere", with ``of`` "curve",
        "lookup" or "compound"; "answers" or "drivers") and the columns of what the panel draws.
    """
    if not runs:
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=["run", "panel"])
    figure = Figure(figsize=(settings.width, 6.8 * len(runs) + 0.9), layout="constrained")
    bands = figure.subfigures(len(runs), 1, squeeze=False)[:, 0]
    data = []
    for band, (run, tables) in zip(bands, runs.items(), strict=True):
        letters = map(nth_letter, count())
        *curves, lower = band.subfigures(len(ROWS) + 1, 1, height_ratios=[1, 1, 1.1])
        for part, (panel, (prevalence, title)) in zip(curves, ROWS.items(), strict=True):
            shown = dict(_told(getattr(tables, TABLES[panel]), prevalence))
            first, last = _draw_told(part, shown)
            first.set_ylabel(f"{run}\nF1, {title}")
            letter(first, next(letters))
            letter(last, next(letters))
            data += [table.assign(run=run, panel=panel, of=of) for of, table in shown.items()]
        answers, drivers = _answers(tables.responses), _drivers(tables.stimuli)
        for axes in _draw_units(lower, answers, drivers):
            letter(axes, next(letters))
        data.append(answers.assign(run=run, panel="answers"))
        data.append(drivers.assign(run=run, panel="drivers"))
    handles = [legend_handle(look) for look in LOOKS.values()]
    handles += [line_handle("present symbol alone", "--"), line_handle("last two symbols", ":")]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    n = span_of([n for table in data if "n" in table for n in table["n"]])
    note(
        figure,
        f"Means over compounds, then over n = {n} members; bars: 95 % interval over members. a, b: "
        "a compound is told from its second symbol without the first and its first without the "
        "second (20, 40, 40 %), as published; c, d: from every other step. b, d: the unit of the "
        "largest mean difference, of the layer chosen on validation. e: that unit of each compound "
        "in the first member, mean activity after each compound, from its median (0) to its "
        "largest answer to any pair of symbols (1); one that is pale at its own compound tells it "
        "by being less active there. f, g: the "
        "first 8 units of each joint probe; a unit is driven by the pairs "
        "that it answers more than half as much as its best one.",
    )
    marks = pd.concat(data, ignore_index=True)
    return figure, marks[["run", "panel", *marks.columns.difference(["run", "panel"], sort=False)]]


def _told(scores: pd.DataFrame, prevalence: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """What a row of curves shows of one table."""
    rows = scores[scores["prevalence"] == prevalence]
    probes = rows[rows["condition"].isin(LOOKS) & rows["member"].notna()]
    curve = probes.groupby(["condition", "site", "size", "member"], sort=False)["f1"].mean()
    yield "curve", summarise(curve.reset_index(), ["condition", "site", "size"], "f1")
    lookups = rows[rows["condition"].isin(LOOKUPS)]
    yield "lookup", lookups.groupby("condition", sort=False)["f1"].mean().reset_index(name="mean")
    yield "compound", _at_best_site(probes)


def _at_best_site(probes: pd.DataFrame) -> pd.DataFrame:
    """By compound and condition: F1 of the best single unit of all layers, over members."""
    single = probes[probes["size"] == 1]
    best = single.groupby(["name", "condition", "member"])["validation"].idxmax()
    return summarise(single.loc[best], ["name", "condition"], "f1")


def _answers(responses: pd.DataFrame) -> pd.DataFrame:
    """``site, compound, unit, after, answer``: of the best unit of every compound to all of them.

    Of the first member, at its last site.
    """
    names = sorted(responses["compound"].unique())
    first = responses[responses["member"] == responses["member"].min()]
    there = first[first["site"] == first["site"].iloc[-1]]
    there = there.assign(after=there["previous"] + there["current"])
    there = there[there["after"].isin(names)].sort_values(["compound", "after"])
    return there[["site", "compound", "unit", "after", "answer"]]


def _drivers(stimuli: pd.DataFrame) -> pd.DataFrame:
    """Share of units that so many different symbols, or compounds, drive, over members."""
    parts = []
    for driven_by in DRIVERS:
        counted = stimuli[driven_by].clip(upper=MOST).rename("count")
        groups = counted.groupby([stimuli["condition"], stimuli["member"]])
        shares = groups.value_counts(normalize=True).unstack().reindex(columns=range(MOST + 1))
        long = shares.fillna(0.0).melt(ignore_index=False, var_name="count").reset_index()
        table = summarise(long, ["condition", "count"])
        parts.append(table.assign(driven_by=driven_by))
    return pd.concat(parts, ignore_index=True)


def _draw_told(part: SubFigure, shown: Mapping[str, pd.DataFrame]) -> tuple[Axes, Axes]:
    """A panel for each site, of which the first is given back, and one by compound."""
    curve = shown["curve"]
    sites = list(dict.fromkeys(curve["site"]))
    *panels, last = part.subplots(1, len(sites) + 1, sharey=True)
    for axes, site in zip(panels, sites, strict=True):
        _draw_curve(axes, curve[curve["site"] == site], shown["lookup"], site)
    _draw_compounds(last, shown["compound"])
    return panels[0], last


def _draw_units(part: SubFigure, answers: pd.DataFrame, drivers: pd.DataFrame) -> list[Axes]:
    """What the best units answer to, and how much drives the others."""
    left, *right = part.subplots(1, 1 + len(DRIVERS), width_ratios=[1.5, *[1] * len(DRIVERS)])
    _draw_answers(left, answers)
    for axes, driven_by in zip(right, DRIVERS, strict=True):
        _draw_drivers(axes, drivers[drivers["driven_by"] == driven_by], driven_by)
    right[0].set_ylabel("share of units")
    return [left, *right]


def _draw_curve(axes: Axes, rows: pd.DataFrame, lookups: pd.DataFrame, site: str) -> None:
    for series, name in enumerate(in_order(LOOKS, rows["condition"])):
        of_it = rows[rows["condition"] == name].sort_values("size")
        at = np.log2(of_it["size"].to_numpy(float)) + SPREAD * (series - 1)
        curve(axes, at, of_it, LOOKS[name])
    for name, value in zip(lookups["condition"], lookups["mean"], strict=True):
        axes.axhline(value, color=BLACK, linestyle=LOOKUPS[name], linewidth=0.9)
    sizes = sorted(rows["size"].unique())
    axes.set_xticks(np.log2(sizes), [f"{size:.0f}" for size in sizes])
    axes.tick_params(axis="x", labelrotation=90 if len(sizes) > MOST else 0)
    axes.set_xlabel("units (k)")
    axes.set_title(site.replace("hook_", ""))


def _draw_compounds(axes: Axes, rows: pd.DataFrame) -> None:
    names = sorted(rows["name"].unique())
    for series, condition in enumerate(in_order(LOOKS, rows["condition"])):
        for _, row in rows[rows["condition"] == condition].iterrows():
            x = names.index(row["name"]) + 0.25 * (series - 1)
            interval(axes, x, row, LOOKS[condition], vertical=True)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_xlabel("compound")
    axes.set_title("one unit, best layer")


def _draw_answers(axes: Axes, rows: pd.DataFrame) -> None:
    table = rows.pivot(index="compound", columns="after", values="answer").clip(lower=0)
    image = share_map(axes, table)
    units = rows.drop_duplicates("compound").set_index("compound")["unit"]
    axes.set_yticks(range(len(table)), [f"{name}: {units[name]}" for name in table.index])
    axes.tick_params(axis="x", labelrotation=90)
    axes.set_ylabel("best unit of")
    axes.set_xlabel("compound read")
    axes.set_title(f"answers, {rows['site'].iloc[0].replace('hook_', '')}")
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02)
    bar.outline.set_visible(False)


def _draw_drivers(axes: Axes, rows: pd.DataFrame, driven_by: str) -> None:
    for series, condition in enumerate(in_order(LOOKS, rows["condition"])):
        of_it = rows[rows["condition"] == condition]
        at = of_it["count"].to_numpy(float) + 0.2 * (series - 0.5)
        curve(axes, at, of_it, LOOKS[condition])
    axes.set_xticks(range(MOST + 1), [*map(str, range(MOST)), f"{MOST}+"])
    axes.set_xlabel("different ones that drive it")
    axes.set_title(f"{driven_by} of a unit")
