"""Which words a network says after their concept was grafted, beside every control."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from chunkscope.chunks.concepts.claims import GRAFTS
from chunkscope.chunks.concepts.summary import CONDITIONS, NARROW, NONE, OTHERS, TARGET
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    SKY,
    VERMILLION,
    Look,
    in_order,
    interval,
    letter,
    not_estimable,
    note,
    span_of,
    styled,
)
from chunkscope.figures.style import CONDITIONS as LOOKS

HEIGHT = 3.9  # inches a run
DEPTHS = ("early", "middle", "late", "all")
CONTROLS = LOOKS | {
    TARGET: Look("the word's concept", BLUE, "o"),
    OTHERS: Look("other concepts", VERMILLION, "s"),
    NARROW: Look("left alone, top_p .5", BLACK, "|"),
    "random units": Look("same number of other units", SKY, "P"),
}
MEASURES = {
    "contains": "share of continuations\nwith the word",
    "nll": "surprise of what is said\n(nats per token)",
}
"""Measure -> what its axis says."""


@styled
def draw_concept_grafts(
    grafts: Mapping[str, pd.DataFrame],
    summaries: Mapping[str, pd.DataFrame],
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Share of continuations with each word, with a graft against without, and every control.

    Args:
        grafts: run -> ``seed, offset, depth, condition, concept, contains`` and more.
        summaries: run -> ``depth, offset, condition, measure, mean, ci_low, ci_high, n``.

    Returns:
        The figure, and its marks: ``run, panel`` ("words" or "conditions"), ``depth, condition,
        measure, concept, mean, ci_low, ci_high, n`` (words).
    """
    figure = Figure(figsize=(settings.width, HEIGHT * len(grafts) + 0.5), layout="constrained")
    parts = figure.subfigures(len(grafts), 1, squeeze=False)[:, 0]
    marks = []
    for run, part in zip(grafts, parts, strict=True):
        words = _words(grafts[run])
        rows = _published_offset(summaries[run])
        _draw_run(part, run, words, rows)
        marks += [words.assign(run=run, panel="words"), rows.assign(run=run, panel="conditions")]
    data = pd.concat(marks, ignore_index=True)
    words_judged = span_of(data.loc[data["n"] > 0, "n"])
    note(
        figure,
        "a: each point is a word, mean over networks and prompts; the star is the published mean "
        "(early graft, Llama-3-8B, control drawn with top_p .5 and graft with .9). Square-root "
        f"scale. b: means over n = {words_judged} words, from above grafts at "
        "early, middle, late and all sites; bars: 95 % intervals over words. Same prompts, random "
        "numbers and sampling in all conditions but the last.",
    )
    columns = ["run", "panel", "depth", "condition", "measure", "concept"]
    return figure, data.reindex(columns=[*columns, "mean", "ci_low", "ci_high", "n"])


def _words(grafts: pd.DataFrame) -> pd.DataFrame:
    """Share of continuations with each word, with its graft and without."""
    shown = _published_offset(grafts)
    shown = shown[shown["condition"].isin((NONE, TARGET))]
    by_word = shown.groupby(["depth", "condition", "concept"], sort=False)["contains"].mean()
    return by_word.rename("mean").reset_index().assign(measure="contains")


def _published_offset(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["offset"] == 0]


def _draw_run(figure: SubFigure, run: str, words: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Words above, conditions below, a column for each depth."""
    depths = in_order(DEPTHS, words["depth"])
    if not depths:  # grafts at other offsets alone
        axes = figure.subplots()
        axes.set_ylabel(run)
        not_estimable(axes, 0.5, 0.5, "center")
        return
    (upper,), (lower,) = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.15, 1])
    grid = upper.subplots(1, len(depths), squeeze=False, sharex=True, sharey=True)[0]
    for axes, depth in zip(grid, depths, strict=True):
        _draw_words(axes, words[words["depth"] == depth], depth)
    grid[0].set_ylabel(f"{run}\nwith the graft")
    upper.supxlabel("share of continuations with the word, left alone", size=7.5)
    letter(grid[0], "a")
    pair = lower.subplots(1, len(MEASURES))
    for axes, (measure, label) in zip(pair, MEASURES.items(), strict=True):
        _draw_conditions(axes, rows[rows["measure"] == measure], depths)
        axes.set_xlabel(label)
    pair[1].tick_params(labelleft=False)
    letter(pair[0], "b")


def _draw_words(axes: Axes, words: pd.DataFrame, depth: str) -> None:
    pairs = words.pivot(index="concept", columns="condition", values="mean")
    axes.plot([0, 1], [0, 1], color=BLACK, linewidth=0.6)
    axes.plot(pairs[NONE], pairs[TARGET], "o", color=BLUE, markersize=3.5, alpha=0.6, clip_on=False)
    if depth == "early":
        axes.plot(*GRAFTS, "*", color=BLACK, markersize=7)
    for scale in (axes.set_xscale, axes.set_yscale):
        scale("function", functions=(_root, np.square))
    ticks = [0, 0.05, 0.2, 0.5, 1]
    axes.set_xticks(ticks, ["0", ".05", ".2", ".5", "1"])
    axes.set_yticks(ticks, ["0", ".05", ".2", ".5", "1"])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_title(f"{depth} sites" if depth != "all" else "all sites")


def _root(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(values, 0))


def _draw_conditions(axes: Axes, rows: pd.DataFrame, depths: list[str]) -> None:
    """A row for each condition, its depths one below the other."""
    for y, condition in enumerate(CONDITIONS):
        of = rows[(rows["condition"] == condition) & np.isfinite(rows["mean"])]
        shown = depths[:1] if condition in (NONE, NARROW) else depths  # without a graft, no depth
        for at, depth in enumerate(shown):
            for _, row in of[of["depth"] == depth].iterrows():
                interval(axes, y + 0.17 * (at - (len(shown) - 1) / 2), row, CONTROLS[condition])
    axes.set_yticks(range(len(CONDITIONS)), [CONTROLS[name].label for name in CONDITIONS])
    axes.set_ylim(len(CONDITIONS) - 0.4, -0.6)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
