"""Noise: how far a system seems to move from itself, and from what it is mixed with."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.dynamics_looks import (
    FLOORS,
    MEASURES,
    PUBLISHED,
    VARIANTS,
    from_zero,
    shown_measures,
)
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    Look,
    curve,
    in_order,
    interval,
    legend_handle,
    note,
    row_title,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

MIXED = {
    "fresh noise": "two copies of one system, each with noise of its own",
    "another system": "a system and its mixture with another",
}
LEVELS = {"fresh noise": "standard deviation", "another system": "weight of the other"}
PUBLISHED_ENDS = {
    ("fresh noise", "dsa"): (0.177, 0.152),
    ("fresh noise", "cka"): (0.025, 0.006),
    ("fresh noise", "procrustes"): (0.022, 0.005),
}
"""What was published of the first and the last level (arXiv 2410.24070)."""
HIDDEN = ("debiased_cka",)  # of three units it is CKA
COLUMNS = ["mixed", "measure", "variant", "epoch", "level", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_noise(pairs: pd.DataFrame, settings: FigureSettings) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each kind of mixture, a panel for each measure.

    Args:
        pairs: ``noise.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`.
    """
    by = ["mixed", "measure", "variant", "epoch", "level"]
    means = pairs.groupby(["repeat", *by], sort=False, dropna=False)["distance"].mean()
    marks = summarise(means.reset_index(), by, "distance")
    kinds, measures = in_order(MIXED, marks["mixed"]), shown_measures(marks["measure"], HIDDEN)
    marks = marks[marks["measure"].isin(measures)]
    figure = Figure(figsize=(settings.width, 1.95 * len(kinds) + 0.8), layout="constrained")
    parts = figure.subfigures(len(kinds), 1, hspace=0.03, squeeze=False)[:, 0]
    for at, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
        row_title(part, at, MIXED[kind])
        grid = part.subplots(1, len(measures), squeeze=False)[0]
        for axes, measure in zip(grid, measures, strict=True):
            of = marks[marks["measure"] == measure]
            _draw(axes, of[of["mixed"] == kind], of[of["mixed"].isin(FLOORS)])
            axes.set_title(MEASURES[measure].label)
            ends = PUBLISHED_ENDS.get((kind, measure), ())
            axes.plot([0, 2][: len(ends)], ends, PUBLISHED.marker, color=PUBLISHED.color, zorder=3)
            axes.set_xlabel(LEVELS[kind])
    looks = [VARIANTS[name] for name in in_order(VARIANTS, marks["variant"])]
    shown = (*looks, *FLOORS.values(), PUBLISHED)
    handles: list[Line2D] = [legend_handle(look) for look in shown]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    note(
        figure,
        "Lorenz systems of seven Rayleigh numbers, whose activity spans 0 to 1; means with 95 % "
        f"intervals over n = {span_of(marks['n'])} draws of everything. Lower is more alike; units "
        "differ by measure. CKA and Procrustes know no delays.",
    )
    return figure, marks[COLUMNS]


def _draw(axes: Axes, rows: pd.DataFrame, floors: pd.DataFrame) -> None:
    levels = rows.drop_duplicates("epoch").sort_values("epoch")
    for turn, variant in enumerate(in_order(VARIANTS, rows["variant"])):
        of = rows[rows["variant"] == variant].sort_values("epoch")
        curve(axes, of["epoch"], of, VARIANTS[variant])
        for at, (floor, look) in enumerate(FLOORS.items(), start=len(levels)):
            shown = Look("", VARIANTS[variant].color, look.marker)
            of = floors[(floors["mixed"] == floor) & (floors["variant"] == variant)]
            for _, row in of.iterrows():
                interval(axes, at + 0.2 * turn - 0.2, row, shown, vertical=True)
    names = [f"{level:g}".removeprefix("0") for level in levels["level"]]
    axes.set_xticks(range(len(levels)), names)
    axes.set_xlim(-0.3, len(levels) + len(FLOORS) - 0.5)
    from_zero(axes, pd.concat([rows, floors]))
