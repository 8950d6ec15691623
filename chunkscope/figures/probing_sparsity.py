"""How well probes of few units tell each kind of feature, for every run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from chunkscope.figures.probing_conditions import PROBES, lookup_label, words
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREY,
    PURPLE,
    curve,
    in_order,
    legend_handle,
    line_handle,
    not_estimable,
    note,
    row_title,
    span_of,
    styled,
    tint,
)
from chunkscope.probing.conditions import BALANCED, CEILING, PROBE, lookups
from chunkscope.probing.summary import best_sites
from chunkscope.statistics import summarise

PER_ROW = 6  # panels side by side
PANEL = 1.25  # inches from a row of panels to the next
FLOOR_COLORS = (GREY, PURPLE)  # of the shorter and the longer lookup
COLUMNS = ["run", "kind", "condition", "site", "size", "dense", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_sparsity(
    scores: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """F1 against the number of units, a row of panels for each run, a panel for each kind.

    Args:
        scores: run -> its ``scores.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``site`` is empty where the best one on
        validation was taken at every size, ``size`` where there are no units, and ``n`` counts
        members.
    """
    tables = {run: _curves(table[table["prevalence"] == BALANCED]) for run, table in scores.items()}
    bands = {run: -(-table["kind"].nunique() // PER_ROW) for run, table in tables.items()}
    height = PANEL * sum(bands.values()) + 0.3 * len(bands) + 1.0
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    if not tables:
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    parts = figure.subfigures(len(tables), 1, squeeze=False, height_ratios=list(bands.values()))
    for at, (run, table) in enumerate(tables.items()):
        _draw_run(parts[at, 0], table, bands[run])
        row_title(parts[at, 0], at, run)
    data = pd.concat(tables, names=["run"]).reset_index("run")[COLUMNS]
    _legend(figure, data)
    note(
        figure,
        "F1 on test sequences at 20 % positives against the number of units (all of them last), "
        "mean over the features of a kind, site chosen on validation at every size; pale blue: "
        f"each site by itself. Bars: 95 % interval over n = {span_of(data['n'].dropna())} members.",
    )
    return figure, data


def _curves(scores: pd.DataFrame) -> pd.DataFrame:
    """The marks of one run."""
    best = _mean(best_sites(scores).assign(site=""))
    sites = scores[(scores["condition"] == PROBE) & scores["member"].notna()]
    several = sites["site"].nunique() > 1
    each = _mean(sites).drop(columns=["ci_low", "ci_high"]) if several else best.iloc[:0]
    known = scores[scores["member"].isna()].groupby(["kind", "condition"], sort=False)["f1"]
    whole = known.count().eq(scores.groupby("kind")["name"].nunique(), level="kind")
    levels = known.mean()[whole].rename("mean").reset_index()
    return pd.concat([best, each, levels], ignore_index=True).reindex(columns=COLUMNS[1:])


def _mean(probes: pd.DataFrame) -> pd.DataFrame:
    """Mean over the features of a kind in each member, then over members."""
    by = ["kind", "condition", "site", "size", "dense"]
    of_member = probes.groupby([*by, "member"], sort=False)["f1"].mean()
    return summarise(of_member.reset_index(), by, "f1")


def _draw_run(part: SubFigure, table: pd.DataFrame, bands: int) -> None:
    kinds = list(dict.fromkeys(table["kind"]))
    grid = part.subplots(bands, PER_ROW, squeeze=False, sharey=True).ravel()
    for empty in grid[len(kinds) :]:
        empty.remove()
    for at, (axes, kind) in enumerate(zip(grid, kinds, strict=False)):
        _draw_kind(axes, table[table["kind"] == kind])
        axes.set_title(words(kind))
        if at % PER_ROW == 0:
            axes.set_ylabel("F1")
        if at + PER_ROW >= len(kinds):
            axes.set_xlabel("units")


def _draw_kind(axes: Axes, table: pd.DataFrame) -> None:
    """The lines of one panel, floors and ceiling across it."""
    axes.set_xscale("log", base=2)
    for name, color in zip(lookups(table["condition"]), FLOOR_COLORS, strict=False):
        for level in table[table["condition"] == name]["mean"]:
            axes.axhline(level, color=color, linestyle="--", linewidth=0.9, zorder=0)
    for level in table[table["condition"] == CEILING]["mean"]:
        axes.axhline(level, color=BLACK, linestyle=":", linewidth=0.9, zorder=0)
    for _, rows in table[table["site"].fillna("").ne("")].groupby("site", sort=False):
        axes.plot(rows["size"], rows["mean"], color=tint(BLUE, 0.35), linewidth=0.7, zorder=0.5)
    for condition in reversed(in_order(PROBES, table["condition"])):
        rows = table[(table["condition"] == condition) & table["site"].eq("")].sort_values("size")
        curve(axes, rows["size"], rows, PROBES[condition])
    sizes = sorted(table["size"].dropna().unique())
    shown = [size for size in sizes if size in (1, 4, 16, 64) or size == sizes[-1]]
    crowded = [size for size, after in pairwise(shown) if after < 2 * size]
    axes.set_xticks([size for size in shown if size not in crowded])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])


def _legend(figure: Figure, data: pd.DataFrame) -> None:
    handles = [legend_handle(PROBES[name]) for name in in_order(PROBES, data["condition"])]
    for name, color in zip(lookups(data["condition"]), FLOOR_COLORS, strict=False):
        handles.append(Line2D([], [], color=color, linestyle="--", label=lookup_label(name)))
    if (data["condition"] == CEILING).any():
        handles.append(line_handle("ideal observer", ":"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
