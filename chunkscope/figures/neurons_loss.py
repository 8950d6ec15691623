"""What networks learn, beside how active their units are and how far the symbol tells them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.figures.neurons_looks import (
    KINDS,
    Group,
    Runs,
    draw_kind,
    kind_handles,
    layer_names,
    legend,
    reach,
)
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import BLACK, note, row_title, span_of, styled
from chunkscope.statistics import summarise

FACTS = {
    "active": "active",
    "token_share": "told by symbol",
    "constant": "constant",
    "dead": "dead",
}
"""Fact -> the title of its panel; all are shares, of which that of R2 alone has no bound below."""
LOSSES = {"loss": "validation loss", "training_loss": "training loss"}
PANEL = 1.6  # inches
APART, ASIDE = 0.24, 0.1  # of a layer, between runs, and between trained and untrained
COLUMNS = ["group", "run", "what", "condition", "step", "site", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_loss(
    training: Mapping[str, pd.DataFrame],
    facts: pd.DataFrame,
    runs: Runs,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each pair: losses, and a panel for each fact.

    Args:
        training: run -> the ``training.csv`` of its networks.
        facts: of all runs.

    Returns:
        The figure, and its marks: :data:`COLUMNS`, means over seeds.
    """
    groups = runs.groups
    figure = Figure(figsize=(settings.width, (PANEL + 0.3) * len(groups) + 0.9))
    figure.set_layout_engine("constrained")
    parts = figure.subfigures(len(groups), 1, squeeze=False)[:, 0]
    shown = []
    for at, (part, group) in enumerate(zip(parts, groups, strict=True)):
        row_title(part, at, group.name)
        grid = part.subplots(1, 1 + len(FACTS), width_ratios=[2.1, *(1 for _ in FACTS)])
        losses = _draw_losses(grid[0], training, runs, group)
        shown.append(losses.assign(group=group.name))
        for axes, fact in zip(grid[1:], FACTS, strict=True):
            of = facts[(facts["fact"] == fact) & facts["run"].isin(group.runs)]
            _draw_fact(axes, of, runs, group)
            axes.set_title(FACTS[fact])
            shown.append(of.assign(group=group.name, what=fact))
    lines = [
        Line2D([], [], color=BLACK, linewidth=1.2, label="validation loss (thin: one seed)"),
        Line2D([], [], color=BLACK, linewidth=0.9, linestyle=":", label="training loss"),
    ]
    legend(figure, [*runs.handles, *lines, *kind_handles(KINDS[:2])], 3)
    note(
        figure,
        "Active: share of symbols at which a unit is above 0, mean over units. Told by symbol: R2 "
        "of the mean that a unit did at the current symbol, on documents that were not used for "
        "it, median over units that vary. Constant: share of units that do not vary, those among "
        "them that are 0 throughout are dead. By layer, from 0; 95 % intervals over "
        f"n = {span_of(facts['n'])} seeds.",
    )
    return figure, pd.concat(shown, ignore_index=True).reindex(columns=COLUMNS)


def _draw_losses(
    axes: Axes, training: Mapping[str, pd.DataFrame], runs: Runs, group: Group
) -> pd.DataFrame:
    """Curves of the runs of a group, and their means over seeds."""
    means = []
    for run in group.runs:
        look, table = runs.look(run), training[run]
        for _, of in table.groupby("seed"):
            axes.plot(of["step"], of["loss"], color=look.color, linewidth=0.5, alpha=0.6)
        long = table.melt(["step", "seed"], list(LOSSES), "what").dropna(subset="value")
        mean = summarise(long, ["what", "step"])
        for what, line, marker in (("loss", "-", look.marker), ("training_loss", ":", "")):
            of = mean[mean["what"] == what]
            axes.plot(of["step"], of["mean"], color=look.color, linestyle=line, marker=marker,
                      markersize=3.5, linewidth=1.1)  # fmt: skip
        means.append(mean.assign(run=run))
    axes.set_title("loss (nats per symbol)")
    axes.set_xlabel("training step")
    return pd.concat(means)


def _draw_fact(axes: Axes, rows: pd.DataFrame, runs: Runs, group: Group) -> None:
    layers = layer_names(rows["site"])
    places = {site: at for at, site in enumerate(layers)}
    for turn, run in enumerate(group.runs):
        for aside, kind in enumerate(KINDS[:2]):
            of = rows[(rows["run"] == run) & (rows["condition"] == kind.condition)]
            at = of["site"].map(places) + APART * (turn - (len(group.runs) - 1) / 2)
            draw_kind(axes, at + ASIDE * aside, of, runs.look(run), kind)
    low, high = reach(rows)
    axes.set_ylim(min(low, 0) - 0.05, max(high, 1) + 0.05)
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_xticks(range(len(layers)), list(layers.values()))
    axes.set_xlim(-0.5, max(len(layers), 1) - 0.5)
    axes.set_xlabel("layer")
