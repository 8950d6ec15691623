"""One look for all figures: colours that a colour-blind reader tells apart, and never alone.

Every series has a marker or a label besides its colour (Okabe & Ito 2008), floors are dashed and
ceilings dotted, and no letter is printed smaller than 7 pt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import wraps
from string import ascii_lowercase
from typing import Literal, ParamSpec, TypeVar

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

BLACK, GREY, PALE = "#1a1a1a", "#767676", "#d9d9d9"
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, VERMILLION, PURPLE = "#E69F00", "#D55E00", "#CC79A7"
YELLOW = "#F0E442"

ACTIVITY = LinearSegmentedColormap.from_list(
    "activity", ["#062a5c", "#4f8cc4", "#ffffff", "#f6cf82", "#e08a00"]
)
"""Diverging; its ends differ in lightness too, so that the sign survives a greyscale print."""
SHARE = LinearSegmentedColormap.from_list("share", ["#ffffff", "#9ecae1", "#08519c"])
"""Probabilities, 0 white."""

SMALL = 7.0  # points, the smallest letters
STYLE = {
    "axes.edgecolor": BLACK,
    "axes.labelcolor": BLACK,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.titlesize": 8.0,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "hatch.linewidth": 0.5,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "pdf.fonttype": 42,
    "xtick.labelsize": SMALL,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 2.5,
    "ytick.major.width": 0.6,
}


@dataclass(frozen=True)
class Look:
    """How a series is drawn, wherever it is drawn."""

    label: str
    color: str
    marker: str


READINGS = {
    "density": Look("HDBSCAN states", BLUE, "o"),
    "kmeans": Look("k-means, same k", GREEN, "^"),
    "untrained": Look("untrained network", ORANGE, "s"),
    "byte_pairs": Look("byte pairs, raw symbols", PURPLE, "D"),
    "shuffled": Look("shuffled time", GREY, "X"),
}
"""Row of the score table -> its look; the order is that of the figures."""

CONDITIONS = {
    "none": Look("left alone", BLACK, "|"),
    "target": Look("donor", BLUE, "o"),
    "wrong donor": Look("wrong donor", VERMILLION, "s"),
    "random observed state": Look("random observed state", ORANGE, "D"),
    "random direction": Look("random direction", GREEN, "^"),
    "gaussian": Look("matched Gaussian", PURPLE, "v"),
    "random units": Look("random other units", SKY, "P"),
    "zero": Look("zero", GREY, "X"),
    "identity": Look("identity", GREY, "+"),
}
"""What is put in the donor's place -> its look."""

P = ParamSpec("P")
T = TypeVar("T")


def style() -> AbstractContextManager[None]:
    """The style, whatever the user's own matplotlib settings are."""
    context: AbstractContextManager[None] = matplotlib.style.context(["default", STYLE])
    return context


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """A drawing function that draws in the style."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> T:
        with style():
            return draw(*args, **kwargs)

    return drawn


def panels(
    count: int, per_row: int, size: tuple[float, float], rows: int = 1
) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a column of ``rows`` axes for each of ``count`` panels, wrapped.

    Args:
        per_row: panels side by side at most.
        size: width of the figure, height of one panel row (inches).

    Returns:
        The figure, and the axes of every panel from top to bottom.
    """
    columns = max(1, min(count, per_row))
    bands = -(-count // columns)
    figure = Figure(figsize=(size[0], size[1] * bands * rows + 0.4), layout="constrained")
    grid = figure.subplots(bands * rows, columns, squeeze=False)
    for empty in range(count, bands * columns):
        for row in range(rows):
            grid[empty // columns * rows + row, empty % columns].remove()
    return figure, [
        [grid[at // columns * rows + row, at % columns] for row in range(rows)]
        for at in range(count)
    ]


def interval(axes: Axes, at: float, row: pd.Series, look: Look, *, vertical: bool = False) -> None:
    """A mean with its interval; a mean without one (a single value) is an open marker.

    Args:
        at: place among the categories.
        row: ``mean, ci_low, ci_high``.
        vertical: whether values run upwards and categories sideways.
    """
    mean, low, high = row[["mean", "ci_low", "ci_high"]].astype(float).tolist()
    known = bool(np.isfinite([low, high]).all())
    if known:
        lines = axes.vlines if vertical else axes.hlines
        lines(at, low, high, color=look.color, linewidth=1.1)
    stroke = look.marker in "|+x"
    x, y = (at, mean) if vertical else (mean, at)
    axes.plot(
        [x],
        [y],
        look.marker,
        color=look.color,
        markerfacecolor=look.color if known or stroke else "white",
        markersize=6 if look.marker == "|" else 4,
        markeredgewidth=1.2 if stroke else 0.8,
        clip_on=False,
    )


def curve(axes: Axes, at: ArrayLike, rows: pd.DataFrame, look: Look) -> None:
    """Means joined by a line, with their intervals.

    Args:
        at: (row,) where each stands on the axis sideways.
        rows: ``mean, ci_low, ci_high``, from left to right.
    """
    places = np.asarray(at, dtype=float)
    axes.plot(places, rows["mean"], color=look.color, linewidth=0.9, zorder=1)
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        interval(axes, float(place), row, look, vertical=True)


def not_estimable(axes: Axes, x: float, y: float, ha: str = "left") -> None:
    """What stands where a number cannot be given."""
    axes.text(x, y, "not estimable", color=GREY, size=SMALL, style="italic", ha=ha, va="center")


def legend_handle(look: Look) -> Line2D:
    """The marker of a look, with its label."""
    return Line2D(
        [], [], color=look.color, marker=look.marker, linestyle="", markersize=4, label=look.label
    )


def line_handle(label: str, linestyle: Literal[":", "--"]) -> Line2D:
    """A line of the legend."""
    return Line2D([], [], color=BLACK, linestyle=linestyle, linewidth=0.9, label=label)


def letter(axes: Axes, text: str) -> None:
    """The letter of a panel, bold, beside its title."""
    title = axes.get_title("left")
    axes.set_title(f"$\\bf{{{text}}}$  {title}" if title else f"$\\bf{{{text}}}$")


def nth_letter(at: int) -> str:
    """The letter of the panel at a place from 0 on: a to z, then aa, bb."""
    return ascii_lowercase[at % 26] * (at // 26 + 1)


def row_title(part: SubFigure, at: int, name: str) -> None:
    """The letter and the name of a row of panels, ``at`` rows from the top."""
    text = f"{nth_letter(at)}  {name}"
    part.suptitle(text, x=0.01, ha="left", size=8.5, weight="bold")


def note(figure: Figure, text: str) -> None:
    """What the marks mean and how many there are, under the panels."""
    figure.supxlabel(text, x=0.01, ha="left", size=SMALL, color=GREY, wrap=True)


def tint(color: str, amount: float) -> tuple[float, float, float]:
    """A colour mixed with white; ``amount`` 1 is the colour."""
    red, green, blue = (1 - amount * (1 - part) for part in to_rgb(color))
    return red, green, blue


def span_of(values: ArrayLike) -> str:
    """``"10"`` or ``"10-20"``: how many, for a note."""
    counts = np.asarray(values, dtype=int)
    low, high = int(counts.min(initial=counts.max(initial=0))), int(counts.max(initial=0))
    return str(low) if low == high else f"{low}\N{EN DASH}{high}"


def in_order(known: Iterable[str], present: Iterable[str]) -> list[str]:
    """The known names that are present, in the known order."""
    there = set(present)
    return [name for name in known if name in there]
