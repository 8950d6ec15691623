"""Draws to look at: the nearest first, every symbol coloured by what the decoder was told of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from chunkscope.figures.inversion_places import NAMES, short_place
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    ACTIVITY,
    BLACK,
    GREY,
    SMALL,
    letter,
    not_estimable,
    note,
    nth_letter,
    styled,
)

PER_ROW = 3
LINE = 0.15  # inches from a draw to the next
DISTANCE = 3.2  # cells that the distance of a draw takes
COLUMNS = ["run", "point", "site", "query", "rank", "distance", "inside", "at", "symbols", "told"]


@styled
def draw_samples(
    shown: Mapping[str, pd.DataFrame],
    quality: Mapping[str, pd.DataFrame],
    radius: float,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """A query of every run with some of its draws: the first one, at the last site.

    That is the last one of those where draws are trusted, if there are such.

    Args:
        shown, quality: run -> its ``shown.csv`` and ``quality.csv``.
        radius: of the balls that draws should lie in.

    Returns:
        The figure, and what it draws: :data:`COLUMNS`, ``symbols`` and ``told`` spaced.
    """
    queries = {run: _last_site(_trusted(table, quality[run])) for run, table in shown.items()}
    columns = max(1, min(PER_ROW, len(queries)))
    bands = max(1, -(-len(queries) // columns))
    lines = max([len(rows) for rows in queries.values()], default=0)
    height = (LINE * max(8, lines) + 0.55) * bands + 0.8
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    widths = [_cells(queries, at, columns) for at in range(columns)]
    grid = figure.subplots(bands, columns, squeeze=False, width_ratios=widths).ravel()
    for axes in grid:
        axes.set_axis_off()
    image = None
    for at, (axes, (run, rows)) in enumerate(zip(grid, queries.items(), strict=False)):
        axes.set_title(_title(run, rows))
        letter(axes, nth_letter(at))
        if len(rows):
            image = _draw_query(axes, rows, widths[at % columns], lines)
        else:
            not_estimable(axes, 0, 0.5)
    if not queries:
        not_estimable(grid[0], 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    if image is not None:
        _draw_scale(figure, image)
        note(
            figure,
            "The query, then draws of it by their distance (left), each but once, and chosen: no "
            "share can be read off them. Coloured: the probability of each symbol after those "
            "before it. Boxed: the symbol at which the network is read. Line: radius "
            f"{radius:g}. {NAMES}.",
        )
    tables = [rows.assign(run=run) for run, rows in queries.items()]
    return figure, pd.concat(tables, ignore_index=True)[COLUMNS]


def _trusted(table: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """Draws of the sites where they are trusted; all of them, if they are at none."""
    place = ["point", "site"]
    sites = quality.loc[quality["trusted"].astype(bool), place].drop_duplicates()
    found = table.merge(sites, on=place)
    return found if len(found) else table


def _last_site(table: pd.DataFrame) -> pd.DataFrame:
    """The first query at the last site."""
    for name in ("point", "site"):
        table = table[table[name].isin(table[name].tail(1))]
    return table[table["query"].isin(table["query"].head(1))].sort_values("rank")


def _cells(queries: Mapping[str, pd.DataFrame], column: int, columns: int) -> float:
    """How many cells wide a column of panels is."""
    tables = list(queries.values())[column::columns]
    longest = max([_symbols(rows).map(len).max() for rows in tables if len(rows)], default=8)
    return float(longest + DISTANCE)


def _symbols(rows: pd.DataFrame) -> pd.Series:
    return rows["symbols"].str.split(" ")


def _title(run: str, rows: pd.DataFrame) -> str:
    if rows.empty:
        return run
    return f"{run}, {short_place(*rows[['point', 'site']].iloc[0])}"


def _draw_query(axes: Axes, rows: pd.DataFrame, cells: float, lines: int) -> AxesImage:
    """A line for each input, the query first, with a line where the ball ends."""
    told = [np.array(text.split(" "), float) / 100 for text in rows["told"]]
    colors = np.full((len(rows), max(map(len, told))), np.nan)
    for line, values in enumerate(told):
        colors[line, : len(values)] = values
    image = axes.imshow(
        colors, cmap=ACTIVITY, vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    places = zip(_symbols(rows), rows["at"], rows["distance"], strict=True)
    for line, (symbols, read, distance) in enumerate(places):
        for at, symbol in enumerate(symbols):
            dark = abs(colors[line, at]) > 0.75
            color = "white" if dark and colors[line, at] < 0 else BLACK
            axes.text(at, line, symbol, size=SMALL, ha="center", va="center_baseline", color=color)
        box = Rectangle((read - 0.5, line - 0.5), 1, 1, fill=False, ec=BLACK, lw=0.8, clip_on=False)
        axes.add_patch(box)
        label = "query" if line == 0 else f"{distance:.3f}"
        axes.text(-0.8, line, label, size=SMALL, ha="right", va="center_baseline", color=GREY)
    inside = int(rows["inside"].sum())
    axes.plot([-DISTANCE - 0.5, colors.shape[1] - 0.5], [inside - 0.5] * 2, color=BLACK, lw=1)
    axes.set_xlim(-DISTANCE - 0.5, cells - DISTANCE - 0.5)
    axes.set_ylim(lines - 0.5, -0.5)
    return image


def _draw_scale(figure: Figure, image: AxesImage) -> None:
    scale = figure.colorbar(
        image, ax=figure.axes, location="top", shrink=0.4, aspect=40, ticks=[-1, 0, 1], pad=0.02
    )
    scale.set_label("probability told the activity, minus that told nothing")
    scale.outline.set_linewidth(0.5)
