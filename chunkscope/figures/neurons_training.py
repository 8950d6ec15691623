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
    GREY,
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
LATE = 0.4  # of the fall of the loss after the first checkpoint, which panels of pairs show
ROOM = 0.25  # of a panel's height, for words below its curves
MINUS = "\N{MINUS SIGN}"
MEASURE = "pearson"
DASHED: dict[str, Any] = {"linestyle": "--", "linewidth": 0.9, "zorder": 0}
READ_OFF: dict[str, Any] = {
    "marker": "*", "color": BLACK, "markerfacecolor": "white", "markersize": 7, "zorder": 3,
    "linestyle": "none",
}  # fmt: skip
"""Where the twin's curve crosses the white box's last loss."""
COLUMNS = ["group", "run", "mark", "step", "seed", "loss", "score", "ci_low", "ci_high", "n"]


@styled
def draw_training(
    tracing: pd.DataFrame, comparison: pd.DataFrame, runs: Runs, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Two panels for each pair: against the loss, about its end, and against the steps.

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
        _outside(by_loss, rows)
        _against_steps(by_step, rows, kept)
        _title(by_loss, f"$\\bf{{{nth_letter(at)}}}$  {group.name}", apart)
        by_step.set_ylim(low - 0.06 * (high - low + 0.01), high + 0.06 * (high - low + 0.01))
        for axes in (by_loss, by_step):
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
        lines.append(f"{row['mark']}: {said}, n = {int(row['n'])}".replace("-", MINUS))
    axes.set_title(name, pad=4 + 9 * len(lines))
    axes.text(0, 1.02, "\n".join(lines), transform=axes.transAxes, size=SMALL, va="bottom")


def _against_loss(axes: Axes, rows: pd.DataFrame, apart: pd.DataFrame, runs: Runs) -> None:
    """Curves of the checkpoints from some loss on, where the white box and its twin are told apart.

    Earlier ones would squeeze these; they stand against the steps.
    """
    later = rows[rows["step"] > 0]
    most = _first_shown(later["loss"], apart)
    for run, of in later.groupby("run", sort=False):
        _draw(axes, of, "loss", runs.look(str(run)))
    for run, score in _untrained(rows).items():
        axes.axhline(score, color=runs.look(run).color, **DASHED)
    for _, row in apart[apart["mark"] == LOSS].iterrows():
        axes.axvline(row["loss"], color=BLACK, linestyle=":", linewidth=0.9, zorder=0)
        axes.plot(row["loss"], row["twin_mean"], **READ_OFF)
    shown = later[later["loss"] <= most]
    low, high = reach(shown.assign(mean=shown["score"], n=0))
    room, side = high - low + 0.01, 0.06 * (most - later["loss"].min() + 0.01)
    axes.set_ylim(low - 0.3 * room, high + 0.1 * room)  # words stand beneath the curves
    axes.set_xlim(most + side, later["loss"].min() - side)
    axes.set_xlabel("validation loss (nats per symbol), training to the right")


def _first_shown(losses: pd.Series, apart: pd.DataFrame) -> float:
    """The largest loss of the panel: a part of the fall, and beyond the white box's last in any
    case; all of it for a run without a twin."""
    best, most = float(losses.min()), float(losses.max())
    ends = apart.loc[apart["mark"] == LOSS, "loss"]
    if not np.isfinite(ends).any():
        return most
    end = float(ends.max())
    return min(most, max(best + LATE * (most - best), end + (end - best) / 2))


def _untrained(rows: pd.DataFrame) -> dict[str, float]:
    """Run -> mean score before training."""
    start = rows[(rows["step"] == 0) & (rows["mark"] == "mean")]
    return {str(run): float(score) for run, score in zip(start["run"], start["score"], strict=True)}


def _outside(axes: Axes, rows: pd.DataFrame) -> None:
    """The untrained scores in words, where their lines lie outside the panel."""
    low, high = axes.get_ylim()
    found = [f"{run} {at:.3f}" for run, at in _untrained(rows).items() if not low <= at <= high]
    if found:
        text = "untrained, outside the panel:\n" + ", ".join(found)
        axes.set_ylim(low - ROOM * (high - low), high)  # below all curves
        axes.text(
            0.02,
            0.03,
            text,
            transform=axes.transAxes,
            size=SMALL,
            color=GREY,
            va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _against_steps(axes: Axes, rows: pd.DataFrame, runs: Runs) -> None:
    for run, of in rows.groupby("run", sort=False):
        _draw(axes, of, "step", runs.look(str(run)))
    for run, score in _untrained(rows).items():
        axes.axhline(score, color=runs.look(run).color, **DASHED)
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
    means = curves[curves["mark"] == "mean"]
    return (
        "Correlation of what a unit did with what the table of its symbols says, made on half of "
        "the documents and scored on the other, all excerpts; mean over units and all layers, the "
        "last included, units without a score as 0. Marks: checkpoints, "
        f"n = {span_of(means['n'])} seeds; upper panels of pairs leave out early ones, whose loss "
        "is higher, and have scales of their own. Above them: white box less twin, with 95 % "
        "intervals over seeds."
    )
