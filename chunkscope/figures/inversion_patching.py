"""What activity does in the place of a query's: of near and far donors, and of sites together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from chunkscope.figures.inversion_circuits import (
    CUT,
    ORDERS,
    circuit_marks,
    draw_circuit,
    place_order,
)
from chunkscope.figures.inversion_members import stack
from chunkscope.figures.inversion_places import NAMES, frame_sites, place_sites
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    ORANGE,
    PALE,
    SHARE,
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
from chunkscope.statistics import summarise

DONORS = {
    True: Look("donors from the ball", BLUE, "o"),
    False: Look("from beyond it", VERMILLION, "s"),
}
RADIUS = Look("functional radius: median and quartiles, network by network", ORANGE, "o")
STEPS = np.arange(-4, 9)  # quarters of a decade from the radius: edges of bins of distance
UPPER, LINE, EDGES = 4.2, 0.15, 1.4  # inches: the upper panels, a place, what is about places
PER_ROW = 2  # circuits side by side
PLACE = ["run", "point", "site"]
COLUMNS = [
    "panel", *PLACE, "member", "inside", "nearer", "farther", "circuit", "order", "patched",
    "measure", "mean", "ci_low", "ci_high", "lower", "upper", "n",
]  # fmt: skip
Tables = Mapping[str, pd.DataFrame]


@styled
def draw_patching(
    patches: Tables,
    radii: Tables,
    cumulative: Tables,
    cuts: Tables,
    radius: float,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Answers kept by site and distance, functional radii; sites patched in both orders, and cuts.

    Args:
        patches, radii: run -> its ``patches.csv`` and ``radii.csv``, as of :func:`stack_points`.
        cumulative, cuts: run -> its ``circuits/cumulative.csv`` and ``circuits/cuts.csv``, of runs
            that have some.
        radius: of the balls whose members are donors.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``mean`` is over members, or of the one named
        (functional radii: the median over ``n`` queries, beside quartiles ``lower, upper``; sites
        patched together: over ``n`` pairs); ``nearer, farther`` bound a bin of distance.
    """
    if not any(len(table) for table in patches.values()):
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    parts = {
        "ball": _by_member(patches, ["inside"]),
        "distance": _by_member(_binned(patches, radius), ["nearer", "farther"]),
        "radius": _quartiles(radii),
    }
    circuits = {
        (run, str(circuit)): rows.assign(run=run)
        for run in cumulative
        for circuit, rows in _circuits(circuit_marks(cumulative[run], cuts[run]))
    }
    named = [part.assign(panel=name) for name, part in parts.items()] + list(circuits.values())
    data = pd.concat([part for part in named if len(part)] or named[:1], ignore_index=True)
    bands = [list(circuits)[at : at + PER_ROW] for at in range(0, len(circuits), PER_ROW)]
    heights = [UPPER, *(_height(circuits[name] for name in band) for band in bands)]
    figure = Figure(figsize=(settings.width, sum(heights) + 0.5), layout="constrained")
    rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_donors(rows[0], place_sites(patches), parts, radius)
    for at, band in enumerate(bands):
        columns = rows[at + 1].subfigures(1, PER_ROW, squeeze=False)[0]
        for place, (run, circuit) in enumerate(band):
            title = f"{run}: {circuit}" if circuit else run
            draw_circuit(columns[place], 2 + at * PER_ROW + place, title, circuits[run, circuit])
    for row in rows[1:2]:
        handles = [*map(legend_handle, (*ORDERS.values(), CUT)), line_handle("nothing", ":")]
        row.legend(handles=handles, loc="outside upper right", ncols=4)
    note(
        figure,
        f"n = {span_of(parts['ball']['n'])} networks of each run; bars: 95 % interval over them, "
        "pale lines: each. a, b: share of donors that keep the answer, each standing for as many "
        "inputs as it was drawn from; grey: none at that distance. Below, a mark stands at the "
        "site that was patched last; over cuts: the share that say the donor's answer, of pairs "
        f"the cut was not chosen on. {NAMES}.",
    )
    return figure, data.reindex(columns=COLUMNS)


def stack_points(
    places: Iterable[tuple[str, str]], tables: Iterable[pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Run -> the tables of its points, one below the other, with ``point``.

    Args:
        places: the run and the point of each table.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    for (run, point), table in zip(places, tables, strict=True):
        found.setdefault(run, []).append(table.assign(point=point))
    return {run: stack(parts) for run, parts in found.items()}


def _joined(tables: Tables) -> pd.DataFrame:
    return stack(table.assign(run=run) for run, table in tables.items())


def _by_member(patches: Tables, by: list[str]) -> pd.DataFrame:
    """Share of donors that keep the answer, by weight, in each member; then over members."""
    table = _joined(patches)
    weighted = table.assign(kept=table["kept"].astype(float) * table["weight"])
    sums = weighted.groupby([*PLACE, "member", *by], sort=False)[["kept", "weight"]].sum()
    shares = (sums["kept"] / sums["weight"]).rename("value").reset_index()
    return summarise(shares, [*PLACE, *by])


def _binned(patches: Tables, radius: float) -> dict[str, pd.DataFrame]:
    """Donors with the bin of their distance; the outermost bins are open."""
    edges = _edges(radius)
    open_edges = np.array([0, *edges[1:-1], np.inf])
    found = {}
    for run, table in patches.items():
        distance = table["distance"].astype(float)
        at = np.searchsorted(edges[1:-1], distance, side="left")  # a ball holds its radius
        found[run] = table.assign(nearer=open_edges[at], farther=open_edges[at + 1])
    return found


def _edges(radius: float) -> NDArray[np.float64]:
    return radius * 10.0 ** (STEPS / 4)


def _quartiles(radii: Tables) -> pd.DataFrame:
    """Median and quartiles over the queries of each member that have a functional radius."""
    groups = _joined(radii).groupby([*PLACE, "member"], sort=False)["radius"]
    found = {"mean": 0.5, "lower": 0.25, "upper": 0.75}
    table = pd.DataFrame({name: groups.quantile(level) for name, level in found.items()})
    return table.assign(n=groups.count()).reset_index()


def _circuits(marks: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Marks of each circuit; of a run without any, none under an empty name."""
    if marks.empty:
        yield "", marks
    for circuit, rows in marks.groupby("circuit", sort=False):
        yield str(circuit), rows


def _height(circuits: Iterable[pd.DataFrame]) -> float:
    """Inches of a row of circuits: of the one with the most places."""
    return LINE * max(len(place_order(marks)) for marks in circuits) + EDGES


def _draw_donors(part: SubFigure, places: pd.DataFrame, marks: Tables, radius: float) -> None:
    upper, lower = part.subplots(2, 1, height_ratios=[1, 1.7])
    upper.set_ylim(0, 1.03)
    upper.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    upper.set_ylabel("share that keep\nthe answer")
    for _, row in marks["ball"].merge(places, on=PLACE).iterrows():
        inside = bool(row["inside"])
        interval(upper, row["at"] + (-0.15 if inside else 0.15), row, DONORS[inside], vertical=True)
    edges = _edges(radius)
    lower.set_yscale("log")
    lower.set_ylim(edges[0], edges[-1])
    lower.yaxis.set_major_formatter("{x:g}")
    lower.set_ylabel("distance of the donor")
    for at in places.loc[places["site"] != "", "at"]:
        lower.axvspan(at - 0.45, at + 0.45, color=PALE, linewidth=0, zorder=0)
    mesh = _draw_distances(lower, marks["distance"].merge(places, on=PLACE), edges)
    _draw_radii(lower, marks["radius"].merge(places, on=PLACE))
    lower.axhline(radius, color=BLACK, linestyle="--", linewidth=0.9)
    frame_sites((upper, lower), places)
    for axes, name in ((upper, "a"), (lower, "b")):
        axes.set_title(f"$\\bf{{{name}}}$", pad=16 if name == "a" else 4)
    if mesh is not None:
        scale = part.colorbar(mesh, ax=lower, aspect=14, pad=0.01, ticks=[0, 0.5, 1])
        scale.set_ticklabels(["0", ".5", "1"])
    handles = [*map(legend_handle, (*DONORS.values(), RADIUS)), line_handle("radius", "--")]
    part.legend(handles=handles, loc="outside upper right", ncols=4)


def _draw_distances(axes: Axes, marks: pd.DataFrame, edges: NDArray[np.float64]) -> QuadMesh | None:
    """A column of cells for each site, a cell for each bin of distance."""
    mesh = None
    for at in sorted(set(marks["at"])):
        rows = marks[marks["at"] == at]
        values = np.full(len(edges) - 1, np.nan)
        values[np.searchsorted(edges[1:-1], rows["nearer"], side="right")] = rows["mean"]
        sides = np.array([at - 0.45, at + 0.45])
        mesh = axes.pcolormesh(sides, edges, values[:, None], cmap=SHARE, vmin=0, vmax=1)
    return mesh


def _draw_radii(axes: Axes, marks: pd.DataFrame) -> None:
    """A bar for each member, side by side."""
    members = sorted(set(marks["member"]))
    shifts = dict(zip(members, np.linspace(-0.24, 0.24, len(members)), strict=True))
    for at, member, median, lower, upper in zip(
        marks["at"], marks["member"], marks["mean"], marks["lower"], marks["upper"], strict=True
    ):
        x = at + shifts[member]
        axes.vlines(x, lower, upper, color=RADIUS.color, linewidth=1.4)
        axes.plot(
            [x], [median], RADIUS.marker, color=RADIUS.color, markersize=3.5,
            markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
