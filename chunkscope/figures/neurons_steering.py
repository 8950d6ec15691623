"""Networks steered by a unit or a state, beside what stands in its place: one grid for all runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    Look,
    curve,
    in_order,
    legend_handle,
    note,
    nth_letter,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

LOOKS = {
    "target": Look("the unit or state itself", BLUE, "o"),
    "another": Look("another one", VERMILLION, "s"),
    "random direction": Look("random direction, same length", GREEN, "^"),
    "zero": Look("held at zero", GREY, "X"),
}
"""What a network is steered by -> look."""
KINDS = {"unit": "units", "state": "states of the dictionary"}
COLUMNS = ["run", "kind", "condition", "strength", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_steering(
    steering: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A column of panels for each run, one row for units and one for states.

    Args:
        steering: run -> :func:`chunkscope.neurons.steering.study.steer`, with ``seed``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`.
    """
    marks = pd.concat([_marks(table).assign(run=run) for run, table in steering.items()])
    kinds = in_order(KINDS, marks["kind"])
    runs = list(steering)
    figure = Figure(figsize=(settings.width, 1.75 * len(kinds) + 0.9), layout="constrained")
    grid = figure.subplots(len(kinds), len(runs), squeeze=False, sharex=True)
    for at, (kind, row) in enumerate(zip(kinds, grid, strict=True)):
        for place, (run, axes) in enumerate(zip(runs, row, strict=True)):
            _draw(axes, marks[(marks["run"] == run) & (marks["kind"] == kind)])
            axes.set_title(f"$\\bf{{{nth_letter(at * len(runs) + place)}}}$  {run}")
        row[0].set_ylabel(f"{KINDS[kind]}\nKL (nats)")
    for axes in grid[-1]:
        axes.set_xlabel("strength")
    handles: list[Line2D] = [
        legend_handle(LOOKS[name]) for name in in_order(LOOKS, marks["condition"])
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    note(
        figure,
        "Change of the next symbol's distribution after a prompt at all of whose steps a unit is "
        "held at so many times what it does where it is very active, or activity goes so many "
        "times the way to a state. Means over units or states, with 95 % intervals over "
        f"n = {span_of(marks['n'])} seeds. Panels have scales of their own.",
    )
    return figure, marks[COLUMNS]


def _marks(table: pd.DataFrame) -> pd.DataFrame:
    key = ["kind", "condition", "strength"]
    by_seed = table.groupby([*key, "seed"], sort=False)["kl"].mean().reset_index(name="value")
    return summarise(by_seed, key)


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    for condition, look in LOOKS.items():
        of = rows[rows["condition"] == condition].sort_values("strength")
        if len(of):
            curve(axes, of["strength"], of, look)
    strengths = sorted(rows["strength"].unique())
    axes.set_xscale("log", base=2)
    axes.set_xticks(strengths, [f"{strength:g}" for strength in strengths])
    axes.minorticks_off()
    highest = float(rows["mean"].max())  # intervals of few seeds may go far beyond
    reach = np.nanmax(rows[["mean", "ci_high"]].to_numpy(float), initial=highest)
    axes.set_ylim(0, 1.08 * min(2 * highest, reach))
