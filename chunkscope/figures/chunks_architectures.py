"""The chunk papers' experiments beside one another, on every network that they were made on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from chunkscope.figures.architectures import Networks, compare_networks
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
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

SERIES = {
    "donor": Look("donor's state grafted", BLUE, "o"),
    "random": Look("random observed state grafted", ORANGE, "D"),
    "control": Look("no graft", GREY, "X"),
    "strings": Look("strings of levels", GREEN, "^"),
    "trained": Look("trained", BLUE, "o"),
    "untrained": Look("untrained", ORANGE, "s"),
    "trained, balanced": Look("trained, balanced frequencies", SKY, "o"),
    "untrained, balanced": Look("untrained, balanced frequencies", PURPLE, "s"),
}
"""What is compared -> its look."""


@dataclass(frozen=True)
class Panel:
    """A measure's title, and how its axis runs; ``sign`` marks 0."""

    title: str
    limits: tuple[float, float] | None = None
    log: bool = False
    sign: bool = False


BANDS = (
    {
        "graft": Panel("A→C, B→D after\na graft (share)", (-0.05, 1.05)),
        "decoding": Panel("symbol by look-up\n(accuracy)", (-0.05, 1.05)),
        "gain": Panel("gained by the graft\n(accuracy)"),
        "link": Panel("after the cue, graft\noff (accuracy)", (-0.05, 1.05)),
    },
    {
        "parent": Panel("word of a shared\nsymbol (accuracy)"),
        "states": Panel("distinct states", log=True),
        "rho_states": Panel("states with level\n(ρ)", (-1.05, 1.05), sign=True),
        "rho_parse": Panel("parse length with\nlevel (ρ)", (-1.05, 1.05), sign=True),
    },
)
"""Measure -> its panel: what is grafted, then what training makes."""
TITLES = {"graft": "reflection", "gain": "transfer", "parent": "context", "rho_states": "hierarchy"}
"""First measure of an experiment -> the experiment's name."""
ROW_HEIGHT = 0.3  # inches a network
STAR = Line2D([], [], color=BLACK, marker="*", linestyle="", markersize=7, label="published")


@styled
def draw_architectures(networks: Networks, settings: FigureSettings) -> tuple[Figure, pd.DataFrame]:
    """A row for each network, a column for each headline measure of the experiments.

    Args:
        networks: tables of at least one network.

    Returns:
        The figure, and the table of :func:`compare_networks`, which it shows.
    """
    data = compare_networks(networks)
    shown = [data[data["measure"].isin(band)] for band in BANDS]
    drawn = [(band, rows) for band, rows in zip(BANDS, shown, strict=True) if len(rows)]
    heights = [ROW_HEIGHT * rows["network"].nunique() + 1.25 for _, rows in drawn]
    figure = Figure(figsize=(settings.width, sum(heights) + 0.6), layout="constrained")
    parts = figure.subfigures(len(drawn), 1, squeeze=False, height_ratios=heights)
    order = list(dict.fromkeys(data["network"]))
    for part, (band, rows) in zip(parts.flat, drawn, strict=True):
        _draw_band(part, band, rows, in_order(order, rows["network"]))
    note(
        figure,
        f"Means over {span_of(data['n'])} networks, with 95 % intervals. Dashed: floor (commonest "
        "symbol, no gain, or look-up of the last symbol). Stars stand on the paper's network; that "
        "of the gain is of the first 10 trials of one run.",
    )
    return figure, data


def _draw_band(
    part: SubFigure, band: dict[str, Panel], rows: pd.DataFrame, names: Sequence[str]
) -> None:
    """The measures that share their rows of networks."""
    measures = in_order(band, rows["measure"])
    grid = part.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(grid, measures, strict=True):
        _draw_panel(axes, band[measure], rows[rows["measure"] == measure], names)
        axes.set_title(f"$\\bf{{{TITLES[measure]}}}$" if measure in TITLES else "")
    grid[0].set_yticks(range(len(names)), names)
    grid[0].set_ylim(len(names) - 0.5, -0.5)
    handles = [legend_handle(SERIES[name]) for name in in_order(SERIES, rows["series"])]
    handles += [STAR] if rows["published"].notna().any() else []
    handles += [line_handle("floor", "--")] if rows["floor"].notna().any() else []
    handles += [line_handle("ideal observer", ":")] if rows["ceiling"].notna().any() else []
    part.legend(handles=handles, loc="outside upper left", ncols=4)


def _draw_panel(axes: Axes, panel: Panel, rows: pd.DataFrame, names: Sequence[str]) -> None:
    """A network's series one below the other on its row."""
    series = in_order(SERIES, rows["series"])
    for _, row in rows.iterrows():
        at, look = names.index(row["network"]), SERIES[row["series"]]
        y = at + 0.19 * (series.index(row["series"]) - (len(series) - 1) / 2)
        for limit, style in (("floor", (0, (2, 1))), ("ceiling", ":")):
            axes.vlines(row[limit], at - 0.42, at + 0.42, color=BLACK, linestyle=style, lw=0.9)
        if pd.notna(row["mean"]):
            interval(axes, y, row, look)
        else:
            not_estimable(axes, 0, y)
        axes.plot(row["published"], y, "*", color=look.color, ms=8, mec=BLACK, mew=0.6, zorder=4)
    axes.set_xlabel(panel.title)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", left=False)
    if panel.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(ScalarFormatter())
    elif panel.limits:
        axes.set_xlim(*panel.limits)
    if panel.sign:
        axes.axvline(0, color=PALE, linewidth=0.8, zorder=0)
