"""Context dependence: the published counts with their controls, and the parent word asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.experiments.context.claims import PUBLISHED
from chunkscope.experiments.context.names import (
    ALL,
    DICTIONARY,
    IDEAL,
    LAST,
    MATCHED,
    NOISY,
    SHUFFLED,
    STRINGS,
    SYMBOLS,
    TRAINED,
    UNTRAINED,
    VECTOR,
    WINDOWS,
)
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
    in_order,
    interval,
    legend_handle,
    letter,
    line_handle,
    not_estimable,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

LOOKS = {
    UNTRAINED: Look("untrained", ORANGE, "s"),
    TRAINED: Look("trained", BLUE, "o"),
    SHUFFLED: Look("trained on shuffled symbols", GREEN, "^"),
    MATCHED: Look("untrained, trained memory", VERMILLION, "D"),
    WINDOWS: Look("last 3 symbols", PURPLE, "v"),
    SYMBOLS: Look("raw symbols", SKY, "P"),
}
"""Condition -> its look; the order is that of the figure."""
NETWORKS = (UNTRAINED, TRAINED, SHUFFLED, MATCHED)
COUNTS = {
    "states": "states",
    "vocabulary": "vocabulary",
    "vocabulary_used": "vocabulary, count > 5",
    "parse_length": "parse length",
    "entropy": "entropy of states (bits)",
    "completeness": "completeness of states",
    "boundary_f1": "boundary F1",
    "loss": "loss (bits)",
}
CURVES = {
    "states": "states",
    "parse_length": "parse length",
    "entropy": "entropy (bits)",
    "context": "parent (bits)",
}
READINGS = {
    VECTOR: "linear read-out",
    NOISY: "linear read-out, with noise",
    STRINGS: "strings of levels",
    DICTIONARY: "HDBSCAN states",
}
REFERENCES: dict[str, Literal["--", "-.", ":"]] = {
    LAST.format(1): "--",
    LAST.format(2): "-.",
    IDEAL: ":",
}
HEADLINES = {
    ("", "states"): "states",
    ("", "completeness"): "completeness of states",
    (NOISY, "accuracy"): "parent, with noise (accuracy)",
}
ERROR = 1.96  # standard errors of a 95 % interval
COLUMNS = ["panel", "network", "condition", "reading", "symbol", "position", "measure", "step"]
COLUMNS += ["mean", "ci_low", "ci_high", "n", "floor", "ceiling"]


@dataclass(frozen=True)
class ContextTables:
    """The tables of one network: ``measures.csv``, ``training.csv`` and ``summary.csv``."""

    measures: pd.DataFrame
    training: pd.DataFrame
    summary: pd.DataFrame


@styled
def draw_context(
    tables: Mapping[str, ContextTables], published: str | None, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Counts, direct measure and training of one network, and the headline numbers of all.

    Args:
        tables: network -> its tables.
        published: the network that repeats the paper's, which is drawn beside the published
            values; if None, the first is drawn without them.

    Returns:
        The figure, and its marks: ``panel, network, condition, reading, symbol, position, measure,
        step, mean, ci_low, ci_high, n, floor, ceiling``.
    """
    name = published or next(iter(tables))
    shown = tables[name]
    summary = shown.summary.fillna({"reading": "", "symbol": "", "position": ""})
    counts = summary[(summary["reading"] == "") & summary["measure"].isin(COUNTS)]
    places = summary[
        (summary["measure"] == "accuracy")
        & (summary["symbol"] != ALL)
        & (summary["position"] != ALL)
        & summary["reading"].isin([*READINGS, *REFERENCES])
    ]
    curves = summarise(shown.training, ["condition", "step", "measure"])
    curves = curves[curves["measure"].isin(CURVES)]
    heads = pd.concat([_headlines(network, own.summary) for network, own in tables.items()])

    heights = [3.3, 2.9, 1.7, 0.75 + 0.34 * len(tables)]
    figure = Figure(figsize=(settings.width, sum(heights) + 0.5), layout="constrained")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights)
    assert isinstance(parts, np.ndarray)
    _draw_counts(parts[0], counts, shown.measures, published is not None)
    _draw_places(parts[1], places)
    _draw_curves(parts[2], curves, published is not None)
    _draw_networks(parts[3], heads, list(tables))
    for part, text in zip(parts, "abcd", strict=True):
        letter(part.axes[0], text)
    note(
        figure,
        f"a-c: {name}, n = {span_of(counts['n'].max())}. Marks: means, bars: 95 % intervals over "
        "networks; small dots: networks; stars: published, with 1.96 s.e.m. a: dotted, truth or "
        "ideal observer; dashed, a boundary at every step. Trained memory: recurrent weights "
        "scaled to the trained spectral radius. b: a shared symbol by its place in the word; test "
        "sequences. c: bands, 95 % intervals; parent, by the linear read-out with noise.",
    )
    data = pd.concat(
        [
            counts.assign(panel="a", network=name),
            places.assign(panel="b", network=name),
            curves.assign(panel="c", network=name),
            heads.assign(panel="d"),
        ]
    )
    return figure, data.reindex(columns=COLUMNS)


def _headlines(network: str, summary: pd.DataFrame) -> pd.DataFrame:
    """The rows of a summary that every network is shown by."""
    table = summary.fillna({"reading": "", "symbol": "", "position": ""})
    overall = table["symbol"].isin(["", ALL]) & table["position"].isin(["", ALL])
    asked = pd.MultiIndex.from_frame(table[["reading", "measure"]]).isin(list(HEADLINES))
    return table[overall & asked & table["condition"].isin(NETWORKS)].assign(network=network)


def _draw_counts(
    part: Figure, counts: pd.DataFrame, measures: pd.DataFrame, published: bool
) -> None:
    """One panel per count, one row per condition, a dot per network."""
    conditions = in_order(LOOKS, counts["condition"])
    grid = part.subplots(2, -(-len(COUNTS) // 2), sharey=True)
    for axes, (measure, title) in zip(grid.flat, COUNTS.items(), strict=True):
        rows = counts[counts["measure"] == measure]
        seeds = measures[measures["measure"] == measure]
        for y, condition in enumerate(conditions):
            own, look = seeds.loc[seeds["condition"] == condition, "value"], LOOKS[condition]
            axes.plot(own, [y + 0.27] * len(own), ".", color=look.color, markersize=2)
            for _, row in rows[rows["condition"] == condition].iterrows():
                interval(axes, y, row, look)
        if published:
            _draw_published(axes, measure, conditions)
        _draw_bounds(axes, rows)
        axes.set_yticks(range(len(conditions)), [LOOKS[c].label for c in conditions])
        axes.set_ylim(len(conditions) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel(title)
        axes.tick_params(left=False)


def _draw_published(axes: Axes, measure: str, conditions: Sequence[str]) -> None:
    """The authors' means, with intervals, above the rows that they belong to."""
    for condition, (mean, error) in PUBLISHED.get(measure, {}).items():
        y = conditions.index(condition) - 0.27
        axes.hlines(y, mean - ERROR * error, mean + ERROR * error, color=BLACK, linewidth=0.8)
        axes.plot([mean], [y], "*", color=BLACK, markersize=6)


def _draw_bounds(axes: Axes, rows: pd.DataFrame) -> None:
    """The truth, where there is one, and the floor."""
    for column, style in (("ceiling", ":"), ("floor", "--")):
        bound = rows[column].max()
        if np.isfinite(bound):
            axes.axvline(bound, color=BLACK, linestyle=style, linewidth=0.9)


def _draw_places(part: Figure, table: pd.DataFrame) -> None:
    """Accuracy of the parent at every place of a shared symbol, one panel per reading."""
    places = sorted(set(zip(table["symbol"], table["position"].astype(int), strict=True)))
    at = {place: x for x, place in enumerate(places)}
    table = table.assign(
        x=[at[s, int(p)] for s, p in zip(table["symbol"], table["position"], strict=True)]
    )
    grid = part.subplots(2, 2, sharex=True, sharey=True)
    for axes, (reading, title) in zip(grid.flat, READINGS.items(), strict=True):
        for reference, style in REFERENCES.items():
            for _, row in table[table["reading"] == reference].iterrows():
                span = row["x"] - 0.42, row["x"] + 0.42
                axes.hlines(row["mean"], *span, color=GREY, linestyle=style, linewidth=0.9)
        own = table[table["reading"] == reading]
        for shift, condition in enumerate(NETWORKS):
            for _, row in own[own["condition"] == condition].iterrows():
                x = row["x"] + 0.2 * (shift - 1.5)
                interval(axes, x, row, LOOKS[condition], vertical=True)
        if own["mean"].isna().all():
            not_estimable(axes, 0, 0.5)
        axes.set_title(title)
        axes.set_xticks(range(len(places)), [f"{s}{position + 1}" for s, position in places])
        axes.set_ylim(-0.05, 1.08)
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy of parent")
    handles = [legend_handle(LOOKS[c]) for c in in_order(NETWORKS, table["condition"])]
    names = {LAST.format(1): "last symbol", LAST.format(2): "last 2", IDEAL: "ideal observer"}
    handles += [
        Line2D([], [], color=GREY, linestyle=style, linewidth=0.9, label=names[reference])
        for reference, style in REFERENCES.items()
    ]
    part.legend(handles=handles, loc="outside lower center", ncols=4)


def _draw_curves(part: Figure, curves: pd.DataFrame, published: bool) -> None:
    """Counts and context through training, beside training on shuffled symbols."""
    grid = part.subplots(1, len(CURVES))
    for axes, (measure, title) in zip(grid, CURVES.items(), strict=True):
        for condition in (TRAINED, SHUFFLED):
            look = LOOKS[condition]
            rows = curves[(curves["measure"] == measure) & (curves["condition"] == condition)]
            rows = rows.sort_values("step")
            axes.fill_between(
                rows["step"], rows["ci_low"], rows["ci_high"], color=look.color, alpha=0.25, lw=0
            )
            axes.plot(rows["step"], rows["mean"], color=look.color, marker=look.marker, ms=3)
        if published and measure in PUBLISHED:
            ends = (curves["step"].min(), curves["step"].max())
            for step, condition in zip(ends, (UNTRAINED, TRAINED), strict=True):
                mean, error = PUBLISHED[measure][condition]
                axes.errorbar(step, mean, ERROR * error, fmt="*", color=BLACK, elinewidth=0.8)
        axes.set_xlabel("training step")
        axes.set_ylabel(title)
        axes.set_ylim(bottom=0)


def _draw_networks(part: Figure, heads: pd.DataFrame, networks: Sequence[str]) -> None:
    """The headline numbers of every network."""
    grid = part.subplots(1, len(HEADLINES), sharey=True)
    for axes, ((reading, measure), title) in zip(grid, HEADLINES.items(), strict=True):
        table = heads[(heads["reading"] == reading) & (heads["measure"] == measure)]
        for y, network in enumerate(networks):
            rows = table[table["network"] == network]
            for shift, condition in enumerate(in_order(NETWORKS, rows["condition"])):
                for _, row in rows[rows["condition"] == condition].iterrows():
                    interval(axes, y + 0.2 * (shift - 1.5), row, LOOKS[condition])
            if reading:
                axes.vlines(rows["ceiling"].max(), y - 0.45, y + 0.45, color=BLACK, linestyle=":")
        axes.set_yticks(range(len(networks)), networks)
        axes.set_ylim(len(networks) - 0.5, -0.5)
        axes.set_xlabel(title)
    grid[0].set_xlim(left=0)
    grid[1].set_xlim(0, 1.03)
    grid[2].set_xlim(0.3, 1.03)
    handles = [legend_handle(LOOKS[c]) for c in in_order(NETWORKS, heads["condition"])]
    part.legend(
        handles=[*handles, line_handle("ideal observer", ":")], loc="outside lower center", ncols=5
    )
