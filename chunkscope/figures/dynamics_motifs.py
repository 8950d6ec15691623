"""Compositions of motifs: how alike systems are by the motifs that they share."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.dynamics_looks import FLOORS, MEASURES, VARIANTS, from_zero, shown_measures
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

INITIAL = {
    "own": "every motif begins from points of its own",
    "shared": "a motif begins from the same points in every system",
}
SHARED = {"one": 1, "two": 2, "three": 3}
PLACES = {**SHARED, "halves": 4, "redrawn": 5}
"""Column of the summary -> where it stands: motifs shared, and the floors beside them."""
HIDDEN = ("debiased_cka",)  # of three units it is CKA
COLUMNS = ["initial", "measure", "variant", "shared", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_motifs(summary: pd.DataFrame, settings: FigureSettings) -> tuple[Figure, pd.DataFrame]:
    """A row of panels by initial points, a panel for each measure.

    Args:
        summary: ``motifs_summary.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``shared`` is a key of :data:`PLACES`.
    """
    by = ["initial", "measure", "variant"]
    means = [summarise(summary, by, name).assign(shared=name) for name in PLACES]
    marks = pd.concat(means, ignore_index=True)
    measures = shown_measures(marks["measure"], HIDDEN)
    marks = marks[marks["measure"].isin(measures)]
    kinds = in_order(INITIAL, marks["initial"])
    figure = Figure(figsize=(settings.width, 1.95 * len(kinds) + 0.8), layout="constrained")
    parts = figure.subfigures(len(kinds), 1, hspace=0.03, squeeze=False)[:, 0]
    for at, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
        row_title(part, at, INITIAL[kind])
        grid = part.subplots(1, len(measures), squeeze=False)[0]
        for axes, measure in zip(grid, measures, strict=True):
            _draw(axes, marks[(marks["initial"] == kind) & (marks["measure"] == measure)])
            axes.set_title(MEASURES[measure].label)
    draws = span_of(marks.loc[marks["n"] > 0, "n"])
    looks = {**VARIANTS, "double": Look("10 delays of 2", *_as(VARIANTS["double"]))}
    handles: list[Line2D] = [
        legend_handle(looks[name]) for name in in_order(looks, marks["variant"])
    ]
    handles += [legend_handle(look) for look in FLOORS.values()]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    note(
        figure,
        "Systems that go through three of five motifs; three shared are the same motifs in another "
        f"order. Means with 95 % intervals over n = {draws} draws of everything. Lower is "
        "more alike; units differ by measure. CKA and Procrustes know no delays.",
    )
    return figure, marks[COLUMNS]


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    for turn, variant in enumerate(in_order(VARIANTS, rows["variant"])):
        of = rows[rows["variant"] == variant].dropna(subset=["mean"])
        pairs = of[of["shared"].isin(SHARED)]
        curve(axes, pairs["shared"].map(SHARED), pairs, VARIANTS[variant])
        for floor, look in FLOORS.items():
            shown = Look("", VARIANTS[variant].color, look.marker)
            for _, row in of[of["shared"] == floor].iterrows():
                interval(axes, PLACES[floor] + 0.2 * turn - 0.1, row, shown, vertical=True)
    axes.set_xlim(0.6, max(PLACES.values()) + 0.5)
    axes.set_xticks(list(SHARED.values()))
    axes.set_xlabel("motifs shared")
    from_zero(axes, rows)


def _as(look: Look) -> tuple[str, str]:
    return look.color, look.marker
