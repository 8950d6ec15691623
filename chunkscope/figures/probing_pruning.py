"""What probes lose as units are taken away: where the answer is known, and in every run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.probing_conditions import words
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Look,
    curve,
    interval,
    legend_handle,
    letter,
    line_handle,
    note,
    nth_letter,
    span_of,
    styled,
)
from chunkscope.probing.conditions import BALANCED, PROBE, UNTRAINED
from chunkscope.probing.terms import ALL, BEST, RANDOM

CASES = {
    "copies": "planted: 8 copies",
    "carrier": "planted: one carrier",
    "code": "planted: a code over 4 units",
}
"""Case of planted activity -> its title; they stand first, as what the others are read by."""
FEW, ONE = "few", "one"
LOOKS = {
    (PROBE, BEST, FEW): Look("several units, the best are taken away", BLUE, "o"),
    (PROBE, RANDOM, FEW): Look("several units, others go at random", GREEN, "^"),
    (UNTRAINED, BEST, FEW): Look("several units of the untrained network", ORANGE, "s"),
    (PROBE, BEST, ONE): Look("the best single unit that is left", PURPLE, "D"),
}
"""Condition, what is taken away, and size of the probe -> its look."""
RUN_COLORS = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, GREY, BLACK)
RUN_MARKERS = "os^DvPXd"
PER_ROW = 3
PANEL = 1.55  # inches, height of a row of panels
COLUMNS = ["panel", "kind", "condition", "order", "size", "round", "measure"]


@styled
def draw_pruning(
    planted: pd.DataFrame, runs: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """F1 against the units that were taken away, and what each kind of feature keeps at the end.

    Args:
        planted: the summary of the planted cases.
        runs: run -> its ``pruning/summary.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS` and ``mean, ci_low, ci_high, n``.
    """
    tables = {title: _of_case(planted, case) for case, title in CASES.items()}
    tables |= {run: _curves(table) for run, table in runs.items()}
    rows = -(-len(tables) // PER_ROW)
    height = PANEL * (rows + 1.3 * bool(runs)) + 0.9
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    grid = figure.add_gridspec(
        rows + bool(runs), PER_ROW, height_ratios=[1] * rows + [1.3] * bool(runs)
    )
    for at, (title, table) in enumerate(tables.items()):
        axes = figure.add_subplot(grid[at // PER_ROW, at % PER_ROW])
        _draw_curves(axes, table)
        axes.set_title(title)
        axes.set_ylabel("F1" if at % PER_ROW == 0 else "")
        letter(axes, nth_letter(at))
    shown = [table.assign(panel=title) for title, table in tables.items()]
    if runs:
        kept = {run: _kept(table) for run, table in runs.items()}
        axes = figure.add_subplot(grid[rows, :])
        _draw_kept(axes, kept)
        letter(axes, nth_letter(len(tables)))
        shown += [table.assign(panel=run) for run, table in kept.items()]
    data = pd.concat(shown, ignore_index=True)[[*COLUMNS, "mean", "ci_low", "ci_high", "n"]]
    handles = [*map(legend_handle, LOOKS.values()), line_handle("every row called positive", "--")]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    note(
        figure,
        f"Probes of one and of {span_of(data.loc[data['size'] > 1, 'size'])} units, refitted on "
        "the best of those left; F1 on test rows at 20 % positives, mean over features and sites. "
        f"n = {span_of(data.loc[data['n'] > 0, 'n'])} networks (planted: draws), "
        "bars: 95 % interval over them, some longer than the panel; open: a single one.",
    )
    return figure, data


def _of_case(planted: pd.DataFrame, case: str) -> pd.DataFrame:
    return _curves(planted[planted["case"] == case].assign(condition=PROBE, kind=ALL))


def _curves(table: pd.DataFrame) -> pd.DataFrame:
    """The marks of one panel of curves."""
    shown = table["measure"].isin(["f1", "floor"]) & (table["prevalence"] == BALANCED)
    return table[shown & (table["kind"] == ALL)]


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    """What the trained network's probe of several units keeps at the end, by kind."""
    few = (table["size"] > 1) & (table["condition"] == PROBE) & (table["order"] == BEST)
    last = (table["round"] == table["round"].max()) & (table["prevalence"] == BALANCED)
    return table[few & last & (table["measure"] == "kept") & (table["kind"] != ALL)]


def _draw_curves(axes: Axes, table: pd.DataFrame) -> None:
    for (condition, order, size), look in LOOKS.items():
        of = (table["condition"] == condition) & (table["order"] == order)
        of &= (table["size"] > 1) == (size == FEW)
        rows = table[of & (table["measure"] == "f1")].sort_values("round")
        curve(axes, rows["round"], rows, look)
    floor = table.loc[table["measure"] == "floor", "mean"].mean()
    axes.axhline(floor, color=BLACK, linestyle="--", linewidth=0.9, zorder=0)
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_xticks(range(0, int(table["round"].max()) + 1, 2))
    axes.set_xlabel("units taken away", labelpad=1)


def _draw_kept(axes: Axes, runs: Mapping[str, pd.DataFrame]) -> None:
    kinds = list(dict.fromkeys(kind for table in runs.values() for kind in table["kind"]))
    handles = []
    for at, (run, table) in enumerate(runs.items()):
        look = Look(run, RUN_COLORS[at % len(RUN_COLORS)], RUN_MARKERS[at % len(RUN_MARKERS)])
        shift = 0.6 * ((at + 0.5) / len(runs) - 0.5)
        for _, row in table.iterrows():
            interval(axes, kinds.index(row["kind"]) + shift, row, look, vertical=True)
        handles.append(legend_handle(look))
    means = pd.concat(list(runs.values()))["mean"]  # a bar of two networks may be very long
    axes.set_ylim(min(-0.25, means.min() - 0.1), max(1.25, means.max() + 0.1))
    axes.axhline(1, color=GREY, linewidth=0.6, zorder=0)
    axes.axhline(0, color=BLACK, linestyle="--", linewidth=0.9, zorder=0)
    axes.set_xlim(-0.5, len(kinds) - 0.5)
    axes.set_xticks(np.arange(len(kinds)), [words(kind).replace(" ", "\n") for kind in kinds])
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("share of F1 above\nthe floor that is left")
    axes.set_title("left after the last round")
    axes.legend(handles=handles, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.22))
