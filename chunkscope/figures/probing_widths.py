"""Sparsity against width: the best unit, all units, and how many are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.probing_conditions import PROBES, words
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    Look,
    curve,
    in_order,
    legend_handle,
    letter,
    line_handle,
    not_estimable,
    note,
    nth_letter,
    span_of,
    styled,
)
from chunkscope.probing.conditions import BALANCED, PROBE
from chunkscope.probing.terms import ALL, DENSE, NEEDED, UNIT
from chunkscope.statistics import summarise

PARAMETERS = (0.07, 0.16, 0.41, 1.0, 1.4, 2.8, 6.9)
"""Billions, of the published language models."""
PUBLISHED = {
    "compounds": Look("compounds", BLUE, "o"),
    "code": Look("code", GREEN, "^"),
    "source": Look("data source", ORANGE, "s"),
}
"""Features of which mean F1 of the best unit was published for every model -> its look."""
PUBLISHED_F1 = {
    "compounds": (0.904, 0.939, 0.947, 0.948, 0.942, 0.950, 0.950),
    "code": (0.696, 0.743, 0.789, 0.854, 0.837, 0.863, 0.826),
    "source": (0.794, 0.803, 0.804, 0.853, 0.845, 0.874, 0.854),
}
"""arXiv 2305.01610, from the authors' repository; the best layer was picked on test rows."""
PER_ROW = 4
PANEL = 1.45  # inches, height of a row of panels
COLUMNS = ["panel", "condition", "measure", "width", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_widths(
    summary: pd.DataFrame, training: Sequence[pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """F1 against width for every kind of feature, units needed, losses, and the published scaling.

    Args:
        summary: ``widths/summary.csv``.
        training: the ``training.csv`` of every run, with a column ``width``.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; of the published ones ``width`` is billions of
        parameters, and ``n`` empty.
    """
    if summary.empty:
        figure = Figure(figsize=(settings.width, 1.5), layout="constrained")
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, pd.DataFrame(columns=COLUMNS)
    panels = list(_panels(summary[summary["prevalence"] == BALANCED], training))
    rows = -(-len(panels) // PER_ROW)
    figure = Figure(figsize=(settings.width, PANEL * rows + 0.9), layout="constrained")
    grid = figure.subplots(rows, PER_ROW, squeeze=False).ravel()
    for empty in grid[len(panels) :]:
        empty.remove()
    for at, (title, table, draw) in enumerate(panels):
        draw(grid[at], table)
        grid[at].set_title(title)
        letter(grid[at], nth_letter(at))
    data = pd.concat([table.assign(panel=title) for title, table, _ in panels], ignore_index=True)[
        COLUMNS
    ]
    _legend(figure, data["condition"])
    last = nth_letter(len(panels) - 1)
    note(
        figure,
        "F1 on test rows at 20 % positives against the number of units of the layer. "
        f"n = {span_of(data['n'].dropna())} networks of each width, bars: 95 % interval over them. "
        f"{last}: as published, best layer picked on test rows, against billions of parameters.",
    )
    return figure, data


def _panels(
    summary: pd.DataFrame, training: Sequence[pd.DataFrame]
) -> Iterator[tuple[str, pd.DataFrame, Callable[[Axes, pd.DataFrame], None]]]:
    """Title, marks, and how they are drawn."""
    scores = summary[summary["measure"] != NEEDED]
    kinds = dict.fromkeys(scores.loc[scores["kind"] != ALL, "kind"])
    for kind in [*kinds, ALL]:
        yield words(kind), scores[scores["kind"] == kind], _draw_scores
    needed = summary[(summary["measure"] == NEEDED) & (summary["kind"] == ALL)]
    yield "units needed", needed, _draw_needed
    yield "loss (nats)", _losses(training), _draw_losses
    yield "published, k = 1", _published(), _draw_published


def _losses(training: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Validation loss at the end of training, and the ideal observer's on the same sequences."""
    losses = pd.concat([run[run["step"] == run["step"].max()] for run in training])
    by_width = summarise(losses, ["width"], "loss").assign(measure="loss", condition=PROBE)
    bayes = losses.groupby("width")["bayes_loss"].mean()
    ceiling = bayes.rename("mean").reset_index().assign(measure="bayes_loss")
    return pd.concat([by_width, ceiling], ignore_index=True).reindex(columns=COLUMNS)


def _published() -> pd.DataFrame:
    tables = [
        pd.DataFrame({"condition": name, "width": PARAMETERS, "mean": values})
        for name, values in PUBLISHED_F1.items()
    ]
    return pd.concat(tables).assign(measure=UNIT).reindex(columns=COLUMNS)


def _draw_scores(axes: Axes, table: pd.DataFrame) -> None:
    """F1 of the best unit with intervals, of all units as a line."""
    for condition in in_order(PROBES, table["condition"]):
        of = table[table["condition"] == condition].sort_values("width")
        unit = of[of["measure"] == UNIT]
        curve(axes, unit["width"], unit, PROBES[condition])
        dense = of[of["measure"] == DENSE]
        axes.plot(dense["width"], dense["mean"], ":", color=PROBES[condition].color, zorder=0)
    _unit_axis(axes)
    _width_axis(axes, table)


def _draw_needed(axes: Axes, table: pd.DataFrame) -> None:
    for condition in in_order(PROBES, table["condition"]):
        of = table[table["condition"] == condition].sort_values("width")
        curve(axes, of["width"], of, PROBES[condition])
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter("{x:g}")
    _width_axis(axes, table)


def _draw_losses(axes: Axes, table: pd.DataFrame) -> None:
    loss = table[table["measure"] == "loss"]
    curve(axes, loss["width"], loss, PROBES[PROBE])
    bayes = table[table["measure"] == "bayes_loss"]
    axes.plot(bayes["width"], bayes["mean"], "--", color=BLACK, linewidth=0.9)
    axes.margins(y=0.2)
    _width_axis(axes, table)


def _draw_published(axes: Axes, table: pd.DataFrame) -> None:
    for name, look in PUBLISHED.items():
        rows = table[table["condition"] == name]
        axes.plot(rows["width"], rows["mean"], marker=look.marker, color=look.color, markersize=3)
    axes.legend(handles=[legend_handle(look) for look in PUBLISHED.values()], loc="lower left")
    axes.set_xscale("log")
    axes.set_xticks([0.1, 1, 10], [".1", "1", "10"])
    axes.set_xlabel("parameters (billions)")
    axes.minorticks_off()
    _unit_axis(axes)


def _unit_axis(axes: Axes) -> None:
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    place = axes.get_subplotspec()
    axes.set_ylabel("F1" if place is None or place.is_first_col() else "")


def _width_axis(axes: Axes, table: pd.DataFrame) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(table["width"].unique()))
    axes.set_xlabel("units")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()


def _legend(figure: Figure, conditions: pd.Series) -> None:
    handles: list[Line2D] = [
        legend_handle(PROBES[name]) for name in in_order(PROBES, conditions.dropna())
    ]
    dotted = line_handle("all units", ":")
    handles += [dotted, line_handle("ideal observer's loss", "--")]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
