"""The effect of a graft against its strength, and against the share of units it is limited to."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chunkscope.figures.grafts import NONE, TARGET, first_visible, mean_success
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    CONDITIONS,
    curve,
    in_order,
    interval,
    legend_handle,
    letter,
    not_estimable,
    note,
    span_of,
    styled,
)

KINDS = (
    ("graft", "all", "graft, all units"),
    ("graft", "constrained", "graft, constrained units"),
    ("steer", "all", "steering, all units"),
)


@styled
def draw_dose(
    effects: pd.DataFrame, units: pd.DataFrame, run: str, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Success against strength and against the share of units, controls beside it.

    Args:
        effects, units: tables of the run.

    Returns:
        The figure, and ``panel`` ("strength" or "units"), ``kind, units, control, strength,
        share, mean, ci_low, ci_high, n`` (seeds).
    """
    strengths = mean_success(first_visible(effects), ["kind", "units", "control", "strength"])
    strengths = strengths[strengths["kind"].isin([kind for kind, *_ in KINDS])]
    shares = mean_success(units[units["n"] > 0], ["share", "control"])
    data = pd.concat(
        [strengths.assign(panel="strength"), shares.assign(panel="units", kind="graft")],
        ignore_index=True,
    )
    figure = Figure(figsize=(settings.width, 2.6), layout="constrained")
    if data.empty:
        not_estimable(figure.subplots(), 0.5, 0.5, "center")
        return figure, data
    grid = figure.subplots(1, len(KINDS) + 1, sharey=True)
    for axes, (kind, which, title) in zip(grid[:-1], KINDS, strict=True):
        _draw_strengths(
            axes, strengths[(strengths["kind"] == kind) & (strengths["units"] == which)]
        )
        axes.set_title(title)
    _draw_shares(grid[-1], shares)
    letter(grid[0], "a")
    letter(grid[-1], "b")
    grid[0].set_ylabel("share that goes on as the donor")
    grid[0].set_ylim(-0.03, 1.03)
    handles = [legend_handle(CONDITIONS[name]) for name in in_order(CONDITIONS, data["control"])]
    figure.legend(handles=handles, loc="outside upper center", ncols=-(-len(handles) // 2))
    note(
        figure,
        f"{run}. Strength 1: the donor's value replaces the recipient's. b: grafts of the units "
        "that vary least within the donor's state, and of as many drawn at random from all. Mean "
        f"over donors, then over n = {span_of(data['n'])} seeds; bars: 95 % interval over seeds. "
        "Controls in a stand at strength 1, spread sideways.",
    )
    return figure, data


def _draw_strengths(axes: Axes, rows: pd.DataFrame) -> None:
    """The target's line from no intervention to full strength, and the controls at its end."""
    dose = rows[rows["control"].isin((NONE, TARGET))].sort_values("strength")
    axes.plot(dose["strength"], dose["mean"], color=CONDITIONS[TARGET].color, zorder=1)
    for _, row in dose.iterrows():
        interval(axes, float(row["strength"]), row, CONDITIONS[row["control"]], vertical=True)
    controls = [c for c in in_order(CONDITIONS, rows["control"]) if c not in (NONE, TARGET)]
    table = rows.set_index("control").loc[controls]
    for at, (control, row) in enumerate(table.iterrows()):
        interval(axes, 1.07 + 0.06 * at, row, CONDITIONS[str(control)], vertical=True)
    axes.set_xticks(sorted(dose["strength"].unique()))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axhline(1, color=BLACK, linestyle=":", linewidth=0.9)
    axes.set_xlabel("strength (0 to 1)")


def _draw_shares(axes: Axes, shares: pd.DataFrame) -> None:
    """A line for the donor's steadiest units and one for random ones."""
    for control in in_order(CONDITIONS, shares["control"]):
        rows, look = shares[shares["control"] == control].sort_values("share"), CONDITIONS[control]
        curve(axes, rows["share"], rows, look)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.axhline(1, color=BLACK, linestyle=":", linewidth=0.9)
    axes.set_title("graft, share of units")
    axes.set_xlabel("share of hidden units")
