"""Scores of units along training, against the loss and against the steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.neurons_looks import Group, Runs, legend, reach
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    SMALL,
    Look,
    line_handle,
    not_estimable,
    note,
    nth_letter,
    panels,
    span_of,
    styled,
)
from chunkscope.neurons.comparison import LOSS, STEPS
from chunkscope.neurons.wording import headline_rows
from chunkscope.statistics import mean_interval

PER_ROW = 2
MEASURE = "pearson"
DASHED: dict[str, Any] = {"linestyle": "--", "linewidth": 0.9, "zorder": 0}
READ_OFF: dict[str, Any] = {
    "marker": "*", "color": BLACK, "markerfacecolor": "white", "markersize": 8, "zorder": 3,
    "linestyle": "none",
}  # fmt: skip
"""Where the twin's curve crosses the white box's last loss."""
COLUMNS = ["group", "run", "mark", "step", "seed", "loss", "score", "ci_low", "ci_high", "n"]


@styled
def draw_training(
    tracing: pd.DataFrame, comparison: pd.DataFrame, runs: Runs, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Two panels for each pair, one above the other: against the loss, and against the steps.

    Args:
        tracing, comparison: tables of all runs.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``mark`` is ``seed`` (a network at a
        checkpoint), ``mean`` of these, or ``equal steps`` and ``equal loss``, whose ``score`` is
        the difference of a pair, white box less twin, and whose ``run`` is the twin.
    """
    curves = _curves(tracing)
    groups = runs.of(curves["run"]).groups
    if not groups:
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    kept = runs.of(curves["run"])
    figure, grid = panels(len(groups), PER_ROW, (settings.width, 2.0), rows=2)
    low, high = reach(curves.assign(mean=curves["score"], n=0))  # of lines, not of intervals
    shown = []
    for at, (group, (by_loss, by_step)) in enumerate(zip(groups, grid, strict=True)):
        rows = curves[curves["run"].isin(group.runs)].assign(group=group.name)
        apart = _differences(group, comparison)
        _against_loss(by_loss, rows, apart, kept)
        _against_steps(by_step, rows, kept)
        _title(by_loss, f"$\\bf{{{nth_letter(at)}}}$  {group.name}", apart)
        for axes in (by_loss, by_step):
            axes.set_ylim(low - 0.06 * (high - low + 0.01), high + 0.06 * (high - low + 0.01))
            axes.set_ylabel("mean correlation")
        shown += [rows, apart]
    handles = [*kept.handles, Line2D([], [], color=BLACK, linewidth=0.5, label="one seed")]
    handles.append(line_handle("untrained", "--"))
    if kept.pairs:
        handles += [
            line_handle("last loss of the white box", ":"),
            Line2D([], [], label="twin at that loss", **READ_OFF),
        ]
    legend(figure, handles, 3)
    note(figure, _said(curves))
    return figure, pd.concat(shown, ignore_index=True)[COLUMNS]


def _curves(tracing: pd.DataFrame) -> pd.DataFrame:
    """Loss and score of every network at every checkpoint, and their means over seeds."""
    rows = tracing[tracing["measure"] == MEASURE]
    seeds = (
        rows.groupby(["run", "step", "seed"], sort=False)
        .agg(loss=("loss", "first"), score=("as_zero", "mean"))
        .reset_index()
    )
    means = []
    for (run, step), of in seeds.groupby(["run", "step"], sort=False):
        score = mean_interval(of["score"])
        means.append(
            {
                "run": run,
                "step": step,
                "loss": of["loss"].mean(),
                "score": score.mean,
                "ci_low": score.low,
                "ci_high": score.high,
                "n": score.n,
            }
        )
    parts = [seeds.assign(mark="seed"), pd.DataFrame(means).assign(mark="mean")]
    return pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)


def _differences(group: Group, comparison: pd.DataFrame) -> pd.DataFrame:
    """White box less twin at equal steps and at equal loss; none of a run without a twin."""
    found = []
    for at in (STEPS, LOSS):
        rows = headline_rows(comparison, at)
        own = rows[(rows["white_box"] == group.runs[0]) & (rows["twin"] == group.runs[-1])]
        found.append(
            own.rename(columns={"twin": "run", "white_box_loss": "loss", "difference": "score"})
        )
    table = pd.concat(found).assign(group=group.name)
    return table.assign(mark=table["at"])


def _title(axes: Axes, name: str, apart: pd.DataFrame) -> None:
    """The name of a pair, and how far apart the two are."""
    lines = []
    for _, row in apart.iterrows():
        said = "not estimable"
        if np.isfinite(row["score"]):
            said = f"{row['score']:+.3f}"
        if np.isfinite([row["ci_low"], row["ci_high"]]).all():
            said += f" [{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"
        lines.append(f"{row['mark']}: {said}, n = {int(row['n'])}")
    axes.set_title(name, pad=4 + 9 * len(lines))
    axes.text(0, 1.02, "\n".join(lines), transform=axes.transAxes, size=SMALL, va="bottom")


def _against_loss(axes: Axes, rows: pd.DataFrame, apart: pd.DataFrame, runs: Runs) -> None:
    """Curves of all checkpoints but the untrained network, whose loss would squeeze the others."""
    for run, of in rows.groupby("run", sort=False):
        _draw(axes, of[of["step"] > 0], "loss", runs.look(str(run)))
        start = of[(of["step"] == 0) & (of["mark"] == "mean")]
        axes.axhline(start["score"].mean(), color=runs.look(str(run)).color, **DASHED)
    for _, row in apart[apart["mark"] == LOSS].iterrows():
        axes.axvline(row["loss"], color=BLACK, linestyle=":", linewidth=0.9, zorder=0)
        axes.plot(row["loss"], row["twin_mean"], **READ_OFF)
    axes.invert_xaxis()
    axes.set_xlabel("validation loss (nats per symbol), training to the right")


def _against_steps(axes: Axes, rows: pd.DataFrame, runs: Runs) -> None:
    for run, of in rows.groupby("run", sort=False):
        _draw(axes, of, "step", runs.look(str(run)))
    axes.set_xlabel("training step")


def _draw(axes: Axes, rows: pd.DataFrame, along: str, look: Look) -> None:
    """A thin line for every seed, and the mean of all with a mark for every checkpoint."""
    rows = rows.sort_values("step")
    for _, of in rows[rows["mark"] == "seed"].groupby("seed"):
        axes.plot(of[along], of["score"], color=look.color, linewidth=0.5, alpha=0.6, zorder=1)
    mean = rows[rows["mark"] == "mean"]
    axes.plot(
        mean[along], mean["score"], color=look.color, marker=look.marker, markersize=4, zorder=2
    )


def _said(curves: pd.DataFrame) -> str:
    seeds, start = curves[curves["mark"] == "mean"], curves[curves["step"] == 0]
    span = f"{start['loss'].min():.1f}" if len(start) else ""
    return (
        "Correlation of what a unit did with what the table of its symbols says, made on half of "
        "the documents and scored on the other, all excerpts; mean over units and all layers, the "
        "last included, units without a score as 0. Marks: checkpoints, "
        f"n = {span_of(seeds['n'])} seeds. Dashed: the untrained networks, whose loss "
        f"({span} and more) lies outside the panel. Above the panels: white box less twin, with "
        "95 % intervals over seeds."
    )
