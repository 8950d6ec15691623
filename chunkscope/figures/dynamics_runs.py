"""Runs through their training: how far from the first run, and from themselves a little before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.dynamics.networks.claims import over_seeds
from chunkscope.dynamics.networks.comparing import BEFORE, HALVES, REFERENCE
from chunkscope.figures.dynamics_looks import MEASURES, from_zero, shown_measures
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Look,
    curve,
    legend_handle,
    line_handle,
    note,
    row_title,
    span_of,
    styled,
)

LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "D"), (VERMILLION, "v"), (SKY, "P"))
HIDDEN = ("debiased_cka",)  # in the table
COLUMNS = ["against", "measure", "run", "step", "place", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_runs(
    distances: pd.DataFrame, starts: Mapping[str, str | None], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each comparison, a panel for each measure, a line for each run.

    Args:
        distances: ``distances.csv``.
        starts: run -> the run it begins with, behind whose last step it is drawn.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``place`` is where a step stands.
    """
    measures = shown_measures(distances["measure"], HIDDEN)
    kept = distances[distances["measure"].isin(measures)]
    marks = pd.DataFrame(
        [
            {"against": against, "measure": measure, "run": run, "step": step} | _interval(rows)
            for (against, measure, run, step), rows in kept.groupby(
                ["against", "measure", "run", "step"], sort=False
            )
        ]
    )
    last = marks.groupby("run")["step"].max()
    offsets = {run: int(last.get(start, 0)) if start else 0 for run, start in starts.items()}
    marks["place"] = marks["step"] + marks["run"].map(offsets)
    first = next(iter(starts))
    looks = {run: Look(run, *LOOKS[at % len(LOOKS)]) for at, run in enumerate(starts)}
    titles = {
        REFERENCE: f"distance to trained networks of {first}, of other seeds",
        BEFORE: "distance to the same network at the checkpoint before",
    }
    figure = Figure(figsize=(settings.width, 1.95 * len(titles) + 0.8), layout="constrained")
    parts = figure.subfigures(len(titles), 1, hspace=0.03, squeeze=False)[:, 0]
    for at, (part, (against, title)) in enumerate(zip(parts, titles.items(), strict=True)):
        row_title(part, at, title)
        grid = part.subplots(1, len(measures), squeeze=False)[0]
        for axes, measure in zip(grid, measures, strict=True):
            _draw(axes, marks[marks["measure"] == measure], against, looks)
            for run, start in starts.items():
                if start:
                    axes.axvline(offsets[run], color="black", linestyle="--", linewidth=0.9)
            axes.set_title(MEASURES[measure].label)
    handles: list[Line2D] = [legend_handle(look) for look in looks.values()]
    handles.append(line_handle(f"halves of one network of {first}", ":"))
    if any(starts.values()):
        handles.append(line_handle("where runs go on", "--"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    note(
        figure,
        "All networks read the same sequences. Means with 95 % intervals over "
        f"n = {span_of(marks['n'])} seeds. Lower is more alike; units differ by measure.",
    )
    return figure, marks[COLUMNS]


def _interval(rows: pd.DataFrame) -> dict[str, float]:
    """The mean, with its interval over seeds."""
    found = over_seeds(rows, lambda table: float(table["distance"].mean()))
    return {"mean": found.mean, "ci_low": found.low, "ci_high": found.high, "n": found.n}


def _draw(axes: Axes, rows: pd.DataFrame, against: str, looks: Mapping[str, Look]) -> None:
    shown = rows[rows["against"] == against]
    for run, look in looks.items():
        of = shown[shown["run"] == run].sort_values("place")
        curve(axes, of["place"], of, look)
    first = next(iter(looks))
    halves = rows[(rows["against"] == HALVES) & (rows["run"] == first)]["mean"]
    if np.isfinite(halves).any():
        axes.axhline(halves.mean(), color="black", linestyle=":", linewidth=0.9)
    axes.set_xlabel("step of training")
    from_zero(axes, shown)
