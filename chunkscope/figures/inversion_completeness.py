"""The published check of a decoder: is what lies near a query also what it says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.inversion_places import NAMES, short_place
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREY,
    VERMILLION,
    Look,
    legend_handle,
    letter,
    line_handle,
    not_estimable,
    note,
    nth_letter,
    panels,
    span_of,
    styled,
)

PER_ROW, ROW = 3, 1.75  # panels side by side; inches from a row to the next
SITES = 4  # of each run that are drawn, spread from the first to the last
NEAREST = 30  # times nearer than the radius is drawn at the left edge
QUERIES = (Look("a query", BLUE, "o"), Look("another query", VERMILLION, "^"))
PRIOR = Look("probability among all inputs", GREY, ".")
COLUMNS = ["run", "point", "site", "query", "distance", "log_probability", "log_prior"]


@styled
def draw_completeness(
    scatters: Mapping[str, pd.DataFrame], radius: float, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Probability by the decoder against distance, a panel for each of a few sites.

    Args:
        scatters: run -> its ``completeness.csv``.
        radius: of the balls that the decoder learned to draw from.

    Returns:
        The figure, and its marks: :data:`COLUMNS`, logarithms in nats.
    """
    drawn = [
        (run, place, rows) for run, table in scatters.items() for place, rows in _some_sites(table)
    ]
    figure, grid = panels(max(1, len(drawn)), PER_ROW, (settings.width, ROW))
    if not drawn:
        not_estimable(grid[0][0], 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    for at, ((run, place, rows), (axes,)) in enumerate(zip(drawn, grid, strict=True)):
        axes.set_title(f"{run}{place}")
        letter(axes, nth_letter(at))
        _draw_site(axes, rows, radius)
        if at % PER_ROW == 0:
            axes.set_ylabel("log probability (nats)")
        if at + PER_ROW >= len(drawn):
            axes.set_xlabel("distance from the query")
    handles = [*map(legend_handle, (*QUERIES, PRIOR)), line_handle("radius of the ball", "--")]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    shown = [rows.assign(run=run) for run, _, rows in drawn]
    data = pd.concat(shown, ignore_index=True)[COLUMNS]
    counts = data.groupby(["run", "point", "site", "query"]).size()
    note(
        figure,
        f"One network of each run; {span_of(counts)} inputs of each query, half of them within "
        "twice the radius, half from all. Coloured: what the decoder says, told the query's "
        f"activity. At the left edge: the query itself, and what is nearer than "
        f"{radius / NEAREST:.2g}. {NAMES}.",
    )
    return figure, data


def _some_sites(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Names of sites spread over the table, with their rows; no name where there is none."""
    places = list(table[["point", "site"]].drop_duplicates().itertuples(index=False, name=None))
    if not places:
        yield "", table
        return
    for at in np.unique(np.linspace(0, len(places) - 1, SITES).round().astype(int)):
        point, site = places[at]
        rows = table[(table["point"] == point) & (table["site"] == site)]
        yield f", {short_place(point, site)}", rows


def _draw_site(axes: Axes, rows: pd.DataFrame, radius: float) -> None:
    if rows.empty:
        axes.set_axis_off()
        not_estimable(axes, 0.5, 0.5, "center")
        return
    distance = rows["distance"].clip(lower=radius / NEAREST)
    _scatter(axes, distance, rows["log_prior"], PRIOR)
    for look, (_, part) in zip(QUERIES, rows.groupby("query", sort=False), strict=False):
        _scatter(axes, distance[part.index], part["log_probability"], look)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(radius / NEAREST, max(10 * radius, distance.max()) * 1.1)
    axes.axvline(radius, color=BLACK, linestyle="--", linewidth=0.9, zorder=0)


def _scatter(axes: Axes, x: pd.Series, y: pd.Series, look: Look) -> None:
    axes.plot(
        x, y, look.marker, color=look.color, markersize=2, markeredgewidth=0, alpha=0.4,
        linestyle="", rasterized=True, clip_on=False,
    )  # fmt: skip
