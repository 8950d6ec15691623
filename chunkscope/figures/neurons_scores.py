"""How scores are spread over units, trained and untrained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from chunkscope.figures.neurons_looks import Runs, main_explainer, shown_protocols, words
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import BLACK, GREY, SMALL, note, row_title, styled, tint
from chunkscope.neurons.controls import OWN
from chunkscope.neurons.summary import TRAINED

MEASURE = "pearson"
EDGES = np.linspace(-1, 1, 41)
PANEL = 1.5  # inches
TINT = 0.55
COLUMNS = ["group", "protocol", "run", "condition", "bin", "low", "high", "units", "share"]
NONE = "without a score"
"""Bin of the units that have none; their share is of all units, as everyone's."""


@styled
def draw_scores(
    scores: Mapping[tuple[str, str], pd.DataFrame], runs: Runs, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each pair: under two protocols, a panel for each run.

    Args:
        scores: (run, condition) -> its ``scores.csv``.

    Returns:
        The figure, and its bars: :data:`COLUMNS`; ``low, high`` are the bounds of a bin.
    """
    first = next(iter(scores.values()))
    explainer, protocols = main_explainer(first["explainer"]), shown_protocols(first["protocol"])
    groups = runs.groups
    figure = Figure(figsize=(settings.width, (PANEL + 0.3) * len(groups) + 0.9))
    figure.set_layout_engine("constrained")
    parts = figure.subfigures(len(groups), 1, squeeze=False)[:, 0]
    found = [
        _bins(table, explainer, protocol).assign(run=run, condition=condition, protocol=protocol)
        for (run, condition), table in scores.items()
        for protocol in protocols
    ]
    bars = pd.concat(found, ignore_index=True)
    shown = []
    for at, (part, group) in enumerate(zip(parts, groups, strict=True)):
        row_title(part, at, group.name)
        cells = [(protocol, run) for protocol in protocols for run in group.runs]
        grid = part.subplots(1, len(cells), squeeze=False, sharey=True)[0]
        for axes, (protocol, run) in zip(grid, cells, strict=True):
            of = bars[(bars["run"] == run) & (bars["protocol"] == protocol)]
            _draw(axes, of, runs.look(run).color)
            _frame(axes, bars)
            axes.set_title(f"{run}: {words(protocol)}")
            shown.append(of.assign(group=group.name))
        grid[0].set_ylabel("share of units")
    handles: list[Line2D | Patch] = [
        *(Patch(facecolor=tint(look.color, TINT), label=look.label) for look in runs.looks),
        Patch(facecolor=GREY, label="trained"),
        Line2D([], [], color=BLACK, linewidth=0.9, label="untrained"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=5)
    note(
        figure,
        f"Correlations of single units, explainer {explainer}, all layers (the last included) and "
        "all seeds together. Shares are of all units, and those without a score, counted in each "
        f"panel, have no bar. Bins of {EDGES[1] - EDGES[0]:.2g}.",
    )
    return figure, pd.concat(shown, ignore_index=True)[COLUMNS]


def _bins(scores: pd.DataFrame, explainer: str, protocol: str) -> pd.DataFrame:
    """How many units lie in each bin, and have no score."""
    own = scores[
        (scores["explainer"] == explainer)
        & (scores["protocol"] == protocol)
        & (scores["control"] == OWN)
    ]
    values = own[MEASURE].to_numpy(float)
    counts = np.histogram(values[np.isfinite(values)].clip(-1, 1), EDGES)[0]
    missing = int((~np.isfinite(values)).sum())
    table = pd.DataFrame(
        {
            "bin": ["score"] * len(counts) + [NONE],
            "low": [*EDGES[:-1], np.nan],
            "high": [*EDGES[1:], np.nan],
            "units": [*counts, missing],
        }
    )
    return table.assign(share=table["units"] / max(len(values), 1))


def _draw(axes: Axes, bars: pd.DataFrame, color: str) -> None:
    """Bars of the trained networks, the outline of the untrained ones, and who has no score."""
    lines = []
    for condition, table in bars.groupby("condition", sort=False):
        inside, none = table[table["bin"] != NONE], table[table["bin"] == NONE]["units"].iloc[0]
        if condition == TRAINED:
            axes.stairs(inside["share"], EDGES, fill=True, color=tint(color, TINT))
        else:
            axes.stairs(inside["share"], EDGES, color=BLACK, linewidth=0.9)
        lines.append(f"{condition} {none} of {table['units'].sum()}")
    axes.text(
        0.03, 0.98, "\n".join(["without score:", *lines]), transform=axes.transAxes, size=SMALL,
        va="top",
    )  # fmt: skip


def _frame(axes: Axes, bars: pd.DataFrame) -> None:
    """The same axes in all panels, with room for words above the highest bar of any."""
    inside = bars[bars["bin"] != NONE]
    left = min(-0.25, float(inside.loc[inside["units"] > 0, "low"].min()))
    axes.set_xlim(left, 1)
    axes.set_ylim(0, 1.75 * max(float(inside["share"].max()), 1e-3))
    axes.set_xlabel("correlation")
