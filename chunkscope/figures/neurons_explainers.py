"""Explainers beside one another on every measure, with how long what they say is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from chunkscope.figures.neurons_looks import (
    KINDS,
    Group,
    Runs,
    draw_kind,
    kind_handles,
    legend,
    of_kind,
    reach,
    shown_protocols,
    words,
)
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    GREY,
    PALE,
    SMALL,
    in_order,
    note,
    row_title,
    span_of,
    styled,
)
from chunkscope.neurons.controls import OWN
from chunkscope.neurons.summary import ALL, AS_ZERO, SCORED

MEASURES = {
    "pearson": ("correlation", AS_ZERO),
    "r2": ("$R^2$", AS_ZERO),
    "auprc": ("AUPRC", SCORED),
    "detection": ("detection", SCORED),
    "fuzzing": ("fuzzing", SCORED),
}
"""Measure -> its title, and what becomes of units without a score: 0 where that is chance."""
CHANCE = {"pearson": 0.0, "r2": 0.0, "detection": 0.5, "fuzzing": 0.5}
LEAST = -1.0  # of the axis of R2, which has no bound below
LINE = 0.37  # inches, an explainer
COLUMNS = [
    *("group", "protocol", "run", "kind", "explainer", "measure", "policy"),
    *("mean", "ci_low", "ci_high", "n", "units", "share_scored", "length"),
]


@styled
def draw_explainers(
    summary: pd.DataFrame,
    scores: Mapping[str, pd.DataFrame],
    runs: Runs,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each pair, a panel for each measure, of one protocol.

    Args:
        summary: of all runs.
        scores: run -> its ``scores.csv``, for the lengths of explanations.

    Returns:
        The figure, and its marks: :data:`COLUMNS`, means over all layers; ``share_scored`` of the
        units have a score, and ``length`` is the median of the trained network's explanations.
    """
    protocols = shown_protocols(summary["protocol"])[:1]
    rows = _shown(summary, scores, protocols)
    names = list(dict.fromkeys(rows["explainer"]))
    cells = [(group, protocol) for group in runs.groups for protocol in protocols]
    height = len(cells) * (LINE * len(names) + 0.55) + 1.0
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    parts = figure.subfigures(len(cells), 1, squeeze=False)[:, 0]
    shown = []
    for at, (part, (group, protocol)) in enumerate(zip(parts, cells, strict=True)):
        of = rows[rows["run"].isin(group.runs) & (rows["protocol"] == protocol)]
        row_title(part, at, f"{group.name}: {words(protocol)}")
        _draw_row(part, of, runs, group, names)
        shown.append(of.assign(group=group.name))
    legend(figure, [*runs.handles, *kind_handles()], 3)
    note(
        figure,
        "Means over the units of a layer, then over all layers, with 95 % intervals over "
        f"n = {span_of(rows['n'])} seeds. Correlation and R2: units without a score as 0; the "
        "others: over the units that have one (grey: their share, of own explanations). Vertical: "
        "chance, or 0. A mark at the left edge of R2 lies beyond it. Under an explainer: median "
        "parts of an explanation (trained), and of how many units a layer, where not of all.",
    )
    return figure, pd.concat(shown, ignore_index=True)[COLUMNS]


def _shown(
    summary: pd.DataFrame, scores: Mapping[str, pd.DataFrame], protocols: list[str]
) -> pd.DataFrame:
    """The means over layers that are drawn, with the share of units behind them, and lengths."""
    rows = summary[(summary["site"] == ALL) & summary["protocol"].isin(protocols)]
    key = ["run", "condition", "protocol", "explainer", "control", "measure"]
    units = rows.pivot_table(index=key, columns="policy", values="units").reindex(
        columns=[AS_ZERO, SCORED]
    )
    share = (units[SCORED] / units[AS_ZERO]).rename("share_scored").reset_index()
    policies = {measure: policy for measure, (_, policy) in MEASURES.items()}
    rows = rows[rows["policy"] == rows["measure"].map(policies)].merge(share, on=key)
    kinds = [of_kind(rows, kind).assign(kind=kind.label) for kind in KINDS]
    return pd.concat(kinds).merge(_lengths(scores), on=["run", "protocol", "explainer"], how="left")


def _lengths(scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Median length of the explanations of every run, and of how many units of a layer at most."""
    tables = []
    for run, table in scores.items():
        own = table[table["control"] == OWN]
        by = own.groupby(["protocol", "explainer"], sort=False)
        most = own.groupby(["protocol", "explainer", "seed", "site"], sort=False).size()
        found = by.agg(length=("length", "median"))
        found["explained"] = most.groupby(level=[0, 1]).max()
        tables.append(found.reset_index().assign(run=run))
    return pd.concat(tables, ignore_index=True)


def _draw_row(
    part: SubFigure, rows: pd.DataFrame, runs: Runs, group: Group, names: list[str]
) -> None:
    measures = in_order(MEASURES, rows["measure"])
    grid = part.subplots(1, max(1, len(measures)), squeeze=False, sharey=True)[0]
    for axes, measure in zip(grid, measures, strict=False):
        of = rows[rows["measure"] == measure]
        for turn, run in enumerate(group.runs):
            offset = 0.36 * (turn - (len(group.runs) - 1) / 2)
            _draw_run(axes, of[of["run"] == run], runs, names, offset)
        _frame(axes, of, measure)
    grid[0].set_yticks(range(len(names)), [_label(name, rows) for name in names])
    grid[0].set_ylim(len(names) - 0.5, -0.5)


def _draw_run(axes: Axes, rows: pd.DataFrame, runs: Runs, names: list[str], offset: float) -> None:
    for kind in KINDS:
        of = rows[rows["kind"] == kind.label]
        if of.empty:
            continue
        look = runs.look(str(of["run"].iloc[0]))
        own = kind is KINDS[0]
        line = kind.aside or (-1 if own else 1)  # the upper or the lower one of its run
        at = of["explainer"].map(names.index) + offset + 0.08 * line
        beyond = (of["mean"] < LEAST) & (of["measure"] == "r2")
        draw_kind(axes, at[~beyond], of[~beyond], look, kind, sideways=True)
        filled = look.color if kind.filled else "white"
        for y in at[beyond]:
            axes.plot(LEAST, y, "<", color=look.color, markersize=4, markerfacecolor=filled)
        if own and (of["policy"] == SCORED).all():
            for y, share in zip(at, of["share_scored"], strict=True):
                axes.text(
                    1.42,
                    y,
                    f"{share:.0%}",
                    size=SMALL,
                    color=GREY,
                    ha="right",
                    va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )


def _frame(axes: Axes, rows: pd.DataFrame, measure: str) -> None:
    title, policy = MEASURES[measure]
    if measure in CHANCE:
        axes.axvline(CHANCE[measure], color=PALE, linewidth=0.8, zorder=0)
    low = max(reach(rows)[0], LEAST)
    axes.set_xlim(min(low - 0.05, -0.05), 1.42 if policy == SCORED else 1.05)
    axes.set_xticks([LEAST, 0, 1] if low < -0.5 else [0, 0.5, 1])
    axes.set_title(title)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)


def _label(name: str, rows: pd.DataFrame) -> str:
    """An explainer, how long what it says is, and of how many units it says it."""
    own = rows[rows["explainer"] == name]
    if own["length"].isna().all():
        return words(name)
    said = f"{words(name)}\nlength {_span(own['length'])}"
    fewer = own["explained"].max() < rows["explained"].max()
    return f"{said}\n{own['explained'].max():.0f} units" if fewer else said


def _span(values: pd.Series) -> str:
    low, high = np.nanmin(values), np.nanmax(values)
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f}\N{EN DASH}{high:.0f}"
