"""Scores of units by layer, under every protocol, beside what must not do as well."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.neurons_looks import (
    KINDS,
    Runs,
    draw_kind,
    kind_handles,
    layer_names,
    legend,
    main_explainer,
    of_kind,
    reach,
    words,
)
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import PALE, note, row_title, span_of, styled
from chunkscope.neurons.summary import ALL, AS_ZERO

PER_ROW = 4
PANEL = 1.6  # inches, height of a row of panels
MEASURE = "pearson"
APART, ASIDE = 0.18, 0.05  # of a layer, between the runs of a panel, and of floors from a run
COLUMNS = ["group", "protocol", "run", "kind", "site", "mean", "ci_low", "ci_high", "n", "units"]


@styled
def draw_layers(
    summary: pd.DataFrame, runs: Runs, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each pair, a panel for each protocol.

    Args:
        summary: of all runs.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``kind`` says whose explanation of which
        network it is.
    """
    explainer = main_explainer(summary["explainer"])
    rows = summary[
        (summary["explainer"] == explainer)
        & (summary["measure"] == MEASURE)
        & (summary["policy"] == AS_ZERO)
        & (summary["site"] != ALL)
    ]
    protocols = list(dict.fromkeys(rows["protocol"]))
    bands = -(-len(protocols) // PER_ROW)
    groups = runs.groups
    height = PANEL * bands * len(groups) + 0.3 * len(groups) + 0.9
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    parts = figure.subfigures(len(groups), 1, squeeze=False)[:, 0]
    low, high = reach(rows)
    shown = []
    for at, (part, group) in enumerate(zip(parts, groups, strict=True)):
        of = rows[rows["run"].isin(group.runs)]
        row_title(part, at, group.name)
        grid = part.subplots(bands, min(len(protocols), PER_ROW), squeeze=False).ravel()
        for empty in grid[len(protocols) :]:
            empty.remove()
        for axes, protocol in zip(grid, protocols, strict=False):
            marks = _draw(axes, of[of["protocol"] == protocol], runs, group.runs)
            shown.append(marks.assign(group=group.name))
            axes.set_title(words(protocol))
            axes.set_ylim(min(low, 0) - 0.05, min(high + 0.05, 1.02))
            axes.set_xlabel("layer")
        for axes in grid[: len(protocols) : PER_ROW]:
            axes.set_ylabel("mean correlation")
    legend(figure, [*runs.handles, *kind_handles()], 3)
    note(
        figure,
        f"Explainer: {explainer}. Layers from 0, the last included. Means over the units of a "
        "layer, those without a score as 0, with 95 % intervals over "
        f"n = {span_of(rows['n'])} seeds. Another unit's and a shuffled explanation are of the "
        "trained networks.",
    )
    return figure, pd.concat(shown, ignore_index=True)[COLUMNS]


def _draw(axes: Axes, rows: pd.DataFrame, runs: Runs, names: tuple[str, ...]) -> pd.DataFrame:
    layers = layer_names(rows["site"])
    places = {site: at for at, site in enumerate(layers)}
    axes.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    shown = [rows.iloc[:0].assign(kind="")]
    for turn, run in enumerate(names):
        for kind in KINDS:
            of = of_kind(rows[rows["run"] == run], kind)
            at = of["site"].map(places) + APART * (turn - (len(names) - 1) / 2)
            draw_kind(axes, at + ASIDE * kind.aside, of, runs.look(run), kind)
            shown.append(of.assign(kind=kind.label))
    axes.set_xticks(range(len(layers)), list(layers.values()))
    axes.set_xlim(-0.4, max(len(layers), 1) - 0.6)
    return pd.concat(shown)
