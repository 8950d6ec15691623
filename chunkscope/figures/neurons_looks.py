"""What the figures of neurons share: two colours for white box and twin, and what is filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from chunkscope.figures.style import BLACK, BLUE, GREEN, PURPLE, VERMILLION, Look, in_order
from chunkscope.neurons.comparison import SYMBOLS
from chunkscope.neurons.controls import ANOTHER, OWN, SHUFFLED
from chunkscope.neurons.summary import TRAINED, UNTRAINED

LOOKS = {
    "crate": Look("CRATE (white box)", BLUE, "o"),
    "gpt": Look("GPT", VERMILLION, "s"),
    "latents": Look("sparse code of the GPT", GREEN, "^"),
    "other": Look("other network", PURPLE, "D"),
}
"""Architecture -> its look, wherever it is drawn."""

SHOWN = ("random_only", "wide")
"""Protocols that figures show which have no room for all of them."""


@dataclass(frozen=True)
class Kind:
    """Whose score a mark is, whatever its colour.

    Attributes:
        aside: which way it stands beside another kind that it may lie on; 0 if on none.
    """

    label: str
    condition: str
    control: str
    filled: bool = True
    line: Literal["-", "--", "none"] = "none"
    marker: str = ""
    aside: int = 0


KINDS = (
    Kind("trained", TRAINED, OWN, line="-"),
    Kind("untrained", UNTRAINED, OWN, filled=False, line="--"),
    Kind("another unit's explanation", TRAINED, ANOTHER, marker="x", aside=-1),
    Kind("shuffled explanation", TRAINED, SHUFFLED, marker="+", aside=1),
)
"""A mark of its own, or the architecture's: filled if trained, open if not."""


@dataclass(frozen=True)
class Group:
    """Runs that are drawn in one panel: a white box and its twin, perhaps with a sparse code of
    it, or a run without either."""

    runs: tuple[str, ...]

    @property
    def name(self) -> str:
        """What stands above the panel."""
        first, *others = self.runs
        return f"{first} beside {' and '.join(others)}" if others else first


@dataclass(frozen=True)
class Runs:
    """The runs of a figure.

    Attributes:
        architectures: run -> architecture.
        pairs: white box and twin; see :func:`chunkscope.workflow.white_box_pairs`.
    """

    architectures: Mapping[str, str]
    pairs: Sequence[Sequence[str]] = ()

    @property
    def groups(self) -> list[Group]:
        """The pairs, then every run without one."""
        paired = {run for pair in self.pairs for run in pair}
        alone = [Group((run,)) for run in self.architectures if run not in paired]
        return [*(Group(tuple(pair)) for pair in self.pairs), *alone]

    def look(self, run: str) -> Look:
        """How a run is drawn."""
        return LOOKS.get(self.architectures[run], LOOKS["other"])

    @property
    def looks(self) -> list[Look]:
        """Those of the architectures that there are."""
        there = [self.look(run) for run in self.architectures]
        return [look for look in LOOKS.values() if look in there]

    @property
    def handles(self) -> list[Line2D]:
        """The architectures that there are, for a legend."""
        return [
            Line2D([], [], color=look.color, marker=look.marker, markersize=4, label=look.label)
            for look in self.looks
        ]

    def of(self, runs: Iterable[str]) -> Runs:
        """Some of them alone, with the pairs of which both are there."""
        kept = in_order(self.architectures, runs)
        return Runs(
            {run: self.architectures[run] for run in kept},
            [pair for pair in self.pairs if set(pair) <= set(kept)],
        )


def kind_handles(kinds: Iterable[Kind] = KINDS) -> list[Line2D]:
    """What is filled, open and crossed, in no architecture's colour."""
    return [
        Line2D([], [], color=BLACK, linestyle=kind.line, linewidth=0.9,
               marker=kind.marker or "o", markersize=4, label=kind.label,
               markerfacecolor=BLACK if kind.filled else "white")
        for kind in kinds
    ]  # fmt: skip


def of_kind(table: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Rows of a summary of this condition, whose explanations these are."""
    return table[(table["condition"] == kind.condition) & (table["control"] == kind.control)]


def draw_kind(
    axes: Axes, at: ArrayLike, rows: pd.DataFrame, look: Look, kind: Kind, *, sideways: bool = False
) -> None:
    """Means with their intervals, if there are any, joined by the line of their kind.

    Args:
        at: (row,) where each stands among the categories.
        rows: ``mean, ci_low, ci_high``.
        sideways: whether values run sideways and categories down; nothing is joined then.
    """
    places, mean = np.asarray(at, dtype=float), rows["mean"].to_numpy(float)
    low, high = rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float)
    lines = axes.hlines if sideways else axes.vlines
    lines(places, low, high, color=look.color, linewidth=0.9, zorder=2)
    x, y = (mean, places) if sideways else (places, mean)
    axes.plot(
        x,
        y,
        linestyle="none" if sideways else kind.line,
        linewidth=0.9,
        color=look.color,
        marker=kind.marker or look.marker,
        markersize=4,
        markeredgewidth=0.8,
        markerfacecolor=look.color if kind.filled else "white",
        zorder=2.5,
    )


def reach(rows: pd.DataFrame) -> tuple[float, float]:
    """The least and the most of means and of intervals of more than two, 0 if there is none.

    Student's t of two seeds is so wide that nothing else could be seen.
    """
    bounds = rows[["ci_low", "ci_high"]].where(rows["n"] > 2)
    values = np.concatenate([rows["mean"].to_numpy(float), bounds.to_numpy(float).ravel()])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)


def layer_names(sites: Iterable[str]) -> dict[str, str]:
    """Site -> the number of its layer, from 0; the whole name where that tells no two apart."""
    known = list(dict.fromkeys(sites))
    numbers = [re.search(r"\.(\d+)\.", site) for site in known]
    names = [found[1] if found else site for site, found in zip(known, numbers, strict=True)]
    return dict(zip(known, known if len(set(names)) < len(known) else names, strict=True))


def words(name: str) -> str:
    """A name of the settings as a person would write it."""
    return name.replace("_", " ")


def shown_protocols(present: Iterable[str]) -> list[str]:
    """Those of :data:`SHOWN`; without them the first two that there are."""
    names = list(dict.fromkeys(present))
    return in_order(SHOWN, names) or names[:2]


def main_explainer(present: Iterable[str]) -> str:
    """Tables of symbols; without them the first explainer."""
    names = list(dict.fromkeys(present))
    return SYMBOLS if SYMBOLS in names or not names else names[0]


def legend(figure: Figure, handles: Sequence[Line2D], columns: int = 6) -> None:
    """Above all panels, so that none is covered."""
    figure.legend(handles=handles, loc="outside upper center", ncols=columns)
