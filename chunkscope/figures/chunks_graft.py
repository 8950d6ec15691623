"""What a chunk's state does when it is put into a running network, beside every control."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage

from chunkscope.figures.grafts import (
    distributions_at,
    mean_distributions,
    mean_success,
    whole_grafts,
)
from chunkscope.figures.heat_maps import label_first_column, number_cells, share_map
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    CONDITIONS,
    SMALL,
    in_order,
    interval,
    letter,
    not_estimable,
    note,
    span_of,
    styled,
)

PER_ROW = 4


@styled
def draw_graft(
    effects: pd.DataFrame,
    distributions: pd.DataFrame,
    alignment: pd.DataFrame,
    run: str,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Next-symbol probabilities after each graft and each control, and how often it succeeds.

    Args:
        effects, distributions, alignment: tables of the run.

    Returns:
        The figure, and its marks: ``panel`` ("probability" or "success"), ``label`` (what the
        donor stands for), ``control, symbol, value, ci_low, ci_high, n`` (seeds).
    """
    grafts = whole_grafts(effects)
    chances = mean_distributions(distributions_at(distributions, grafts), alignment)
    success = mean_success(grafts, ["control"])
    labels = chances["label"].nunique()
    bands = -(-chances["control"].nunique() // PER_ROW)
    heights = [bands * (0.55 + 0.17 * max(labels, 3)) + 0.3, 1.9]
    figure = Figure(figsize=(settings.width, sum(heights)), layout="constrained")
    if chances.empty:
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, _marks(chances, success)
    (upper,), (lower,) = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)
    _draw_chances(upper, chances, int(grafts["lag"].iloc[0]))
    _draw_success(lower.subplots(), success)
    note(
        figure,
        f"{run}; whole states at full strength. a: mean probability over recipients, donors of one "
        f"label, then seeds. b: share of recipients whose likeliest symbol is the donor's; mean "
        f"over n = {span_of(success['n'])} seeds, 95 % interval over seeds. Recipients "
        "expect something else when left alone.",
    )
    return figure, _marks(chances, success)


def _draw_chances(figure: SubFigure, chances: pd.DataFrame, lag: int) -> None:
    """A heatmap for each condition."""
    controls = in_order(CONDITIONS, chances["control"])
    labels = sorted(chances["label"].unique(), key=lambda label: label.rstrip("·"))
    grid = figure.subplots(-(-len(controls) // PER_ROW), PER_ROW, squeeze=False)
    for axes in grid.flat[len(controls) :]:
        axes.remove()
    used = list(grid.flat[: len(controls)])
    for axes, control in zip(used, controls, strict=True):
        image = _heatmap(axes, chances[chances["control"] == control], labels)
        axes.set_title(CONDITIONS[control].label)
    for axes in grid[:, 0]:
        axes.set_ylabel("donor stands for")
    letter(used[0], "a")
    figure.colorbar(image, ax=used, label="probability", pad=0.01, aspect=40)
    figure.supxlabel("next symbol" if lag == 1 else f"symbol {lag} steps later", size=7.5)


def _heatmap(axes: Axes, chances: pd.DataFrame, labels: list[str]) -> AxesImage:
    """(label, symbol) probabilities under one condition, as colour and, with room, as number."""
    symbols = list(dict.fromkeys(chances["symbol"]))
    table = chances.pivot(index="label", columns="symbol", values="probability")
    table = table.reindex(index=labels, columns=symbols)
    image = share_map(axes, table)
    label_first_column(axes)
    number_cells(axes, table)
    return image


def _draw_success(axes: Axes, success: pd.DataFrame) -> None:
    """Share of recipients that go on as the donor does, a row for each condition."""
    controls = in_order(CONDITIONS, success["control"])
    table = success.set_index("control").loc[controls]
    for y, (control, row) in enumerate(table.iterrows()):
        interval(axes, y, row, CONDITIONS[str(control)])
        axes.text(1.03, y, f"{row['mean']:.2f}", size=SMALL, va="center")
    axes.set_yticks(range(len(controls)), [CONDITIONS[control].label for control in controls])
    axes.set_ylim(len(controls) - 0.5, -0.5)
    axes.set_xlim(-0.01, 1.01)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.axvline(1, color=BLACK, linestyle=":", linewidth=0.9)
    axes.set_xlabel("share of recipients that go on as the donor does")
    letter(axes, "b")


def _marks(chances: pd.DataFrame, success: pd.DataFrame) -> pd.DataFrame:
    columns = ["panel", "label", "control", "symbol", "value", "ci_low", "ci_high", "n"]
    upper = chances.rename(columns={"probability": "value"}).assign(panel="probability")
    lower = success.rename(columns={"mean": "value"}).assign(panel="success")
    return pd.concat([upper, lower], ignore_index=True).reindex(columns=columns)
