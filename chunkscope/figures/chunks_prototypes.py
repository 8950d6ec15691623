"""What prototypes align with, and how many of them are dead, against their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.chunks.prototype_claims import headline
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    Look,
    curve,
    in_order,
    legend_handle,
    line_handle,
    not_estimable,
    note,
    span_of,
    styled,
)

LOOKS = {
    "prototypes": Look("trained", BLUE, "o"),
    "revived": Look("trained, dead ones revived", GREEN, "^"),
    "untrained": Look("untrained", ORANGE, "s"),
}
"""Row of the tables -> its look."""
MEASURES = {
    "ami": "adjusted mutual information",
    "purity": "purity",
    "dead_share": "share of dead prototypes",
}
"""What is drawn -> its title; all lie between 0 and 1."""
FEW_SITES = 2
"""A run with more sites is drawn by site (its layers), at one number of prototypes."""
ROW_HEIGHT = 1.45  # inches


@styled
def draw_prototypes(
    summaries: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each run and site, or for each run where it has many sites.

    Args:
        summaries: run -> ``summary.csv`` of its prototypes.

    Returns:
        The figure, and its marks: ``run, site, size, row, measure, mean, ci_low, ci_high, n,
        null``.
    """
    shown = [_shown(run, table) for run, table in summaries.items()]
    data = pd.concat(shown, ignore_index=True)
    bands = [band for table in shown for band in _bands(table)]
    if not bands:
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, data
    figure = Figure(figsize=(settings.width, ROW_HEIGHT * len(bands) + 0.9), layout="constrained")
    grid = figure.subplots(len(bands), len(MEASURES), squeeze=False)
    for (title, by, table), row in zip(bands, grid, strict=True):
        for axes, measure in zip(row, MEASURES, strict=True):
            _draw_panel(axes, table[table["measure"] == measure], by)
            axes.tick_params(labelleft=axes is row[0])
        row[0].set_ylabel(title)
    for axes, title in zip(grid[0], MEASURES.values(), strict=True):
        axes.set_title(title)
    last = max((at for at, (_, by, _) in enumerate(bands) if by == "size"), default=None)
    if last is not None:
        for axes in grid[last]:
            axes.set_xlabel("number of prototypes", labelpad=1)
    _legend(figure, data["row"])
    note(
        figure,
        "Classes: parse states (of text: classes of characters), test split. Means over "
        f"n = {span_of(data.loc[data['row'].isin(LOOKS), 'n'])} networks, bars: 95 % interval over "
        "networks; open: a single one. Purity rises with the number of prototypes in use, whatever "
        "they are, and so does its null.",
    )
    return figure, data


def _shown(run: str, summary: pd.DataFrame) -> pd.DataFrame:
    """The rows that are drawn: alignment with the run's headline classes, and dead prototypes."""
    kind = headline(summary["label"])
    aligned = summary[(summary["label"] == kind) & summary["measure"].isin(MEASURES)]
    dead = summary[summary["measure"] == "dead"].assign(measure="dead_share")
    for column in ("mean", "ci_low", "ci_high"):
        dead[column] = dead[column] / dead["size"]
    rows = pd.concat([aligned, dead], ignore_index=True).assign(run=run, classes=kind)
    columns = ["run", "site", "size", "row", "measure", "classes"]
    return rows[[*columns, "mean", "ci_low", "ci_high", "n", "null"]]


def _bands(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Title, x axis ("size" or "site") and marks of each row of panels of one run."""
    sites = list(dict.fromkeys(table.loc[table["row"].isin(LOOKS), "site"]))
    symbols = table[table["row"] == "symbols"]
    if len(sites) > FEW_SITES:
        sizes = sorted(table.loc[table["row"].isin(LOOKS), "size"].unique())
        size = sizes[len(sizes) // 2]
        at_size = table[(table["size"] == size) & table["row"].isin(LOOKS)]
        yield f"{table['run'].iloc[0]}\n{size} prototypes", "site", pd.concat([at_size, symbols])
        return
    for site in sites:
        title = f"{table['run'].iloc[0]}\n{site.removeprefix('layers.0.')}"
        yield title, "size", pd.concat([table[table["site"] == site], symbols])


def _draw_panel(axes: Axes, table: pd.DataFrame, by: str) -> None:
    """One measure of every row against the number of prototypes or the site."""
    marks = table[table["row"].isin(LOOKS)]
    places = list(dict.fromkeys(marks[by])) if by == "site" else sorted(marks[by].unique())
    at = {place: x for x, place in enumerate(places)}
    for series, name in enumerate(in_order(LOOKS, marks["row"])):
        rows = marks[marks["row"] == name]
        x = rows[by].map(at).to_numpy() + 0.12 * (series - 1)
        curve(axes, x, rows, LOOKS[name])
        if name != "untrained" and rows["null"].notna().any():
            axes.plot(x, rows["null"], color=LOOKS[name].color, linestyle="--", linewidth=0.8)
    for value in table.loc[table["row"] == "symbols", "mean"]:
        axes.axhline(value, color=PURPLE, linestyle="-.", linewidth=0.8)
    axes.set_ylim(-0.05, 1.05)
    axes.set_xticks(range(len(places)), [_tick(place) for place in places])
    axes.tick_params(axis="x", labelrotation=90 if by == "site" else 0)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)


def _tick(place: str | np.integer) -> str:
    """A number, or a site without the words that all sites have."""
    return str(place).replace("blocks.", "").replace("hook_", "")


def _legend(figure: Figure, rows: pd.Series) -> None:
    symbols = Line2D([], [], color=PURPLE, linestyle="-.", linewidth=0.9)
    symbols.set_label("present symbol alone")
    handles = [legend_handle(LOOKS[name]) for name in in_order(LOOKS, rows)]
    handles += [line_handle("null: sequences permuted", "--"), symbols]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), columnspacing=1.2)
