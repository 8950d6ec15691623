"""All extractors beside one another, each with its untrained network."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SMALL,
    Look,
    in_order,
    interval,
    legend_handle,
    line_handle,
    note,
    span_of,
    styled,
)

MEASURES = {
    "boundary_f1": "boundary F1",
    "word_recall": "word recall",
    "word_precision": "word precision",
    "state_ari": "state ARI",
    "state_v_measure": "state V-measure",
}
"""Measure of the table -> its title; all lie between 0 and 1."""

EXTRACTORS = {
    "density": "HDBSCAN states",
    "trajectories": "HDBSCAN paths",
    "kmeans": "k-means, same k",
    "mixture": "Gaussian mixture, same k",
    "prototypes": "prototypes (UCD), same k",
    "autoencoder": "sparse autoencoder",
    "symbolic": "level strings (DSC)",
    "symbolic_merged": "level strings, MDL merging",
    "averaging": "population averaging*",
    "byte_pairs": "byte pairs, no network",
    "shuffled": "shuffled time",
}
"""Row of the table -> its name, in the order of the figure."""

TRAINED = Look("trained network", BLUE, "o")
UNTRAINED = Look("untrained network", ORANGE, "s")
REFERENCE = Look("no network, or no order", GREY, "D")
ROW_HEIGHT = 0.15  # inches an extractor


@styled
def draw_extractors(
    extractors: pd.DataFrame, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Every extractor of every run on every measure.

    Args:
        extractors: ``run, row, measure, mean, ci_low, ci_high, n, floor, ceiling``; a row
            ``untrained_x`` is extractor ``x`` on the untrained network, ``untrained`` the density
            states of it.

    Returns:
        The figure, and the rows of the table that it shows.
    """
    data = _shown(extractors)
    runs = data["run"].unique().tolist()
    names = in_order(EXTRACTORS, data["extractor"])
    height = len(runs) * (len(names) * ROW_HEIGHT + 0.2) + 1.0
    layout = ConstrainedLayoutEngine(w_pad=0.02, wspace=0.02)
    figure = Figure(figsize=(settings.width, height), layout=layout)
    grid = figure.subplots(len(runs), len(MEASURES), squeeze=False, sharex=True)
    for run, row in zip(runs, grid, strict=True):
        of_run = data[data["run"] == run]
        for axes, measure in zip(row, MEASURES, strict=True):
            _draw_cell(axes, of_run[of_run["measure"] == measure], names)
            axes.tick_params(labelleft=axes is row[0], left=False)
        row[0].set_yticks(range(len(names)), [EXTRACTORS[name] for name in names])
        row[0].set_ylabel(run, rotation=0, ha="right", weight="bold", labelpad=4)
    for axes, title in zip(grid[0], MEASURES.values(), strict=True):
        axes.set_title(title, loc="center", size=7.5)
    _explain(figure, data)
    return figure, data


def _shown(extractors: pd.DataFrame) -> pd.DataFrame:
    """The rows that are drawn, with the ``extractor`` whose line each stands on."""
    bare = extractors["row"].str.removeprefix("untrained").str.removeprefix("_")
    named = extractors.assign(extractor=bare.replace("", "density"))
    kept = named["measure"].isin(MEASURES) & named["extractor"].isin(EXTRACTORS)
    return named.loc[kept, ["run", "extractor", *extractors.columns.drop("run")]]


def _draw_cell(axes: Axes, table: pd.DataFrame, names: list[str]) -> None:
    """The extractors of one run on one measure: trained above, untrained below."""
    for _, row in table.iterrows():
        at, look = names.index(row["extractor"]), _look(row["row"])
        untrained = look is UNTRAINED
        y = at + (0.22 if untrained else -0.12)
        if not untrained:
            axes.vlines(row["ceiling"], at - 0.5, at + 0.5, color=BLACK, ls=":", lw=0.8)
            axes.vlines(row["floor"], at - 0.42, at + 0.42, color=BLACK, ls=(0, (2, 1)), lw=0.8)
        if pd.notna(row["mean"]):
            interval(axes, y, row, look)
        else:
            x = 0.75 if untrained else 0.4
            axes.text(x, at, "n.e.", color=look.color, size=SMALL, ha="center", va="center")
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-0.06, 1.06)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)


def _look(row: str) -> Look:
    if row.startswith("untrained"):
        return UNTRAINED
    return REFERENCE if row in ("byte_pairs", "shuffled") else TRAINED


def _explain(figure: Figure, data: pd.DataFrame) -> None:
    looks = [legend_handle(look) for look in (TRAINED, UNTRAINED, REFERENCE)]
    lines = [line_handle("floor", "--"), line_handle("ceiling", ":")]
    figure.legend(handles=[*looks, *lines], loc="outside upper center", ncols=5)
    members = span_of(data.loc[data["row"] == "density", "n"])
    note(
        figure,
        f"Means over the same {members} members of each run, with 95 % intervals; open: a single "
        "value. Floor: shuffled time; for boundary F1 the better of random ones and of every step. "
        "n.e.: not estimable. *Population averaging is told the true states of the train split, "
        "and so is no rival of the others.",
    )
