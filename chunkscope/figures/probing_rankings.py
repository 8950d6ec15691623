"""Rankings compared on planted supports: what they recover, and what a probe of it can tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    Look,
    curve,
    in_order,
    interval,
    legend_handle,
    letter,
    line_handle,
    note,
    styled,
)
from chunkscope.statistics import paired_difference, summarise

LOOKS = {
    "best_subset": Look("best subset", BLACK, "*"),
    "mean_difference": Look("mean difference, F", BLUE, "o"),
    "mutual_information": Look("mutual information", GREEN, "^"),
    "l1": Look("L1 logistic", ORANGE, "D"),
    "svm": Look("linear SVM", VERMILLION, "s"),
    "adaptive": Look("adaptive thresholding", PURPLE, "v"),
    "random": Look("random", GREY, "X"),
}
"""Ranking -> its look; the order is that of the figure. On standardised units F is a rising
function of mean difference, so that they rank alike, and one mark stands for both."""
GELU, CODES, SUPPRESSOR = "gelu", "codes", "suppressor"
DENSE = "dense"
REFERENCE = "mean_difference"
PANELS = {"b": GELU, "d": CODES, "e": SUPPRESSOR}
"""Panel of F1 against size -> its data."""
BINS = 4  # of shifts
COLUMNS = ["panel", "ranking", "x", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_rankings(table: pd.DataFrame, settings: FigureSettings) -> tuple[Figure, pd.DataFrame]:
    """Recovery and F1 of every ranking on each kind of data.

    Args:
        table: of :func:`chunkscope.probing.planted.comparison.compare_rankings`.

    Returns:
        The figure, and its marks: ``panel, ranking, x, mean, ci_low, ci_high, n``.
    """
    every = table[table["ranking"] == DENSE]
    dense = {
        panel: _summary(every[every["data"] == data].assign(x=np.nan), "f1")
        for panel, data in PANELS.items()
    }
    table = table[table["ranking"].isin(LOOKS)]
    gelu = table[table["data"] == GELU]
    planted = gelu[gelu["size"] == gelu["planted"]]
    sizes = _common_sizes(gelu)
    shown = {
        "a": _summary(planted.assign(x=_bins(planted["shift"])), "recovered"),
        "b": _summary(gelu[gelu["size"].isin(sizes)].assign(x=gelu["size"]), "f1"),
        "c": _gains(planted),
        "d": _curve(table, CODES),
        "e": _curve(table, SUPPRESSOR),
        "f": _proved(table),
    }
    figure = Figure(figsize=(settings.width, 5.0), layout="constrained")
    part = figure.add_subfigure(figure.add_gridspec(1, 1)[0])
    grid = dict(zip(shown, part.subplots(2, 3).flat, strict=True))
    titles = {
        "a": ("planted units found", "shift (s.d.)"),
        "b": ("F1, GELU units", "units"),
        "c": ("over mean difference", "F1 gained"),
        "d": ("F1, shared units", "units"),
        "e": ("F1, suppressor pair", "units"),
        "f": ("best subset proved", "units"),
    }
    for panel, axes in grid.items():
        title, axis = titles[panel]
        axes.set_title(title)
        axes.set_xlabel(axis)
        (_draw_gains if panel == "c" else _draw_lines)(axes, shown[panel])
        letter(axes, panel)
    for panel in "af":
        grid[panel].set_ylabel("share")
    for panel in "abdef":
        grid[panel].set_xscale("log", base=2)
        grid[panel].set_ylim(-0.03, 1.05)
    for panel, rows in dense.items():
        grid[panel].axhline(rows["mean"].item(), color=BLACK, linestyle=":", linewidth=0.9)
    for panel in "bdef":
        ticks = sorted(set(shown[panel]["x"]))
        grid[panel].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        grid[panel].minorticks_off()
    ticks = sorted(set(shown["a"]["x"]))
    grid["a"].set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
    grid["a"].minorticks_off()
    part.legend(
        handles=[
            *(legend_handle(LOOKS[name]) for name in in_order(LOOKS, table["ranking"])),
            line_handle("all units", ":"),
        ],
        loc="outside lower center",
        ncols=4,
    )
    draws = table.groupby("data")["draw"].nunique()
    note(
        figure,
        f"Means with 95 % intervals over {draws[GELU]} data sets (a-c) and {draws[CODES]} (d, e); "
        "F1 on rows that were not fitted. a, c: as many units as were planted; a: share of them, "
        "by quarters of the shifts. f: share of all data sets in which the search proved its "
        "answer within its limit.",
    )
    marks = [*shown.items(), *dense.items()]
    data = pd.concat([rows.assign(panel=panel) for panel, rows in marks])
    return figure, data[COLUMNS]


def _common_sizes(table: pd.DataFrame) -> list[int]:
    """The sizes that were asked of every draw."""
    draws = table.groupby("size")["draw"].nunique()
    return sorted(draws.index[draws == draws.max()])


def _bins(shift: pd.Series) -> pd.Series:
    """Each shift's place: the geometric middle of its quarter of the draws."""
    groups = pd.qcut(shift.rank(method="dense"), BINS, labels=False, duplicates="drop")
    return np.exp(np.log(shift).groupby(groups).transform("mean"))


def _summary(table: pd.DataFrame, value: str) -> pd.DataFrame:
    return summarise(table, ["ranking", "x"], value)


def _curve(table: pd.DataFrame, data: str) -> pd.DataFrame:
    rows = table[table["data"] == data]
    return _summary(rows.assign(x=rows["size"]), "f1")


def _proved(table: pd.DataFrame) -> pd.DataFrame:
    """How often the best subset was proved, at every size that all data was asked."""
    rows = table[table["ranking"] == "best_subset"]
    rows = rows[rows["size"].isin(_common_sizes(rows.assign(draw=rows.groupby("size").cumcount())))]
    return _summary(
        rows.assign(x=rows["size"], proved=(rows["status"] == "optimal") * 1.0), "proved"
    )


def _gains(table: pd.DataFrame) -> pd.DataFrame:
    """Paired differences of F1 to the reference, at the planted size."""
    wide = table.pivot(index="draw", columns="ranking", values="f1")
    rows = []
    for ranking in in_order(LOOKS, wide.columns):
        if ranking not in (REFERENCE, "random"):
            gain = paired_difference(wide[ranking], wide[REFERENCE])
            rows.append((ranking, 0.0, gain.mean, gain.low, gain.high, gain.n))
    return pd.DataFrame(rows, columns=["ranking", "x", "mean", "ci_low", "ci_high", "n"])


def _draw_lines(axes: Axes, table: pd.DataFrame) -> None:
    rankings = in_order(LOOKS, table["ranking"])
    for at, ranking in enumerate(rankings):
        rows, look = table[table["ranking"] == ranking].sort_values("x"), LOOKS[ranking]
        spread = 2 ** (0.05 * (at - (len(rankings) - 1) / 2))  # side by side on a log axis
        curve(axes, rows["x"] * spread, rows, look)


def _draw_gains(axes: Axes, table: pd.DataFrame) -> None:
    for y, (_, row) in enumerate(table.iterrows()):
        interval(axes, y, row, LOOKS[row["ranking"]])
    axes.axvline(0, color=BLACK, linestyle="--", linewidth=0.9)
    axes.set_yticks(range(len(table)), [LOOKS[name].label for name in table["ranking"]])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.tick_params(left=False)
