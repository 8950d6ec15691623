"""How the size of the smallest state is chosen: criteria that never see the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PALE,
    PURPLE,
    VERMILLION,
    Look,
    legend_handle,
    note,
    panels,
    span_of,
    styled,
)

CRITERIA: tuple[dict[str, Look], ...] = (
    {
        "code_bits": Look("code length", BLACK, "o"),
        "symbol_bits": Look("next symbol", BLUE, "^"),
        "tracking_bits": Look("next state", ORANGE, "s"),
    },
    {
        "stability": Look("stability (ARI)", GREEN, "o"),
        "coverage": Look("coverage", VERMILLION, "v"),
        "validity": Look("validity (DBCV)", PURPLE, "s"),
    },
    {"states": Look("states found", BLACK, "o")},
)
"""One dictionary a panel: column of the sweep -> its look."""
NAMES = ("bits per symbol", "share or index", "states found")
PER_ROW = 6


@styled
def draw_sweep(
    sweeps: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """The criteria of every run against ``min_cluster_size``, and the sizes that were chosen.

    Args:
        sweeps: run -> ``seed, min_cluster_size, chosen`` and the columns of :data:`CRITERIA`.

    Returns:
        The figure, and ``run, criterion, min_cluster_size, median, low, high`` (quartiles over
        seeds), ``n`` (seeds), ``chosen`` (seeds that chose the size).
    """
    data = pd.concat([_quartiles(run, table) for run, table in sweeps.items()], ignore_index=True)
    figure, grid = panels(len(sweeps), PER_ROW, (settings.width, 1.3), rows=len(CRITERIA))
    for run, column in zip(sweeps, grid, strict=True):
        table = data[data["run"] == run]
        for axes, looks in zip(column, CRITERIA, strict=True):
            _mark_chosen(axes, table)
            for criterion, look in looks.items():
                _draw_line(axes, table[table["criterion"] == criterion], look)
        column[0].set_title(run)
    _share_axes(grid, sorted(data["min_cluster_size"].unique()))
    handles = [legend_handle(look) for looks in CRITERIA[:2] for look in looks.values()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1)
    seeds = span_of(data["n"])
    note(
        figure,
        f"min_cluster_size: rows of the subsample. Markers: median over seeds (n = {seeds}); bars: "
        "quartiles. Grey bands: sizes chosen, the darker the more seeds chose them. No criterion "
        "sees the truth.",
    )
    return figure, data


def _quartiles(run: str, sweep: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles over seeds of every criterion at every size."""
    criteria = [criterion for looks in CRITERIA for criterion in looks]
    long = sweep.melt(["seed", "min_cluster_size"], criteria, "criterion")
    by = long.groupby(["criterion", "min_cluster_size"], sort=False)["value"]
    table = (
        by.quantile(np.array([0.5, 0.25, 0.75]))
        .unstack()
        .set_axis(["median", "low", "high"], axis=1)
    )
    table["n"] = by.count()
    chosen = sweep.groupby("min_cluster_size")["chosen"].sum()
    table = table.reset_index()
    table["chosen"] = table["min_cluster_size"].map(chosen)
    table.insert(0, "run", run)
    return table


def _draw_line(axes: Axes, rows: pd.DataFrame, look: Look) -> None:
    axes.vlines(rows["min_cluster_size"], rows["low"], rows["high"], color=look.color, lw=0.9)
    axes.plot(
        rows["min_cluster_size"],
        rows["median"],
        color=look.color,
        marker=look.marker,
        markersize=3,
        linewidth=0.9,
    )


def _share_axes(grid: list[list[Axes]], sizes: list[int]) -> None:
    """The same axes in every panel of a row, labelled once; sizes and states on log scales."""
    for row, name in enumerate(NAMES):
        shared = [column[row] for column in grid]
        for at, axes in enumerate(shared):
            axes.sharey(shared[0])
            axes.set_xscale("log")
            axes.set_xticks([sizes[0], sizes[len(sizes) // 2], sizes[-1]])
            axes.set_xticks([], minor=True)
            axes.xaxis.set_major_formatter("{x:.0f}")
            axes.tick_params(labelbottom=axes is grid[at][-1], labelleft=at % PER_ROW == 0)
        for axes in shared[::PER_ROW]:
            axes.set_ylabel(name)
    for column in grid:
        column[-1].set_xlabel("min_cluster_size")
    bits, shares, states = grid[0]
    bits.set_ylim(bottom=0)
    shares.set_ylim(min(0, shares.get_ylim()[0]), 1.05)
    states.set_yscale("log")
    states.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    states.yaxis.set_major_formatter("{x:.0f}")
    states.yaxis.set_minor_locator(NullLocator())


def _mark_chosen(axes: Axes, table: pd.DataFrame) -> None:
    """A band at every size that some seed chose, darker the more seeds chose it."""
    sizes = table.drop_duplicates("min_cluster_size")
    for size, seeds in zip(sizes["min_cluster_size"], sizes["chosen"], strict=True):
        if seeds:
            share = seeds / sizes["chosen"].sum()
            axes.axvline(size, color=PALE, alpha=0.3 + 0.7 * share, linewidth=5, zorder=0)
