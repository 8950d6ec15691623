"""The best single unit of every feature, for every run, beside floors and ceiling."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.probing_conditions import PROBES, lookup_label, words
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    GREY,
    Look,
    in_order,
    interval,
    legend_handle,
    line_handle,
    not_estimable,
    note,
    span_of,
    styled,
)
from chunkscope.probing.conditions import BALANCED, CEILING, PROBE, UNTRAINED, lookups
from chunkscope.statistics import summarise

PER_ROW = 3  # runs side by side
LINE = 0.135  # inches from a feature to the next
LONGEST = 18  # letters of a feature's name
SIGNIFICANT = 0.05  # q
PARTS = {"precision": "<", "recall": ">"}
"""Measure -> its mark, beside that of F1."""
COLUMNS = ["run", "kind", "name", "condition", "measure", "mean", "ci_low", "ci_high", "n", "q"]


@styled
def draw_units(
    units: Mapping[str, pd.DataFrame],
    scores: Mapping[str, pd.DataFrame],
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """F1 of the best unit, its precision and recall, and what stands beside it.

    Args:
        units, scores: run -> its ``units.csv`` and ``scores.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``q`` is the largest of any member.
    """
    tables = {run: _marks(units[run], scores[run]) for run in units}
    features = {run: list(dict.fromkeys(_labels(table))) for run, table in tables.items()}
    columns = max(1, min(PER_ROW, len(tables)))
    runs = [list(tables)[at : at + columns] for at in range(0, len(tables), columns)]
    tallest = [max(len(features[run]) for run in row) for row in runs] or [8]
    height = LINE * sum(tallest) + 0.55 * len(tallest) + 0.9
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    grid = figure.subplots(len(tallest), columns, squeeze=False, height_ratios=tallest)
    if not tables:
        not_estimable(grid[0, 0], 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    for row, axes in zip(runs, grid, strict=True):
        for empty in axes[len(row) :]:
            empty.remove()
        for run, panel in zip(row, axes, strict=False):
            _draw_run(panel, tables[run], features[run])
            panel.set_title(run)
    for panel in grid[-1, : len(runs[-1])]:
        panel.set_xlabel("F1 on test sequences")
    data = pd.concat(tables, names=["run"]).reset_index("run")[COLUMNS]
    _legend(figure, data)
    members = data[data["condition"].isin(PROBES)]["n"]
    note(
        figure,
        "The unit of the best validation F1 among all units of all sites; 20 % positives, of which "
        "a third (dashed) is reached by calling every step. Open: in some member no better than "
        f"shuffled labels find (q < {SIGNIFICANT:g}). Bars: 95 % interval over "
        f"n = {span_of(members)} members.",
    )
    return figure, data


def _marks(units: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The marks of one run."""
    best = units[units["best"] & (units["prevalence"] == BALANCED)]
    by = ["kind", "name", "condition"]
    long = best.melt([*by, "member"], ["f1", *PARTS], "measure")
    table = summarise(long, [*by, "measure"])
    largest = best.groupby(by)["q"].max().rename("q").reset_index()
    table = table.merge(largest, on=by)
    known = scores[scores["member"].isna() & (scores["prevalence"] == BALANCED)]
    shown = known[known["condition"].isin([CEILING, *lookups(known["condition"])[:1]])]
    levels = shown[[*by, "f1"]].rename(columns={"f1": "mean"}).assign(measure="f1")
    return pd.concat([table, levels], ignore_index=True).reindex(columns=COLUMNS[1:])


def _labels(table: pd.DataFrame) -> pd.Series:
    """The name of each feature: its kind, and which of it where that says more."""
    names = table["name"].astype(str)
    short = names.where(names.str.len() <= LONGEST, names.str[: LONGEST - 1] + "…")
    kinds = table["kind"].map(words)
    return kinds.where(names == table["kind"], kinds + " " + short)


def _draw_run(axes: Axes, table: pd.DataFrame, features: list[str]) -> None:
    places = {feature: place for place, feature in enumerate(reversed(features))}
    at = _labels(table).map(places)
    _draw_levels(axes, table.assign(at=at))
    of_f1 = table["measure"] == "f1"
    for condition in reversed(in_order(PROBES, table["condition"])):
        rows = table[of_f1 & (table["condition"] == condition)]
        for place, (_, row) in zip(at[rows.index], rows.iterrows(), strict=True):
            look = PROBES[condition]
            interval(axes, place + (0.17 if condition == PROBE else -0.17), row, look)
            if not row["q"] < SIGNIFICANT:
                axes.lines[-1].set_markerfacecolor("white")
    for measure, marker in PARTS.items():
        rows = table[(table["measure"] == measure) & (table["condition"] == PROBE)]
        axes.plot(
            rows["mean"], at[rows.index] + 0.17, marker, color=PROBES[PROBE].color,
            markersize=2.5, markerfacecolor="white", markeredgewidth=0.6, linestyle="", zorder=1,
        )  # fmt: skip
    axes.set_yticks(list(places.values()), list(places))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.7, len(features) - 0.3)
    axes.set_xlim(0, 1.03)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.grid(axis="y", color=GREY, alpha=0.15, linewidth=0.5)


def _draw_levels(axes: Axes, table: pd.DataFrame) -> None:
    """Chance as a line; the present symbol and the ideal observer as ticks."""
    axes.axvline(1 / 3, color=BLACK, linestyle="--", linewidth=0.9, zorder=0)
    for look in _levels(table):
        rows = table[table["condition"] == look[0]]
        axes.plot(
            rows["mean"], rows["at"], "|", color=look[1].color, markersize=7,
            markeredgewidth=1.3, linestyle="", zorder=1,
        )  # fmt: skip


def _levels(table: pd.DataFrame) -> list[tuple[str, Look]]:
    """What is drawn as ticks, of what is there."""
    ticks = [(name, Look(lookup_label(name), GREY, "|")) for name in lookups(table["condition"])]
    if (table["condition"] == CEILING).any():
        ticks.append((CEILING, Look("ideal observer", BLACK, "|")))
    return ticks


def _legend(figure: Figure, data: pd.DataFrame) -> None:
    names = {PROBE: "best unit, trained", UNTRAINED: "best unit, untrained"}
    handles = [
        legend_handle(Look(names[name], PROBES[name].color, PROBES[name].marker))
        for name in in_order(names, data["condition"])
    ]
    for measure, marker in PARTS.items():
        handles.append(
            Line2D([], [], color=PROBES[PROBE].color, marker=marker, markerfacecolor="white",
                   markersize=3, linestyle="", label=f"its {measure}")
        )  # fmt: skip
    handles += [legend_handle(look) for _, look in _levels(data)]
    handles.append(line_handle("every step called", "--"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
