"""Which detectors find words in activity: by site, and before and after the word."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.chunks.concepts.claims import LATENTS
from chunkscope.chunks.concepts.summary import ALL_SITES
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SMALL,
    VERMILLION,
    Look,
    in_order,
    legend_handle,
    letter,
    not_estimable,
    note,
    span_of,
    styled,
)

ROW_HEIGHT = 1.75  # inches a run
METHODS = {
    "averaging": Look("population averaging", BLUE, "o"),
    "latent": Look("SAE latent, strongest", VERMILLION, "s"),
    "selected latent": Look("SAE latent, selected with all labels", PURPLE, "D"),
    "probe": Look("probe, same examples", GREEN, "^"),
    "untrained": Look("averaging, untrained network", ORANGE, "v"),
    "look-up": Look("present symbol alone", BLACK, "_"),
    "random occurrences": Look("averaging, random occurrences", GREY, "X"),
}
"""Method -> its look."""
PUBLISHED = {"averaging by accuracy": "averaging", "latent by accuracy": "latent"}
"""The two methods of the published comparison, and whose look they have."""


@styled
def draw_concepts(
    summaries: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """True and false positive rates by site, and balanced accuracy by offset, for words.

    Args:
        summaries: run -> ``site, offset, method, kind, measure, mean, ci_low, ci_high, n, seeds``.

    Returns:
        The figure, and ``run, panel, site, offset, method, measure, mean, ci_low, ci_high, n``
        (words).
    """
    marks = [_marks(table).assign(run=run) for run, table in summaries.items()]
    data = pd.concat(marks, ignore_index=True)
    height = ROW_HEIGHT * len(summaries) + 1.15
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    grid = figure.subplots(len(summaries), 3, squeeze=False)
    for run, row in zip(summaries, grid, strict=True):
        rows = data[data["run"] == run]
        _draw_rates(row[0], rows[rows["panel"] == "a"])
        _draw_rates(row[1], rows[rows["panel"] == "b"])
        _draw_offsets(row[2], rows[rows["panel"] == "c"])
        row[0].set_ylabel(f"{run}\n\N{MINUS SIGN}FPR            TPR")
    _draw_published(grid[0][0])
    for axes, title in zip(grid[0], TITLES, strict=True):
        axes.set_title(title)
    for axes, name in zip(grid[0], "abc", strict=True):
        letter(axes, name)
    handles = [legend_handle(METHODS[name]) for name in in_order(METHODS, data["method"])]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    seeds = pd.concat(list(summaries.values()))["seeds"]
    note(
        figure,
        f"Words of several symbols: n = {span_of(data['n'])} of them, each the mean over "
        f"{span_of(seeds)} networks; bars: 95 % intervals over words. a, b: at the word's last "
        "symbol. c: mean over sites; below 0 the word is still to come. Site in: the embedding. "
        "Grey band: published SAE latents (three words in Llama-3-8B, set by accuracy).",
    )
    return figure, data


BOUNDS = ("mean", "ci_low", "ci_high")
TITLES = ("set by accuracy, as published", "set by balanced accuracy", "by offset")


def _marks(summary: pd.DataFrame) -> pd.DataFrame:
    """What is drawn of one run."""
    words = summary[summary["kind"] == "word"]
    here = words[(words["offset"] == 0) & words["measure"].isin(("tpr", "fpr"))]
    here = here[here["site"] != ALL_SITES]
    accurate = here[here["method"].isin(PUBLISHED)]
    balanced = here[here["method"].isin(METHODS)]
    offsets = words[(words["measure"] == "balanced_accuracy") & words["method"].isin(METHODS)]
    parts = [
        accurate.assign(panel="a", method=accurate["method"].map(PUBLISHED)),
        balanced.assign(panel="b"),
        offsets[offsets["site"] == ALL_SITES].assign(panel="c"),
    ]
    columns = ["panel", "site", "offset", "method", "measure", "mean", "ci_low", "ci_high", "n"]
    return pd.concat(parts, ignore_index=True)[columns]


def _draw_rates(axes: Axes, rows: pd.DataFrame) -> None:
    """True positive rates upwards and false positive rates downwards, by site."""
    if rows.empty:
        not_estimable(axes, 0.5, 0.3, "center")
    sites = list(dict.fromkeys(rows["site"]))
    for measure, sign in (("tpr", 1), ("fpr", -1)):
        of = rows[rows["measure"] == measure]
        lines = of.assign(x=of["site"].map(sites.index), **{c: sign * of[c] for c in BOUNDS})
        _draw_lines(axes, lines)
    axes.axhline(0, color=BLACK, linewidth=0.6)
    axes.set_ylim(-0.62, 1.06)
    axes.set_yticks([-0.5, 0, 0.5, 1], [".5", "0", ".5", "1"])
    axes.set_xticks(range(len(sites)), list(map(short_name, sites)))
    axes.set_xlim(-0.5, max(len(sites), 1.5) - 0.5)
    axes.set_xlabel("site")


def _draw_offsets(axes: Axes, rows: pd.DataFrame) -> None:
    _draw_lines(axes, rows.assign(x=rows["offset"]))
    axes.axhline(0.5, color=BLACK, linestyle="--", linewidth=0.8)
    axes.axhline(1, color=BLACK, linestyle=":", linewidth=0.8)
    axes.set_ylim(0.42, 1.04)
    axes.set_xticks(sorted(rows["offset"].unique()))
    axes.set_xlabel("steps after the word's end")
    axes.set_ylabel("balanced accuracy")


def _draw_lines(axes: Axes, rows: pd.DataFrame) -> None:
    """A line with intervals for each method, spread sideways so that none hides another."""
    methods = in_order(METHODS, rows["method"])
    for at, name in enumerate(methods):
        of, look = rows[rows["method"] == name], METHODS[name]
        x = of["x"] + 0.07 * (at - (len(methods) - 1) / 2)
        axes.plot(x, of["mean"], look.marker, color=look.color, markersize=3.5)
        axes.plot(x, of["mean"], color=look.color, linewidth=0.6, alpha=0.6)
        axes.vlines(x, of["ci_low"], of["ci_high"], color=look.color, linewidth=0.9)


def _draw_published(axes: Axes) -> None:
    """The range of the published rates of three latents."""
    low, high = min(LATENTS.values()), max(LATENTS.values())
    axes.axhspan(low, high, color=PALE, zorder=0, linewidth=0)
    where = axes.get_yaxis_transform()
    axes.text(0.99, low, "published latents", size=SMALL, ha="right", va="top", transform=where)


def short_name(site: str) -> str:
    """``blocks.3.hook_resid_post`` as ``3``, other sites without what all share."""
    for part in ("blocks.", "layers.", ".hook_resid_post", "hook_"):
        site = site.replace(part, "")
    return "in" if site == "embed" else site
