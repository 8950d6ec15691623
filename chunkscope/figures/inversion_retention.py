"""What every site keeps of an input: a cell for each feature and site of each run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from chunkscope.figures.heat_maps import share_map
from chunkscope.figures.inversion_members import over_members
from chunkscope.figures.inversion_places import NAMES, short_site
from chunkscope.figures.inversion_runs import run_parts, side_by_side
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    GREY,
    SHARE,
    SMALL,
    not_estimable,
    note,
    span_of,
    styled,
    tint,
)
from chunkscope.inversion.radii import FIXED
from chunkscope.inversion.reading import FREE, PARTLY, RETAINED, TRAINED, UNKNOWN, UNTRAINED

STATUSES = {PARTLY: "", UNKNOWN: "x", RETAINED: "o", FREE: "o"}
"""Status -> its mark, open if free; where as many members are of one as of another, the first
stands."""
CONDITIONS = {TRAINED: "trained", UNTRAINED: "untrained"}
"""Condition -> title of its map."""
PER_ROW = 32  # cells of a row of runs, with LABELS cells for the names of a run's features
LABELS = 6
NARROWEST = 4  # cells, for a map of few sites
CELL = 0.15  # inches, height
DARK = 0.6  # kept; on darker cells marks are white
INK, ABSENT = tint(BLACK, 0.7), tint(GREY, 0.12)  # marks; cells of no feature
Color = str | tuple[float, float, float]
BY = ["condition", "point", "site", "feature"]
COLUMNS = ["run", *BY, "mean", "ci_low", "ci_high", "n", "prior", *STATUSES, "status", "members"]


@styled
def draw_retention(
    tables: Mapping[str, pd.DataFrame], radius: float, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Maps of what the trained and the untrained network keep, for every run.

    Args:
        tables: run -> its ``retention.csv`` of all points, in one metric.
        radius: the fixed radius that is shown.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``mean`` is of what is kept, over the ``n``
        members in which it can be estimated, each status counts members, and ``status`` is that of
        ``members`` of them, the most.
    """
    shown = {run: _marks(table, radius) for run, table in tables.items()}
    widths = {run: _cells(marks) for run, marks in shown.items()}
    bands = side_by_side(widths, PER_ROW)
    heights = [max(_height(shown[run]) for run in band) for band in bands]
    figure = Figure(figsize=(settings.width, sum(heights) + 0.9), layout="constrained")
    if not shown:
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    key, page = figure.subfigures(2, 1, squeeze=False, height_ratios=[0.4, sum(heights)])[:, 0]
    _draw_key(key)
    for run, part in run_parts(page, bands, widths, heights, PER_ROW):
        _draw_run(part, shown[run])
    data = pd.concat([marks.assign(run=run) for run, marks in shown.items()], ignore_index=True)
    members = span_of(data.loc[data["n"] > 0, "n"])
    note(
        figure,
        "Share of the members of balls that have the query's value, corrected for chance, at "
        f"radius {radius:g}; mean over n = {members} networks, at the sites in the order in which "
        "they are computed. Marks: what most networks say, with their number where they differ; "
        "retained: above .9, free: below .1 with the interval over queries; grey: no feature "
        f"there. {NAMES}.",
    )
    return figure, data[COLUMNS]


def _marks(table: pd.DataFrame, radius: float) -> pd.DataFrame:
    """The marks of one run."""
    rows = table[(table["radius_kind"] == FIXED) & np.isclose(table["level"].astype(float), radius)]
    marks = over_members(rows, BY, "kept")
    counts = (
        rows.groupby(BY, sort=False)["status"].value_counts().unstack(fill_value=0)
        .reindex(columns=list(STATUSES), fill_value=0)
    )  # fmt: skip
    most = counts.idxmax(axis=1) if len(counts) else counts.sum(axis=1)
    told = counts.assign(
        status=most, members=counts.max(axis=1), prior=rows.groupby(BY, sort=False)["prior"].mean()
    )
    return marks.merge(told.reset_index(), on=BY, how="left")


def _sites(marks: pd.DataFrame) -> pd.DataFrame:
    """``point, site``, in the order in which they are computed."""
    return marks[["point", "site"]].drop_duplicates()


def _cells(marks: pd.DataFrame) -> int:
    """How wide a run is drawn."""
    return len(CONDITIONS) * max(len(_sites(marks)), NARROWEST) + LABELS


def _height(marks: pd.DataFrame) -> float:
    """How high a run is drawn (inches)."""
    return CELL * max(marks["feature"].nunique(), NARROWEST) + 0.95


def _draw_run(part: SubFigure, marks: pd.DataFrame) -> None:
    if not len(marks):
        axes = part.subplots()
        axes.set_axis_off()
        not_estimable(axes, 0.5, 0.5, "center")
        return
    for axes, (condition, title) in zip(
        part.subplots(1, len(CONDITIONS), sharey=True), CONDITIONS.items(), strict=True
    ):
        _draw_map(axes, marks[marks["condition"] == condition], _sites(marks))
        axes.set_title(title, pad=14)


def _draw_map(axes: Axes, marks: pd.DataFrame, sites: pd.DataFrame) -> None:
    """One condition: features down, sites across, under the point at which they are read."""
    places = list(sites.itertuples(index=False, name=None))
    features = list(dict.fromkeys(marks["feature"]))
    cells = marks.set_index(["point", "site"])
    values = pd.DataFrame(np.nan, index=features, columns=range(len(places)))
    for column, place in enumerate(places):
        rows = cells.loc[[place]]
        values.loc[rows["feature"], column] = rows["mean"].to_numpy()
        for _, row in rows.iterrows():
            _mark_cell(axes, column, features.index(row["feature"]), row)
    axes.set_facecolor(ABSENT)
    share_map(axes, values.set_axis([short_site(site) for _, site in places], axis=1))
    axes.tick_params(axis="x", labelrotation=90 if len(places) > NARROWEST else 0)
    for point, rows in sites.reset_index(drop=True).groupby("point", sort=False):
        first, last = rows.index[0], rows.index[-1]
        axes.annotate(
            f"at {point}", ((first + last) / 2, 1), xycoords=("data", "axes fraction"),
            xytext=(0, 2), textcoords="offset points", color=GREY, size=SMALL, ha="center",
        )  # fmt: skip
        if first:
            axes.axvline(first - 0.5, color="white", linewidth=3)


def _mark_cell(axes: Axes, column: int, at: int, row: pd.Series) -> None:
    """The status of most members, and how many they are where not all agree."""
    color = "white" if row["mean"] > DARK else INK
    agreed = row["members"] == row[list(STATUSES)].sum()
    aside = 0.0 if agreed or not STATUSES[row["status"]] else 0.22
    axes.add_line(_mark(row["status"], color, column - aside, at))
    if not agreed:
        axes.text(
            column + aside, at, f"{row['members']:g}", color=color, size=SMALL, ha="center",
            va="center_baseline",
        )  # fmt: skip


def _mark(status: str, color: Color, x: float, y: float) -> Line2D:
    inside = "none" if status == FREE else color
    return Line2D(
        [x], [y], color=color, marker=STATUSES[status], markerfacecolor=inside, markersize=3,
        markeredgewidth=0.7, linestyle="", label=status,
    )  # fmt: skip


def _draw_key(part: SubFigure) -> None:
    """The scale of colours, and what the marks mean."""
    bar = part.colorbar(
        ScalarMappable(cmap=SHARE), cax=part.add_axes((0.16, 0.55, 0.2, 0.28)),
        orientation="horizontal", ticks=[0, 0.5, 1],
    )  # fmt: skip
    bar.ax.set_xticklabels(["0\nchance", ".5", "1\nall"])
    bar.outline.set_visible(False)
    bar.ax.set_ylabel("kept", rotation=0, ha="right", va="center")
    handles = [_mark(status, INK, 0, 0) for status in (RETAINED, FREE, UNKNOWN)]
    handles.append(Line2D([], [], linestyle="", label="no mark: partly"))
    part.legend(handles=handles, loc="upper right", ncols=4, handletextpad=0.2)
