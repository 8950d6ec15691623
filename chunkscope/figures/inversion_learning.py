"""Whether networks learn their tasks, through training: of those that do not, nothing is read."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    Look,
    curve,
    legend_handle,
    letter,
    line_handle,
    not_estimable,
    note,
    nth_letter,
    panels,
    span_of,
    styled,
    tint,
)
from chunkscope.inversion.learning import ANSWERS, EVERY, EXCESS
from chunkscope.statistics import summarise

CARRIED = "nine2"  # whether F2 + S2 = 9: a carry into the second place goes on into the first
LOOKS = {
    (EVERY, 0): Look("all inputs", BLUE, "o"),
    (CARRIED, 0): Look("F2 + S2 is not 9", GREEN, "^"),
    (CARRIED, 1): Look("F2 + S2 = 9", VERMILLION, "s"),
}
"""Feature and value of the inputs that are answered -> their look."""
PUBLISHED = {(EVERY, 0): 0.9801, (CARRIED, 1): 0.801}
"""The same of the paper's network of three digits, trained; from its authors' public code."""
PER_ROW = 3
PANEL = 1.8  # inches
WORDS = {ANSWERS: "share of answers right", EXCESS: "excess loss (nats)"}
BY = ["measure", "feature", "value", "step"]
COLUMNS = ["run", *BY, "member", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_learning(
    tables: Mapping[str, pd.DataFrame], asked: Mapping[str, float], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A panel for each run: answers that are right, or the loss above an ideal observer's.

    Args:
        tables: run -> its ``learning.csv``.
        asked: ``answers``, the least share, and ``excess``, the most nats, of a network that has
            learned its task.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; one without a ``member`` is over ``n`` of them.
    """
    shown = {run: _marks(table) for run, table in tables.items()}
    figure, grid = panels(max(1, len(shown)), PER_ROW, (settings.width, PANEL))
    if not shown:
        not_estimable(grid[0][0], 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    for at, ((run, marks), [axes]) in enumerate(zip(shown.items(), grid, strict=True)):
        _draw_run(axes, marks, asked)
        axes.set_title(run)
        letter(axes, nth_letter(at))
    data = pd.concat([marks.assign(run=run) for run, marks in shown.items()], ignore_index=True)
    _legend(figure, data)
    note(
        figure,
        "On fresh inputs: whole answers, or the loss above an ideal observer's. Pale: each "
        f"network; marks: their mean, bars: 95 % interval over n = {span_of(data['n'].dropna())}. "
        "A network that ends on the wrong side of the dashed line is not read.",
    )
    return figure, data[COLUMNS]


def _marks(table: pd.DataFrame) -> pd.DataFrame:
    """Each member's, and their means."""
    kinds = pd.MultiIndex.from_frame(table[["feature", "value"]])
    rows = table[kinds.isin(list(LOOKS))]
    means = summarise(rows, BY, "mean")
    return pd.concat([means, rows.drop(columns="n")], ignore_index=True).reindex(
        columns=COLUMNS[1:]
    )


def _draw_run(axes: Axes, marks: pd.DataFrame, asked: Mapping[str, float]) -> None:
    measure = marks["measure"].iloc[0]
    kinds = pd.MultiIndex.from_frame(marks[["feature", "value"]])
    for kind, look in LOOKS.items():
        rows = marks[kinds == kind].sort_values("step")
        for _, alone in rows[rows["member"].notna()].groupby("member"):
            axes.plot(alone["step"], alone["mean"], color=tint(look.color, 0.4), linewidth=0.6)
        means = rows[rows["member"].isna()]
        curve(axes, means["step"], means, look)
    axes.axhline(
        asked["answers" if measure == ANSWERS else "excess"], color=BLACK, linestyle="--",
        linewidth=0.8, zorder=0,
    )  # fmt: skip
    if measure == ANSWERS:
        axes.set_ylim(-0.02, 1.05)
        axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    else:
        axes.set_yscale("log", nonpositive="clip")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    if (marks["feature"] == CARRIED).any():
        _draw_published(axes, marks["step"].max())
    axes.set_ylabel(WORDS[measure])
    axes.set_xlabel("training step")


def _draw_published(axes: Axes, end: float) -> None:
    for kind, share in PUBLISHED.items():
        axes.plot([1.06 * end], [share], "<", color=LOOKS[kind].color, markersize=3.5)


def _legend(figure: Figure, data: pd.DataFrame) -> None:
    there = set(zip(data["feature"], data["value"], strict=True))
    handles = [legend_handle(look) for kind, look in LOOKS.items() if kind in there]
    handles.append(line_handle("has learned its task", "--"))
    if (data["feature"] == CARRIED).any():
        handles.append(Line2D([], [], color=GREY, marker="<", linestyle="", label="published"))
    figure.legend(handles=handles, loc="outside upper center", ncols=5)
