"""How far networks of other seeds have the same dictionary."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLUE,
    GREY,
    SMALL,
    Look,
    interval,
    legend_handle,
    line_handle,
    note,
    span_of,
    styled,
)

LEVELS = {"states": "states", "chunks": "chunks"}
ROWS = {
    "density": Look("trained", BLUE, "o"),
    "untrained": Look("untrained", GREY, "s"),
}


@styled
def draw_matching(
    summaries: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """How far the dictionaries of a run's seeds are the same.

    Args:
        summaries: run -> ``summary.csv`` of its matching.

    Returns:
        The figure, and ``run, row, level, measure, mean, ci_low, ci_high, n`` (seeds).
    """
    data = pd.concat([t.assign(run=run) for run, t in summaries.items()], ignore_index=True)
    figure = Figure(
        figsize=(settings.width, 0.8 + 0.34 * len(summaries) + 0.5), layout="constrained"
    )
    grid = figure.subplots(1, len(LEVELS), sharey=True, sharex=True)
    for axes, (level, title) in zip(grid, LEVELS.items(), strict=True):
        _draw_level(axes, data[data["level"] == level])
        axes.set_title(title)
        axes.set_xlabel("mean Jaccard overlap of matched labels")
    grid[0].set_yticks(range(len(summaries)), list(summaries))
    grid[0].set_ylim(len(summaries) - 0.5, -0.5)
    handles = [legend_handle(look) for look in ROWS.values()]
    handles.append(line_handle("sequences dealt anew", "--"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    note(
        figure,
        f"Pairs of n = {span_of(data['n'])} seeds, matched one to one; labels without a partner "
        "count as 0. Bars: 95 % jackknife intervals over seeds. Dashed: the sequences of "
        "one of the two dealt anew.",
    )
    return figure, data


def _draw_level(axes: Axes, table: pd.DataFrame) -> None:
    """The runs of one level: trained and untrained, each with its null."""
    for y, (_, rows) in enumerate(table.groupby("run", sort=False)):
        for at, (row, look) in enumerate(ROWS.items()):
            found = rows[rows["row"] == row].set_index("measure")
            place, null = y - 0.15 + 0.3 * at, float(found["mean"]["null_jaccard"])
            if np.isfinite(null):
                interval(axes, place, found.T["jaccard"], look)
                ends = place - 0.14, place + 0.14
                axes.vlines(null, *ends, color=look.color, linestyle=(0, (2, 1)), linewidth=1.0)
            else:
                axes.text(0.5, place, "n.e.", color=GREY, size=SMALL, style="italic", va="center")
    axes.set_xlim(-0.02, 1.02)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
