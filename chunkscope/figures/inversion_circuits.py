"""Sites patched together: in both orders, and the fewest that carry a feature, by network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from chunkscope.figures.inversion_places import short_place
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SMALL,
    Look,
    interval,
    not_estimable,
    row_title,
    tint,
)
from chunkscope.statistics import summarise

ORDERS = {
    "forward": Look("patched from the first site on", BLUE, "o"),
    "backward": Look("from the last site back", ORANGE, "s"),
}
MEASURES = {
    "carried": "say the\ndonor's answer\n(share)",
    "difference": "own minus\ndonor's answer\n(logits)",
}
CUT = Look("smallest cut", BLACK, "D")
BETWEEN = " + "  # of the sites of a cut
BOUNDS = ("mean", "ci_low", "ci_high")


def circuit_marks(cumulative: pd.DataFrame, cuts: pd.DataFrame) -> pd.DataFrame:
    """What is drawn of a run, by ``panel`` ("cumulative" or "cut"), ``circuit`` and ``member``.

    Args:
        cumulative, cuts: its ``circuits/cumulative.csv`` and ``circuits/cuts.csv``.

    Returns:
        A row for each step, order, measure and member (``n`` pairs), and for their mean (no member,
        ``n`` of them); and for each place of each cut.
    """
    steps = pd.concat([_measured(cumulative, measure) for measure in MEASURES])
    by = ["circuit", "order", "patched", "point", "site", "measure"]
    means = summarise(steps, by, "mean")
    places = cuts.assign(added=cuts["sites"].str.split(BETWEEN, regex=False)).explode("added")
    found = _split(places).rename(columns=dict(zip(_bounds("carried"), BOUNDS, strict=True)))
    tables = {"cumulative": means, "members": steps, "cut": found.assign(measure="carried")}
    panels = {"members": "cumulative"}
    parts = [part.assign(panel=panels.get(name, name)) for name, part in tables.items()]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def draw_circuit(part: SubFigure, at: int, name: str, marks: pd.DataFrame) -> None:
    """Three panels with the same places down: both measures of both orders, and the cuts.

    Args:
        at: panels before it.
        name: of the run and the feature.
        marks: as of :func:`circuit_marks`, of one feature.
    """
    row_title(part, at, name)
    if marks.empty:
        axes = part.subplots()
        axes.set_axis_off()
        not_estimable(axes, 0.5, 0.5, "center")
        return
    places = place_order(marks)
    grid = part.subplots(1, 3, sharey=True, width_ratios=[1, 1, 0.75])
    for axes, (measure, label) in zip(grid, MEASURES.items(), strict=False):
        _draw_steps(axes, marks[marks["measure"] == measure], places)
        axes.set_xlabel(label)
    _draw_cuts(grid[2], marks[marks["panel"] == "cut"], places)
    grid[0].set_xlim(-0.03, 1.03)
    grid[0].set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    grid[0].set_yticks(range(len(places)), list(places))
    grid[0].set_ylim(len(places) - 0.5, -0.5)
    for axes in grid:
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", color=GREY, alpha=0.15, linewidth=0.5)


def place_order(marks: pd.DataFrame) -> dict[str, int]:
    """Names of the places that are patched -> how far down they stand."""
    forward = marks[(marks["order"] == "forward") & (marks["patched"] > 0)]
    names = dict.fromkeys(_names(forward.sort_values("patched")))
    return {name: at for at, name in enumerate(names)}


def _bounds(measure: str) -> tuple[str, str, str]:
    return measure, f"{measure}_low", f"{measure}_high"


def _measured(cumulative: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Steps with one measure under the names of a mean and its interval."""
    columns = dict(zip(_bounds(measure), BOUNDS, strict=True))
    table = _split(cumulative).rename(columns=columns).assign(measure=measure)
    names = ["member", "circuit", "order", "patched", "point", "site", "measure", *BOUNDS, "n"]
    return table[names]


def _split(table: pd.DataFrame) -> pd.DataFrame:
    """``added`` as ``site`` and ``point``, empty where nothing is patched."""
    added = table["added"].fillna("").astype(str)
    parts = added.str.extract("(?P<site>[^@]*)@?(?P<point>.*)")
    return table.assign(site=parts["site"], point=parts["point"])


def _names(marks: pd.DataFrame) -> Iterator[str]:
    for point, site in zip(marks["point"], marks["site"], strict=True):
        yield short_place(point, site)


def _draw_steps(axes: Axes, marks: pd.DataFrame, places: Mapping[str, int]) -> None:
    """Means of both orders beside where all begins, and every network by itself."""
    steps = marks[(marks["panel"] == "cumulative") & (marks["patched"] > 0)]
    steps = steps.assign(at=[places[name] for name in _names(steps)]).sort_values("at")
    means = steps[steps["member"].isna()]
    for shift, (order, look) in zip((-0.13, 0.13), ORDERS.items(), strict=True):
        of = steps[(steps["order"] == order) & steps["member"].notna()]
        for _, rows in of.groupby("member"):
            axes.plot(rows["mean"], rows["at"] + shift, color=tint(look.color, 0.4), linewidth=0.6)
        rows = means[means["order"] == order]
        axes.plot(rows["mean"], rows["at"] + shift, color=look.color, linewidth=0.9)
        for at, (_, row) in zip(rows["at"], rows.iterrows(), strict=True):
            interval(axes, at + shift, row, look)
    start = marks[(marks["patched"] == 0) & marks["member"].isna()]["mean"].mean()
    axes.axvline(start, color=BLACK, linestyle=":", linewidth=0.9, zorder=0)
    if (marks["measure"] == "difference").all():
        axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)


def _draw_cuts(axes: Axes, cuts: pd.DataFrame, places: Mapping[str, int]) -> None:
    """A column for each network: the places of its cut, and the share that they carry."""
    columns = list(dict.fromkeys(cuts["member"]))
    for at, member in enumerate(columns):
        rows = cuts[(cuts["member"] == member) & (cuts["site"] != "")]
        down = [places[name] for name in _names(rows)]
        enough = rows["enough"].astype(bool).all()
        axes.plot(
            [at] * len(down), down, CUT.marker, color=CUT.color, markersize=5,
            markerfacecolor=CUT.color if enough else "white", clip_on=False,
        )  # fmt: skip
        for carried in rows["mean"].head(1):
            text = f"{carried:.2f}".replace("0.", ".").replace("1.00", "1")
            axes.text(at, -0.7, text, size=SMALL, ha="center", va="bottom")
    axes.set_xlim(-0.6, max(1, len(columns)) - 0.4)
    axes.set_xticks(range(len(columns)), [f"{member:g}" for member in columns])
    axes.set_xlabel("smallest cut\nby network")
