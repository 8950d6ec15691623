"""How right every reading is."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    GREY,
    READINGS,
    in_order,
    interval,
    note,
    styled,
)

MEASURES = {
    "boundary_f1": "boundary\nF1",
    "word_recall": "word\nrecall",
    "word_precision": "word\nprecision",
    "state_ari": "state\nARI",
    "state_homogeneity": "state homo-\ngeneity",
    "state_completeness": "state com-\npleteness",
    "share_of_bayes": "share of\nBayes bits",
}
"""Measure of the summary -> its title; all lie between 0 and 1."""
ROW_HEIGHT = 0.155  # inches a reading


@styled
def draw_scores(
    summaries: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Every reading of every run on every measure, with floors and ceilings.

    Args:
        summaries: run -> ``row, measure, mean, ci_low, ci_high, n, floor, ceiling``.

    Returns:
        The figure, and the rows of the summaries that it shows, with their ``run``.
    """
    data = pd.concat([_shown(run, table) for run, table in summaries.items()], ignore_index=True)
    height = len(summaries) * (len(READINGS) * ROW_HEIGHT + 0.24) + 0.75
    layout = ConstrainedLayoutEngine(w_pad=0.02, wspace=0.02)
    figure = Figure(figsize=(settings.width, height), layout=layout)
    grid = figure.subplots(len(summaries), len(MEASURES), squeeze=False, sharex=True)
    for run, row in zip(summaries, grid, strict=True):
        table = data[data["run"] == run]
        readings = in_order(READINGS, table["row"])
        for axes, measure in zip(row, MEASURES, strict=True):
            _draw_cell(axes, table[table["measure"] == measure].set_index("row"), readings)
            axes.tick_params(labelleft=axes is row[0], left=False)
        row[0].set_yticks(range(len(readings)), [READINGS[name].label for name in readings])
        seeds = table.loc[table["row"] == "density", "n"].max()
        row[0].set_ylabel(f"{run}\nn = {seeds}", rotation=0, ha="right", weight="bold", labelpad=6)
    for axes, title in zip(grid[0], MEASURES.values(), strict=True):
        axes.set_title(title, loc="center", size=7.5)
    note(
        figure,
        "Dots: means over n seeds; bars: 95 % intervals over seeds; open: a single value "
        "(byte pairs read no network). Dashed: floor of each row (shuffled time; for boundary F1 "
        "the better of random ones and of every step). Dotted: ceiling. n.e.: not estimable.",
    )
    return figure, data


def _shown(run: str, summary: pd.DataFrame) -> pd.DataFrame:
    rows = summary[summary["measure"].isin(MEASURES) & summary["row"].isin(READINGS)]
    return rows.assign(run=run)[["run", *summary.columns]]


def _draw_cell(axes: Axes, table: pd.DataFrame, readings: list[str]) -> None:
    """The readings of one run on one measure."""
    for y, (reading, row) in enumerate(table.loc[readings].iterrows()):
        axes.vlines(
            row["floor"], y - 0.42, y + 0.42, color=BLACK, linestyle=(0, (2, 1)), linewidth=0.8
        )
        axes.vlines(row["ceiling"], y - 0.5, y + 0.5, color=BLACK, linestyle=":", linewidth=0.8)
        if pd.notna(row["mean"]):
            interval(axes, y, row, READINGS[str(reading)])
        else:
            axes.text(0.5, y, "n.e.", color=GREY, size=7, style="italic", ha="center", va="center")
    axes.set_ylim(len(readings) - 0.5, -0.5)
    axes.set_xlim(-0.06, 1.06)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
