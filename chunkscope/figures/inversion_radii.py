"""What members of balls share against the size of the balls, at every site of every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from chunkscope.figures.inversion_members import over_members
from chunkscope.figures.inversion_places import NAMES, short_site
from chunkscope.figures.inversion_runs import run_parts, side_by_side
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    SMALL,
    VERMILLION,
    Look,
    interval,
    legend_handle,
    line_handle,
    not_estimable,
    note,
    span_of,
    styled,
)
from chunkscope.inversion.radii import FIXED, FUNCTIONAL
from chunkscope.inversion.reading import TRAINED, UNTRAINED

FEATURES = (
    ("count", "letter", "length"),
    ("carry2", "pair2", "pair1"),
    ("causal", "last", "last 3 symbols"),
)
"""What is shown of counting, of addition and of a grammar: the first whose first one is there, or
the last."""
LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"))
LINES: dict[str, tuple[Literal["-", "--"], str | None]] = {
    TRAINED: ("-", None),
    UNTRAINED: ("--", "white"),
}
"""Condition -> its line, and what its marks are filled with if not with their colour."""
SPREAD = 1.12  # between functional radii that are the same for all features
TIGHT = {"handlelength": 0.8, "handletextpad": 0.4, "borderpad": 0.2}
PER_ROW, FEW = 8, 5
PANEL = 1.25  # inches, height of a row of panels
BY = ["condition", "point", "site", "feature", "radius_kind", "level"]
COLUMNS = ["run", *BY, "radius", "prior", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_radii(
    tables: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A panel for each site of each run: the share with the query's value against the radius.

    Args:
        tables: run -> its ``retention.csv`` of all points, in one metric.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``n`` counts members in which the share can be
        estimated, and ``radius`` is the mean over them.
    """
    shown = {run: _marks(table) for run, table in tables.items()}
    widths = {run: _width(marks) for run, marks in shown.items()}
    bands = side_by_side(widths, PER_ROW)
    heights = [PANEL * max(_rows(shown[run]) for run in band) + 0.45 for band in bands]
    figure = Figure(figsize=(settings.width, sum(heights) + 0.8), layout="constrained")
    if not shown:
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    for run, part in run_parts(figure, bands, widths, heights, PER_ROW):
        _draw_run(part, shown[run])
    data = pd.concat([marks.assign(run=run) for run, marks in shown.items()], ignore_index=True)
    _legend(figure)
    members = span_of(data.loc[data["n"] > 0, "n"])
    note(
        figure,
        f"Mean over n = {members} networks in which at least half of the balls hold something; "
        "95 % intervals over them (of the untrained: in the table). Chance: how often inputs at "
        "large have the value of the queries whose balls hold any. Radius: distance over the "
        f"length of the query's activity. {NAMES}.",
    )
    return figure, data[COLUMNS]


def _marks(table: pd.DataFrame) -> pd.DataFrame:
    """The marks of one run."""
    chosen = table["radius_kind"].isin([FIXED, FUNCTIONAL]) & table["feature"].isin(_shown(table))
    rows = table[chosen]
    shares = over_members(rows, BY, "same")
    priors, radii = (over_members(rows, BY, column) for column in ("prior", "radius"))
    return shares.assign(radius=radii["mean"], prior=priors["mean"])


def _shown(table: pd.DataFrame) -> Sequence[str]:
    """Features that are shown of a run."""
    there = set(table["feature"])
    return next((names for names in FEATURES if names[0] in there), FEATURES[-1])


def _sites(marks: pd.DataFrame) -> list[tuple[str, str]]:
    """Point and site of each panel."""
    return list(marks[["point", "site"]].drop_duplicates().itertuples(index=False, name=None))


def _width(marks: pd.DataFrame) -> int:
    """Panels of a run side by side, where they are few with room for a legend beside them."""
    sites = len(_sites(marks))
    return min(sites + (sites < FEW), PER_ROW)


def _rows(marks: pd.DataFrame) -> int:
    """Rows of panels of a run."""
    return max(1, -(-len(_sites(marks)) // PER_ROW))


def _looks(marks: pd.DataFrame) -> dict[str, Look]:
    """Feature -> its look."""
    names = [name for name in _shown(marks) if name in set(marks["feature"])]
    return {name: Look(name, *look) for name, look in zip(names, LOOKS, strict=False)}


def _draw_run(part: SubFigure, marks: pd.DataFrame) -> None:
    sites, looks = _sites(marks), _looks(marks)
    grid = part.subplots(
        _rows(marks), _width(marks), squeeze=False, sharex=True, sharey=True
    ).ravel()
    for at, (axes, (point, site)) in enumerate(zip(grid, sites, strict=False)):
        rows = marks[(marks["point"] == point) & (marks["site"] == site)]
        for turn, (feature, look) in enumerate(looks.items()):
            _draw_feature(axes, rows[rows["feature"] == feature], look, SPREAD ** (turn - 1))
        axes.set_title(f"{short_site(site)}\nat {point}", size=SMALL)
        _radius_axis(axes, at + _width(marks) >= len(sites))
    for axes in grid[:: _width(marks)]:
        axes.set_ylabel("share")
    for axes in grid[len(sites) :]:
        axes.set_axis_off()
    if not sites:
        not_estimable(grid[0], 0, 0.5)
    handles = [legend_handle(look) for look in looks.values()]
    if len(sites) < len(grid):
        legend = grid[-1].legend(handles=handles, loc="center left", **TIGHT)
        for text in legend.get_texts():
            text.set_text(text.get_text().replace(" symbols", "\nsymbols"))
    else:
        part.legend(handles=handles, loc="upper right", ncols=len(handles), **TIGHT)


def _draw_feature(axes: Axes, rows: pd.DataFrame, look: Look, aside: float) -> None:
    """Lines of both conditions, chance, and the functional radius, drawn ``aside`` times it."""
    fixed = rows[rows["radius_kind"] == FIXED].sort_values("level")
    for condition, (line, inside) in LINES.items():
        of = fixed[fixed["condition"] == condition]
        axes.plot(
            of["level"], of["mean"], line, color=look.color, marker=look.marker, markersize=2.5,
            markerfacecolor=inside or look.color, markeredgewidth=0.6, linewidth=0.9,
        )  # fmt: skip
    trained = fixed[fixed["condition"] == TRAINED]
    low, high = (trained[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    axes.fill_between(trained["level"], low, high, color=look.color, alpha=0.12, linewidth=0)
    axes.plot(trained["level"], trained["prior"], ":", color=look.color, linewidth=0.9)
    for _, row in rows[(rows["radius_kind"] == FUNCTIONAL) & (rows["n"] > 0)].iterrows():
        functional = Look(look.label, look.color, "D")
        interval(axes, aside * row["radius"], row, functional, vertical=True)


def _radius_axis(axes: Axes, last: bool) -> None:
    """Radii, with their numbers in the last panel of a column alone."""
    axes.set_xscale("log")
    axes.set_xticks([0.1, 1], [".1", "1"])
    axes.xaxis.set_tick_params(which="minor", size=1.5)
    axes.xaxis.minorticks_on()
    axes.xaxis.set_minor_formatter("")
    axes.tick_params(labelbottom=last)
    axes.set_ylim(-0.02, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    if last:
        axes.set_xlabel("radius", labelpad=1)


def _legend(figure: Figure) -> None:
    handles = [
        Line2D(
            [], [], color=BLACK, linestyle=line, marker="o", markersize=2.5, label=condition,
            markerfacecolor=inside or BLACK, markeredgewidth=0.6, linewidth=0.9,
        )
        for condition, (line, inside) in LINES.items()
    ]  # fmt: skip
    handles.append(line_handle("chance", ":"))
    handles.append(legend_handle(Look("at the functional radius", BLACK, "D")))
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
