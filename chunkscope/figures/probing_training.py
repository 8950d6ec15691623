"""Probes through training: when features can be read, and whether the same units tell them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from chunkscope.figures.probing_conditions import words
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    Look,
    curve,
    legend_handle,
    line_handle,
    not_estimable,
    note,
    row_title,
    span_of,
    styled,
)
from chunkscope.probing.conditions import BALANCED
from chunkscope.probing.terms import ALL, DENSE, FEW, FINAL, SAME, UNIT

LOOKS = {
    UNIT: Look("best unit of this step", BLUE, "o"),
    FINAL: Look("best unit of the end, followed back", PURPLE, "D"),
    FEW: Look("few units", GREEN, "^"),
    DENSE: Look("all units", GREY, "s"),
}
"""What a probe reads -> its look."""
SAME_LOOK = Look("best unit is that of the end", VERMILLION, "P")
PER_ROW = 4
PANEL = 1.45  # inches, height of a row of panels
COLUMNS = ["run", "kind", "measure", "step", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_training(
    summaries: Mapping[str, pd.DataFrame],
    losses: Mapping[str, pd.DataFrame],
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Panels of every kind of feature for each run, and one of how many units are settled.

    Args:
        summaries: run -> its ``tracing/summary.csv``.
        losses: run -> the ``training.csv`` of its networks.

    Returns:
        The figure, and its marks: :data:`COLUMNS`, the validation loss (nats) among the measures.
    """
    if not summaries:
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    tables = {
        run: table[table["prevalence"] == BALANCED].assign(run=run)
        for run, table in summaries.items()
    }
    bands = {run: -(-(table["kind"].nunique() + 1) // PER_ROW) for run, table in tables.items()}
    height = PANEL * sum(bands.values()) + 0.3 * len(bands) + 0.9
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    parts = figure.subfigures(len(tables), 1, squeeze=False, height_ratios=list(bands.values()))
    shown = []
    for at, (run, table) in enumerate(tables.items()):
        loss = _loss_at(losses[run], sorted(table["step"].unique())).assign(run=run)
        _draw_run(parts[at, 0], table, loss, bands[run])
        row_title(parts[at, 0], at, run)
        shown += [table, loss]
    handles = [legend_handle(look) for look in [*LOOKS.values(), SAME_LOOK]]
    handles.append(line_handle("fall of the loss", "--"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    data = pd.concat(shown, ignore_index=True).reindex(columns=COLUMNS)
    note(
        figure,
        "F1 on the same test rows at every kept step, at 20 % positives, mean over features and "
        f"sites. n = {span_of(data['n'].dropna())} networks, bars: 95 % interval over them. At the "
        "last step the best unit is that of the end by definition.",
    )
    return figure, data


def _loss_at(training: pd.DataFrame, steps: list[int]) -> pd.DataFrame:
    """Mean validation loss at the kept steps, interpolated where it was not measured."""
    loss = training.groupby("step")["loss"].mean()
    near = np.interp(steps, loss.index, loss)
    return pd.DataFrame({"measure": "loss", "step": steps, "mean": near})


def _draw_run(part: SubFigure, table: pd.DataFrame, loss: pd.DataFrame, bands: int) -> None:
    kinds = [*(kind for kind in dict.fromkeys(table["kind"]) if kind != ALL), ALL]
    grid = part.subplots(bands, PER_ROW, squeeze=False).ravel()
    for empty in grid[len(kinds) + 1 :]:
        empty.remove()
    steps = sorted(table["step"].unique())
    for axes, kind in zip(grid, kinds, strict=False):
        _draw_lines(axes, table[table["kind"] == kind], LOOKS, steps)
        axes.set_title(words(kind))
    settled = grid[len(kinds)]
    same = table[(table["measure"] == SAME) & (table["kind"] == ALL)]
    _draw_lines(settled, same, {SAME: SAME_LOOK}, steps)
    fall = (loss["mean"] - loss["mean"].min()) / np.ptp(loss["mean"])
    settled.plot(range(len(steps)), fall, color=BLACK, linestyle="--", linewidth=0.9)
    settled.set_title("share of features")
    for axes in grid[: len(kinds) : PER_ROW]:
        axes.set_ylabel("F1")
    for axes in grid[max(0, len(kinds) + 1 - PER_ROW) : len(kinds) + 1]:
        axes.set_xlabel("training step")


def _draw_lines(
    axes: Axes, table: pd.DataFrame, looks: Mapping[str, Look], steps: list[int]
) -> None:
    for measure, look in looks.items():
        rows = table[table["measure"] == measure].sort_values("step")
        at = [steps.index(step) for step in rows["step"]]
        curve(axes, at, rows, look)
    axes.set_xticks(range(len(steps)), [f"{step:g}" for step in steps])
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
