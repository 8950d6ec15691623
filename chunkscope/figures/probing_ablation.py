"""Context units: their activity in each context, and the loss where they are ablated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    SKY,
    SMALL,
    VERMILLION,
    Look,
    interval,
    legend_handle,
    letter,
    not_estimable,
    note,
    nth_letter,
    span_of,
    styled,
    tint,
)

CONTEXT_COLORS = (BLUE, ORANGE, GREY)
LOOKS = {
    ("context", True): Look("context units, their own context", BLUE, "o"),
    ("context", False): Look("context units, the other context", VERMILLION, "s"),
    ("matched", True): Look("matched units, same context", SKY, "^"),
    ("matched", False): Look("matched units, the other context", GREY, "v"),
}
"""Units that are ablated, and whether the loss is that of their own context -> its look."""
WAYS = (
    ("readout", "zero", "readout only, zero"),
    ("readout", "mean", "readout only, mean"),
    ("recurrent", "zero", "recurrent, zero"),
    ("recurrent", "mean", "recurrent, mean"),
)
LINEAR = 1e-3  # nats below which the axis of losses is linear
BAND_HEIGHT = 3.3  # inches per run: two rows of panels


@dataclass(frozen=True)
class AblationTables:
    """``units, summary, histograms, quantiles`` of a run's context units."""

    units: pd.DataFrame
    summary: pd.DataFrame
    histograms: pd.DataFrame
    quantiles: pd.DataFrame


@styled
def draw_ablation(
    runs: Mapping[str, AblationTables], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Two rows of panels for each run: the activity of its first member's best unit, and losses.

    Returns:
        The figure, and its marks: ``run, panel`` ("histogram", "boxes", "position" or "loss") and
        the columns of the table that the panel draws.
    """
    if not runs:
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=["run", "panel"])
    height = BAND_HEIGHT * len(runs) + 0.9
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    bands = figure.subfigures(len(runs), 1, squeeze=False)[:, 0]
    data, letters = [], map(nth_letter, count())
    for band, (run, tables) in zip(bands, runs.items(), strict=True):
        shown = dict(_shown(tables))
        upper, lower = band.subfigures(2, 1, height_ratios=[1, 1.05])
        histogram, boxes, position = upper.subplots(1, 3)
        _draw_histogram(histogram, shown["histogram"])
        _draw_boxes(boxes, shown["boxes"])
        _draw_positions(position, shown["position"])
        losses = lower.subplots(1, len(WAYS), sharey=True)
        for axes, (path, held_at, title) in zip(losses, WAYS, strict=True):
            rows = shown["loss"]
            way = (rows["path"] == path) & (rows["held_at"] == held_at)
            _draw_losses(axes, rows[way], title)
        losses[0].set_ylabel("loss added (nats per\ninformative step)")
        for axes in (histogram, boxes, position, losses[0]):
            letter(axes, next(letters))
        upper.suptitle(f"{run}: {_describe(tables.units)}", x=0.01, ha="left", fontsize=8)
        data += [table.assign(run=run, panel=panel) for panel, table in shown.items()]
    handles = [legend_handle(look) for look in LOOKS.values()]
    figure.legend(handles=handles, loc="outside upper left", ncols=2, fontsize=SMALL)
    n = span_of([n for tables in runs.values() for n in tables.summary["n"]])
    note(
        figure,
        f"Histograms and boxes (5, 25, 50, 75, 95 %) are of the first member's best unit, test "
        f"split, inside words. Losses are means over n = {n} members; bars: 95 % interval over "
        "members. Informative are the steps at which the context tells of the next symbol. Matched "
        "units vary as much and weigh as much in the readout. Position: symbols of the word read "
        "before; all units held at zero, recurrent. F1: at the probes' balanced prevalence; floor: "
        "calling every step positive.",
    )
    marks = pd.concat(data, ignore_index=True)
    return figure, marks[["run", "panel", *marks.columns.difference(["run", "panel"], sort=False)]]


def _shown(tables: AblationTables) -> Iterator[tuple[str, pd.DataFrame]]:
    for panel, table in (("histogram", tables.histograms), ("boxes", tables.quantiles)):
        yield panel, table[table["member"] == table["member"].min()]
    delta = tables.summary.query("measure == 'delta'")
    zeroed = delta.query("path == 'recurrent' and held_at == 'zero'")
    zeroed = zeroed[zeroed["size"] == zeroed["size"].max()]
    yield "position", zeroed[zeroed["place"].str.startswith("position")]
    yield "loss", delta.query("place == 'informative'")


def _describe(units: pd.DataFrame) -> str:
    """F1 of the best unit of each member, trained and untrained, as a range, and its floor."""
    best = units[units["rank"] == 0].groupby("condition")["f1"]
    ranges = [f"{name} {f1.min():.2f} to {f1.max():.2f}" for name, f1 in best]
    return f"F1 of the best unit: {', '.join(ranges)}, floor {units['floor'].iloc[0]:.2f}"


def _draw_histogram(axes: Axes, rows: pd.DataFrame) -> None:
    for (context, part), color in zip(rows.groupby("context"), CONTEXT_COLORS, strict=False):
        edges = [*part["low"], part["high"].iloc[-1]]
        axes.stairs(part["share"], edges, color=color, fill=True, alpha=0.5, label=context)
        axes.stairs(part["share"], edges, color=color, linewidth=0.8)
    axes.legend(title="context", title_fontsize=SMALL, loc="upper center", handlelength=1)
    axes.set_xlabel("activity of the best unit")
    axes.set_ylabel("share of steps")
    axes.set_title("by context")


def _draw_boxes(axes: Axes, rows: pd.DataFrame) -> None:
    tokens = sorted(rows["token"].unique())
    contexts = sorted(rows["context"].unique())
    colors = dict(zip(contexts, CONTEXT_COLORS, strict=False))
    for _, row in rows.iterrows():
        shift = 0.36 * (contexts.index(row["context"]) - (len(contexts) - 1) / 2)
        _draw_box(axes, tokens.index(row["token"]) + shift, row, colors[row["context"]])
    axes.set_xticks(range(len(tokens)), tokens)
    axes.set_xlabel("symbol read")
    axes.set_title("same symbol, both contexts")


def _draw_box(axes: Axes, x: float, row: pd.Series, color: str) -> None:
    axes.vlines(x, row["low"], row["high"], color=color, linewidth=0.8)
    axes.bar(
        x,
        row["upper"] - row["lower"],
        bottom=row["lower"],
        width=0.28,
        facecolor=tint(color, 0.5),
        edgecolor=color,
        linewidth=0.8,
    )
    axes.hlines(row["median"], x - 0.14, x + 0.14, color=color, linewidth=1.4)


def _draw_positions(axes: Axes, rows: pd.DataFrame) -> None:
    places = list(dict.fromkeys(rows["place"]))
    _draw_marks(axes, rows, {place: at for at, place in enumerate(places)}, "place")
    axes.set_xticks(range(len(places)), [place.removeprefix("position ") for place in places])
    axes.set_xlabel("position in the word")
    axes.set_ylabel("loss added (nats)")
    axes.set_title(f"{rows['size'].max()} units, by position")


def _draw_losses(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    sizes = sorted(rows["size"].unique())
    _draw_marks(axes, rows, {size: at for at, size in enumerate(sizes)}, "size")
    axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    axes.set_xlabel("units ablated")
    axes.set_title(title)


def _draw_marks(axes: Axes, rows: pd.DataFrame, at: Mapping[object, int], by: str) -> None:
    for series, ((units, own), look) in enumerate(LOOKS.items()):
        for _, row in rows[(rows["units"] == units) & (rows["own"] == own)].iterrows():
            interval(axes, at[row[by]] + 0.16 * (series - 1.5), row, look, vertical=True)
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_yscale("symlog", linthresh=LINEAR)
    axes.set_xlim(-0.5, len(at) - 0.5)
