"""The graft matrix: what is said when any donor's state meets any input."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from chunkscope.figures.heat_maps import label_first_column, number_cells, share_map
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    CONDITIONS,
    VERMILLION,
    in_order,
    not_estimable,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

PER_ROW = 3


@styled
def draw_matrix(
    matrix: pd.DataFrame, run: str, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A heat map for the donors and for every control: donor by input.

    Args:
        matrix: ``matrix.csv`` of the run.

    Returns:
        The figure, and ``donor`` (as "A -> C": the symbol read, the symbol it leads to),
        ``input, control, natural, mean, ci_low, ci_high, n`` (seeds) of its cells.
    """
    key = ["donor", "input", "control"]
    named = matrix.assign(donor=matrix["reads"] + " \N{RIGHTWARDS ARROW} " + matrix["symbol"])
    by_seed = named.groupby([*key, "seed"], sort=False)["success"].mean().reset_index()
    data = summarise(by_seed, key, "success")
    natural = named.groupby(key)["natural"].any().reset_index()
    data = data.merge(natural, on=key)
    controls = in_order(CONDITIONS, data["control"])
    donors = sorted(data["donor"].unique())
    inputs = sorted(matrix["input"].unique())
    bands = max(1, -(-len(controls) // PER_ROW))
    height = bands * (0.5 + 0.2 * max(len(donors), 3)) + 0.5
    figure = Figure(figsize=(settings.width, height), layout="constrained")
    if data.empty:
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, data
    grid = figure.subplots(bands, PER_ROW, squeeze=False)
    for axes in grid.flat[len(controls) :]:
        axes.remove()
    used = list(grid.flat[: len(controls)])
    for axes, control in zip(used, controls, strict=True):
        image = _heat_map(axes, data[data["control"] == control], donors, inputs)
        axes.set_title(CONDITIONS[control].label)
    for axes in grid[:, 0]:
        axes.set_ylabel("donor \N{RIGHTWARDS ARROW} says")
    figure.colorbar(image, ax=used, label="share that says it", pad=0.01, aspect=40)
    figure.supxlabel("symbol read after the graft", size=7.5)
    note(
        figure,
        f"{run}. The whole incoming state is replaced, one symbol is read, and the likeliest next "
        "symbol counts if it is the donor's second next. Framed: the donor's natural input. Mean "
        f"over n = {span_of(data['n'])} seeds whose dictionary has such a donor.",
    )
    return figure, data


def _heat_map(axes: Axes, rows: pd.DataFrame, donors: list[str], inputs: list[str]) -> AxesImage:
    table = rows.pivot(index="donor", columns="input", values="mean")
    table = table.reindex(index=donors, columns=inputs)
    image = share_map(axes, table)
    label_first_column(axes)
    for _, row in rows[rows["natural"]].iterrows():
        corner = inputs.index(row["input"]) - 0.5, donors.index(row["donor"]) - 0.5
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=VERMILLION, linewidth=0.9))
    number_cells(axes, table)
    return image
