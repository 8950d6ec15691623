"""How well a decoder's draws stand for preimages that are known, at every site of every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from chunkscope.figures.inversion_places import NAMES, frame_sites, place_sites
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
    not_estimable,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import ratio_interval, summarise

DRAWN = {
    "valid": Look("valid inputs", GREEN, "^"),
    "inside": Look("in the ball (precision)", BLUE, "o"),
    "wrong": Look("in the ball, drawn for other queries", VERMILLION, "X"),
    "mass": Look("probability of the ball", BLACK, "_"),
}
"""Share of the raw draws -> its look; what stands beside it."""
COVERED = {
    "ideal": Look("draws from the ball itself", BLACK, "_"),
    "coverage": Look("decoder", BLUE, "o"),
    "untold": Look("decoder, told nothing", PURPLE, "v"),
    "search": Look("random inputs", ORANGE, "s"),
}
"""Where as many inputs come from -> its look."""
RELATIVE = ("coverage", "untold", "search")
"""What is shown relative to draws from the ball itself."""
RUN_COLORS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, GREY, BLACK)
RUN_MARKERS = "os^DvPXd"
PAIRS = {"seen": "computed", "good_turing": "missing"}
"""What raw draws show -> what the decoder's probabilities say of it."""
WAYS = ("inside", "seen")
CHECKS = (
    ("coverage", "seen"),
    ("probability not drawn", "by Good and Turing"),
    ("in the ball", "share of draws"),
    ("coverage", "seen"),
)
"""Titles and vertical axes of the panels of :data:`PAIRS` and :data:`WAYS`."""
COLUMNS = [
    "panel", "run", "point", "site", "query", "temperature", "noise", "measure", "draws",
    "expected", "mean", "ci_low", "ci_high", "n",
]  # fmt: skip


@styled
def draw_decoder(
    quality: Mapping[str, pd.DataFrame], samples: int, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Shares of draws and coverage by site; what was computed against what was seen; temperatures.

    Args:
        quality: run -> its ``quality.csv``; its first row is of the way of drawing that is scored.
        samples: draws of every query, site and way.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``n`` counts queries, and ``expected`` is what
        the decoder's probabilities say of the mark.
    """
    if not any(len(table) for table in quality.values()):
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    scored = {run: _scored(table) for run, table in quality.items()}
    parts = {
        "draws": _over_sites(scored, list(DRAWN)),
        "coverage": _coverage(scored),
        "relative": _relative(scored),
        "pairs": _pairs(scored),
        "ways": _ways(quality),
    }
    figure = Figure(figsize=(settings.width, 8.6), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[3.1, 1], squeeze=False)[:, 0]
    _draw_sites(upper, scored, parts)
    _draw_checks(
        lower, [run for run in quality if len(quality[run])], parts["pairs"], parts["ways"]
    )
    data = pd.concat([part.assign(panel=panel) for panel, part in parts.items()])
    n = span_of(parts["draws"]["n"])
    note(
        figure,
        f"One network of each run; {samples} raw draws for each of n = {n} queries that the "
        "decoder was not told in training, bars: 95 % interval over queries. b: 100, 1,000 and "
        "10,000 draws from left to right, computed from exact probabilities; c: the same over that "
        "of draws from the ball. In grey: sites where draws are not trusted, by other queries. "
        "d, e: a mark for each query and site. f, g: mean over sites. "
        f"Balls of fewer than 30 draws of sampled inputs are left out. {NAMES}.",
    )
    return figure, data.reset_index(drop=True).reindex(columns=COLUMNS)


def _scored(quality: pd.DataFrame) -> pd.DataFrame:
    """The rows of the way of drawing that is scored in full."""
    way = ["temperature", "noise"]
    return quality[(quality[way] == quality[way].head(1).squeeze()).all(axis=1)]


def _over_sites(scored: Mapping[str, pd.DataFrame], measures: list[str]) -> pd.DataFrame:
    """Means of measures over the queries of each site."""
    by = ["run", "point", "site"]
    long = _joined(scored).melt(by, measures, "measure").astype({"value": float})
    return summarise(long, [*by, "measure"])


def _coverage(scored: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    columns = next(iter(scored.values())).columns
    names = [name for name in columns if name.rpartition("_")[0] in COVERED]
    table = _over_sites(scored, names)
    parts = table["measure"].str.rpartition("_")
    return table.assign(measure=parts[0], draws=parts[2].astype(int))


def _relative(scored: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean coverage over mean coverage by as many draws from the ball itself."""
    rows = []
    for (run, point, site), part in _joined(scored).groupby(["run", "point", "site"], sort=False):
        for ideal in (name for name in part if str(name).startswith("ideal_")):
            draws = int(str(ideal).removeprefix("ideal_"))
            for measure in RELATIVE:
                value = ratio_interval(part[f"{measure}_{draws}"], part[ideal])
                rows.append(
                    (run, point, site, measure, draws, value.mean, value.low, value.high, value.n)
                )
    return pd.DataFrame(
        rows,
        columns=["run", "point", "site", "measure", "draws", "mean", "ci_low", "ci_high", "n"],
    )


def _pairs(scored: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row for each query, site and pair of :data:`PAIRS`."""
    table = _joined(scored)
    by = ["run", "point", "site", "query"]
    parts = [
        table[by].assign(measure=seen, mean=table[seen], expected=table[computed])
        for seen, computed in PAIRS.items()
    ]
    return pd.concat(parts).dropna(subset=["mean", "expected"])


def _ways(quality: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Means over the sites of every query, then over queries, one that was drawn twice as two."""
    by, table = ["run", "temperature", "noise"], _joined(quality)
    drawn = table.groupby([*by, "point", "site"]).cumcount()
    of_query = table.assign(drawn=drawn).groupby([*by, "drawn"], sort=False)[list(WAYS)].mean()
    return summarise(of_query.reset_index().melt(by, WAYS, "measure"), [*by, "measure"])


def _joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table.assign(run=run) for run, table in tables.items() if len(table)])


def _draw_sites(
    part: SubFigure, scored: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame]
) -> None:
    panels = part.subplots(3, 1)
    places = place_sites(scored)
    for axes in panels:
        _share_axis(axes)
    for at, row in _placed(tables["draws"], places):
        interval(panels[0], at, row, DRAWN[row["measure"]], vertical=True)
    for axes, name in zip(panels[1:], ("coverage", "relative"), strict=True):
        _draw_coverage(axes, tables[name].merge(places, on=["run", "point", "site"]))
    names = (
        "share of draws",
        "share of the ball that\nis drawn (coverage)",
        "coverage over that of\nthe ball's own draws",
    )
    for axes, name, label in zip(panels, "abc", names, strict=True):
        axes.set_ylabel(label)
        axes.set_title(f"$\\bf{{{name}}}$", pad=16 if name == "a" else 4)
    frame_sites(panels, places)
    _grey_untrusted(panels[-1], scored, places)
    for axes, looks, pad in ((panels[0], DRAWN, 1.8), (panels[1], COVERED, 0.3)):
        handles = [legend_handle(look) for look in looks.values()]
        axes.legend(
            handles=handles, ncols=4, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=pad
        )


def _grey_untrusted(axes: Axes, scored: Mapping[str, pd.DataFrame], places: pd.DataFrame) -> None:
    trusted = _joined(scored).groupby(["run", "point", "site"])["trusted"].first()
    names = zip(places["run"], places["point"], places["site"], strict=True)
    for name, label in zip(names, axes.get_xticklabels(), strict=True):
        if name in trusted.index and not trusted[name]:
            label.set_color(GREY)


def _share_axis(axes: Axes) -> None:
    axes.set_ylim(0, 1.03)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])


def _draw_coverage(axes: Axes, coverage: pd.DataFrame) -> None:
    """Curves of a few marks at every site, the fewest draws on the left."""
    sizes = sorted(coverage["draws"].unique())
    spread = np.linspace(-0.28, 0.28, len(sizes))
    for (_, name), rows in coverage.groupby(["at", "measure"], sort=False):
        ordered = rows.sort_values("draws")
        curve(axes, ordered["at"] + spread, ordered, COVERED[str(name)])


def _placed(table: pd.DataFrame, places: pd.DataFrame) -> Iterator[tuple[float, pd.Series]]:
    """Rows, and where they stand."""
    rows = table.merge(places, on=["run", "point", "site"])
    for at, (_, row) in zip(rows["at"], rows.iterrows(), strict=True):
        yield at, row


def _draw_checks(part: SubFigure, runs: list[str], pairs: pd.DataFrame, ways: pd.DataFrame) -> None:
    grid = part.subplots(1, 4)
    looks = {
        run: Look(run, RUN_COLORS[at % len(RUN_COLORS)], RUN_MARKERS[at % len(RUN_MARKERS)])
        for at, run in enumerate(runs)
    }
    for axes, measure in zip(grid, PAIRS, strict=False):
        _draw_pairs(axes, pairs[pairs["measure"] == measure], looks)
    for axes, measure in zip(grid[len(PAIRS) :], WAYS, strict=True):
        _draw_ways(axes, ways[ways["measure"] == measure], looks)
    for axes, name, (title, label) in zip(grid, "defg", CHECKS, strict=True):
        axes.set_title(title)
        axes.set_ylabel(label)
        letter(axes, name)
    handles = [legend_handle(look) for look in looks.values()]
    part.legend(handles=handles, loc="outside upper right", ncols=4)


def _draw_pairs(axes: Axes, pairs: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    for run, rows in pairs.groupby("run", sort=False):
        look = looks[str(run)]
        axes.plot(
            rows["expected"], rows["mean"].clip(upper=1), look.marker, color=look.color,
            markersize=2.2, markeredgewidth=0, alpha=0.5, linestyle="", rasterized=True,
        )  # fmt: skip
    axes.plot([0, 1], [0, 1], color=BLACK, linewidth=0.7, linestyle=":")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal", xlabel="computed")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.5, 1], ["0", ".5", "1"])


def _draw_ways(axes: Axes, ways: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    names = sorted(set(zip(ways["temperature"], ways["noise"], strict=True)))
    order = {name: at for at, name in enumerate(names)}
    for at, (run, rows) in enumerate(ways.groupby("run", sort=False)):
        placed = rows.sort_values(["temperature", "noise"])
        keys = zip(placed["temperature"], placed["noise"], strict=True)
        shift = 0.06 * (at - (len(looks) - 1) / 2)
        curve(axes, [order[key] + shift for key in keys], placed, looks[str(run)])
    labels = [f"{t:g}" + (f"\n+{noise:g}" if noise else "") for t, noise in order]
    axes.set_xticks(range(len(order)), labels)
    axes.set_xlabel("temperature (+ noise)")
    _share_axis(axes)
