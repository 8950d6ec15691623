"""Compositions of motifs: how alike systems are by the motifs that they share."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.dynamics_looks import MEASURES, VARIANTS, from_zero, shown_measures
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    GREY,
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
HALVES = 4  # where the halves of one system stand, beside 1, 2 and 3 shared motifs
HIDDEN = ("debiased_cka",)  # of three units it is CKA
COLUMNS = ["initial", "measure", "variant", "shared", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_motifs(summary: pd.DataFrame, settings: FigureSettings) -> tuple[Figure, pd.DataFrame]:
    """A row of panels by initial points, a panel for each measure.

    Args:
        summary: ``motifs_summary.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``shared`` is 4 for halves of one system.
    """
    by = ["initial", "measure", "variant"]
    places = {**SHARED, "halves": HALVES}
    means = [summarise(summary, by, name).assign(shared=at) for name, at in places.items()]
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
    handles.append(legend_handle(Look("halves of one system", GREY, "X")))
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
        of = rows[rows["variant"] == variant].dropna(subset=["mean"]).sort_values("shared")
        pairs = of[of["shared"] != HALVES]
        curve(axes, pairs["shared"], pairs, VARIANTS[variant])
        look = Look("", VARIANTS[variant].color, "X")
        for _, row in of[of["shared"] == HALVES].iterrows():
            interval(axes, HALVES + 0.2 * turn, row, look, vertical=True)
    axes.set_xlim(0.6, HALVES + 0.5)
    axes.set_xticks([*SHARED.values(), HALVES + 0.1], [*map(str, SHARED.values()), "halves"])
    axes.set_xlabel("motifs shared")
    from_zero(axes, rows)


def _as(look: Look) -> tuple[str, str]:
    return look.color, look.marker
