"""Regimes of the Lorenz system: distances within and across, how well they part, and settings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from chunkscope.dynamics.attractors.claims import REGIMES
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
    BLACK,
    BLUE,
    ORANGE,
    SMALL,
    Look,
    in_order,
    interval,
    legend_handle,
    letter,
    note,
    nth_letter,
    row_title,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

KINDS = {
    **FLOORS,
    "within": Look("two systems of one regime", BLUE, "o"),
    "across": Look("systems of two regimes", ORANGE, "s"),
}
INITIAL = {
    "own": "initial points of each system's own, as published",
    "shared": "the same initial points for all systems",
}
SHORT = {
    "published": "single\nprecision",
    "double": "double\nprecision",
    "chosen": "foretell\nbest",
}
COLORS = (BLUE, ORANGE)  # of own initial points, and of shared ones
P_AT = (1.02, 1.14)  # where their p stand beside AUC
APART = 0.2  # of two kinds of one variant
HIDDEN = ("debiased_cka",)  # of three units it is CKA
COLUMNS = ["panel", "initial", "measure", "variant", "kind", "mean", "ci_low", "ci_high", "n", "p"]


@styled
def draw_regimes(
    summary: pd.DataFrame, sensitivity: pd.DataFrame, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Rows of panels by initial points, a panel for each measure; below them AUC and settings.

    Args:
        summary: ``regimes_summary.csv``.
        sensitivity: ``sensitivity.csv``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; of settings ``variant`` says delays, interval
        and rank, ``kind`` is ``error`` or ``auc``.
    """
    distances, parted = _distances(summary), _parted(summary)
    initial = in_order(INITIAL, distances["initial"])
    figure = Figure(figsize=(settings.width, 2.0 * (len(initial) + 1) + 0.9), layout="constrained")
    parts = figure.subfigures(len(initial) + 1, 1, hspace=0.03, squeeze=False)[:, 0]
    for at, (part, name) in enumerate(zip(parts, initial, strict=False)):
        row_title(part, at, INITIAL[name])
        _draw_distances(part, distances[distances["initial"] == name])
    below = parts[-1].subplots(1, 2)
    _draw_parted(below[0], parted)
    _draw_settings(below[1], sensitivity)
    for at, axes in enumerate(below):
        letter(axes, nth_letter(len(initial) + at))
    handles: list[Line2D] = [legend_handle(look) for look in (*KINDS.values(), PUBLISHED)]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    note(
        figure,
        "Nine systems, three of each regime; marks are means over their pairs, with 95 % intervals "
        f"over n = {span_of(parted['n'])} draws of everything. Lower is more alike; units "
        "differ by measure. AUC: how often a pair across is farther apart than one within (dashed: "
        "chance), from own and shared initial points; p: the largest of all draws, labels dealt "
        "anew to systems.",
    )
    return figure, pd.concat([distances, parted, _settings(sensitivity)])[COLUMNS]


def _distances(summary: pd.DataFrame) -> pd.DataFrame:
    by = ["initial", "measure", "variant"]
    kinds = [summarise(summary, by, kind).assign(kind=kind) for kind in KINDS]
    found = pd.concat(kinds, ignore_index=True).assign(panel="distance")
    return found[found["measure"].isin(shown_measures(found["measure"], HIDDEN))]


def _parted(summary: pd.DataFrame) -> pd.DataFrame:
    by = ["initial", "measure", "variant"]
    found = summarise(summary, by, "auc").assign(panel="auc", kind="auc")
    found = found.merge(summary.groupby(by)["p"].max().reset_index(), on=by)
    return found[found["measure"].isin(shown_measures(found["measure"], HIDDEN))]


def _settings(sensitivity: pd.DataFrame) -> pd.DataFrame:
    names = [f"{row.delays} x {row.interval}, rank {row.rank}" for row in sensitivity.itertuples()]
    return pd.concat(
        [
            pd.DataFrame({"variant": names, "mean": sensitivity[kind], "kind": kind})
            for kind in ("error", "auc")
        ]
    ).assign(panel="settings", measure="dsa", initial="own")


def _draw_distances(part: SubFigure, rows: pd.DataFrame) -> None:
    measures = shown_measures(rows["measure"])
    widths = [len(_variants(rows, name)) + 0.5 for name in measures]
    grid = np.atleast_1d(part.subplots(1, len(measures), width_ratios=widths))
    for axes, measure in zip(grid, measures, strict=True):
        of = rows[rows["measure"] == measure]
        variants = _variants(rows, measure)
        for at, variant in enumerate(variants):
            for turn, (kind, look) in enumerate(KINDS.items()):
                marks = of[(of["variant"] == variant) & (of["kind"] == kind)]
                for _, row in marks.iterrows():
                    interval(axes, at + APART * (turn - 1.5), row, look, vertical=True)
        if measure in REGIMES and set(rows["initial"]) == {"own"}:
            for turn, value in enumerate(REGIMES[measure], start=2):
                axes.plot(
                    APART * (turn - 1.5), value, PUBLISHED.marker, color=PUBLISHED.color, zorder=3
                )
        axes.set_title(MEASURES[measure].label)
        axes.set_xlim(-0.5, len(variants) - 0.5)
        names = [SHORT[name] if len(variants) > 1 else "" for name in variants]
        axes.set_xticks(range(len(variants)), names)
        from_zero(axes, of)


def _variants(rows: pd.DataFrame, measure: str) -> list[str]:
    return in_order(VARIANTS, rows.loc[rows["measure"] == measure, "variant"])


def _draw_parted(axes: Axes, rows: pd.DataFrame) -> None:
    """AUC of every measure from own and from shared initial points, and p beside it."""
    labels = []
    for at, (measure, variant) in enumerate(_readings(rows)):
        of = rows[(rows["measure"] == measure) & (rows["variant"] == variant)]
        for turn, name in enumerate(in_order(INITIAL, of["initial"])):
            look = Look("", COLORS[turn], "os"[turn])
            row = of[of["initial"] == name].iloc[0]
            interval(axes, -at - 0.25 * turn + 0.12, row, look)
            axes.text(P_AT[turn], -at, f"{row['p']:.1g}", size=SMALL, va="center", color=look.color)
        name = MEASURES[measure].label.split(" (")[0]
        several = measure in ("dsa", "wasserstein")
        labels.append(f"{name}, {SHORT[variant]}".replace("\n", " ") if several else name)
    axes.set_yticks(range(0, -len(labels), -1), labels)
    axes.axvline(0.5, color=BLACK, linestyle="--", linewidth=0.9)
    axes.set_xlim(0.45, 1.26)
    axes.set_xticks([0.5, 0.75, 1])
    for place, name, color in zip(P_AT, INITIAL, COLORS, strict=True):
        axes.text(place, 0.75, f"{name}\n$p$", size=SMALL, color=color)
    axes.set_xlabel("AUC, across against within")


def _readings(rows: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for measure in shown_measures(rows["measure"]):
        for variant in _variants(rows, measure):
            yield measure, variant


def _draw_settings(axes: Axes, sensitivity: pd.DataFrame) -> None:
    """What each setting of the grid shows, against the error by which one is chosen."""
    known = sensitivity.dropna(subset=["error"])
    axes.plot(known["error"], known["auc"], "o", color=BLUE, markersize=3.5)
    for _, row in known[known["chosen"]].iterrows():
        place = float(row["error"]), float(row["auc"])
        axes.plot(*place, "o", color=BLACK, markersize=8, markerfacecolor="none")
        axes.annotate(
            f"chosen: {row['delays']} delays\nof {row['interval']}, rank {row['rank']}",
            place, xytext=(place[0], 0.62), size=SMALL, arrowprops={"arrowstyle": "-", "lw": 0.6},
        )  # fmt: skip
    axes.axvline(1, color=BLACK, linestyle="--", linewidth=0.9)
    axes.set_xscale("log")
    axes.set_ylim(0.45, 1.02)
    axes.set_xlabel("held-out error over that of persistence")
    axes.set_ylabel("AUC of DSA")
