"""Page one: from a sequence to activity, states and chunks, and back by a graft."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from chunkscope.figures.grafts import NONE, TARGET, distributions_at, donors_of, whole_grafts
from chunkscope.figures.passage import (
    COLUMNS,
    Passage,
    draw_activity,
    draw_chunks,
    draw_scale,
    draw_states,
    draw_symbols,
    draw_word_edges,
)
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    CONDITIONS,
    GREY,
    SMALL,
    in_order,
    legend_handle,
    not_estimable,
    styled,
    tint,
)

STEPS = 40
"""Steps of page one: as many as leave room for a state's number."""
CONTROLS = ("wrong donor", "random observed state", "random direction")
"""Controls that page one shows; the graft figure has all."""
GRAFT = ("donor", "control", "lag", "symbol", "probability", "n")


@styled
def draw_overview(
    passage: Passage,
    alignment: pd.DataFrame,
    grafts: tuple[pd.DataFrame, pd.DataFrame] | None,
    run: str,
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """A sequence, its activity, states and chunks on one time axis; below, a graft of one state.

    The donor is the first state of the passage that the intervention study could judge.

    Args:
        passage: :data:`STEPS` steps of one member.
        alignment: of the run.
        grafts: ``effects`` and ``distributions`` of the run; None if there was no such study.

    Returns:
        The figure, and its marks as :meth:`~chunkscope.figures.passage.Passage.table` gives them,
        with the probabilities of the lowest panels (``series`` is the condition).
    """
    graft = _first_graft(passage, *grafts) if grafts else pd.DataFrame(columns=list(GRAFT))
    of_seed = alignment[alignment["seed"] == passage.seed]
    names = dict(zip(of_seed["state"].tolist(), of_seed["label"].tolist(), strict=True))
    figure = Figure(figsize=(settings.width, 0.93 * settings.width))
    figure.text(0.015, 0.975, "What a network stores", size=11, weight="bold", va="center")
    figure.text(
        0.985,
        0.975,
        f"run {run}, seed {passage.seed}, one test sequence",
        size=SMALL,
        color=GREY,
        ha="right",
        va="center",
    )
    strip = _draw_reading(figure, passage)
    _draw_graft(figure, strip, passage, graft, names)
    marks = pd.DataFrame(
        {
            "panel": ["left alone" if c == NONE else "grafted" for c in graft["control"]],
            "series": graft["control"],
            "text": graft["symbol"],
            "value": graft["probability"],
        }
    )
    return figure, pd.concat([passage.table(), marks], ignore_index=True)[list(COLUMNS)]


def _first_graft(
    passage: Passage, effects: pd.DataFrame, distributions: pd.DataFrame
) -> pd.DataFrame:
    """The distributions of the first state of the passage that was a donor."""
    grafts = whole_grafts(effects)
    donors = donors_of(grafts, passage.seed)
    donor = next((state for state in passage.states.tolist() if state in donors), None)
    rows = distributions_at(distributions, grafts)
    shown = rows["control"].isin((NONE, TARGET, *CONTROLS))
    return rows[(rows["seed"] == passage.seed) & (rows["donor"] == donor) & shown]


def _draw_reading(figure: Figure, passage: Passage) -> Axes:
    """Steps 1 to 3 on one time axis; returns the strip of states."""
    grid = figure.add_gridspec(
        6,
        2,
        height_ratios=[0.42, 0.42, 2.1, 0.42, 0.5, 0.45],
        width_ratios=[1, 0.014],
        left=0.1,
        right=0.93,
        top=0.915,
        bottom=0.37,
        hspace=0,
        wspace=0.03,
    )
    symbols, activity, states, chunks = (figure.add_subplot(grid[r, 0]) for r in (0, 2, 5, 4))
    draw_symbols(symbols, passage)
    image = draw_activity(activity, passage)
    draw_states(states, passage)
    draw_chunks(chunks, passage)
    for axes in (activity, states):
        draw_word_edges(axes, passage)
    _step(
        figure,
        _above(symbols),
        "1",
        "The network reads a sequence. Boxes are the true words, which it is never told.",
    )
    _step(figure, _above(activity), "2", "Its hidden units respond, step by step.")
    _step(
        figure,
        _above(chunks),
        "3",
        "Patterns that recur are states (numbered); recurring runs of states are chunks "
        "(solid: a word).",
    )
    draw_scale(figure.add_subplot(grid[2, 1]), image)
    return states


def _draw_graft(
    figure: Figure, strip: Axes, passage: Passage, graft: pd.DataFrame, names: dict[int, str]
) -> None:
    """Step 4: next-symbol probabilities without and with the donor's state."""
    grid = figure.add_gridspec(
        1,
        3,
        width_ratios=[1, 1, 0.6],
        left=0.1,
        right=0.985,
        top=0.255,
        bottom=0.075,
        wspace=0.1,
    )
    before, after, key = (figure.add_subplot(grid[0, column]) for column in range(3))
    key.axis("off")
    if graft.empty:
        _step(figure, 0.315, "4", "No state of this passage was judged by a graft.")
        for axes in (before, after):
            axes.axis("off")
            not_estimable(axes, 0, 0.5)
        return
    donor, lag = int(graft["donor"].iloc[0]), int(graft["lag"].iloc[0])
    name = f"state {donor}" + (f" (“{names[donor]}”)" if donor in names else "")
    _step(
        figure,
        0.315,
        "4",
        f"Graft {name}, outlined above, where the network expects something else. "
        "What does it expect then?",
    )
    _bars(before, graft[graft["control"] == NONE], tint(GREY, 0.6))
    _bars(after, graft[graft["control"] == TARGET], BLUE)
    n = int(graft.loc[graft["control"] == TARGET, "n"].max())
    before.set_title(f"left alone (mean of {n} places)")
    after.set_title(f"{name} grafted (same places)")
    before.set_ylabel("probability")
    after.tick_params(labelleft=False)
    when = "next symbol" if lag == 1 else f"symbol {lag} steps later"
    for axes in (before, after):
        axes.set_xlabel(when, labelpad=1)
    shown = in_order(CONTROLS, graft["control"])
    for control in shown:
        _marks(after, graft[graft["control"] == control], control)
    key.legend(
        handles=[legend_handle(CONDITIONS[control]) for control in shown],
        title="put there instead",
        title_fontsize=SMALL,
        alignment="left",
        loc="center left",
        bbox_to_anchor=(-0.12, 0.5),
    )
    for step in np.flatnonzero(passage.states == donor).tolist():
        frame = Rectangle((step - 0.5, 0), 1, 1, fill=False, ec=BLACK, lw=1.3, clip_on=False)
        strip.add_patch(frame).set_zorder(4)


def _bars(axes: Axes, rows: pd.DataFrame, color: object) -> None:
    """Bars of one condition; the tallest has its value written on it."""
    axes.bar(range(len(rows)), rows["probability"], color=color, width=0.72)
    axes.set_xticks(range(len(rows)), rows["symbol"])
    axes.tick_params(bottom=False)
    axes.set_ylim(0, 1.12)
    axes.set_yticks([0, 0.5, 1])
    if len(rows):
        best = int(rows["probability"].to_numpy().argmax())
        height = float(rows["probability"].iloc[best])
        axes.text(best, height + 0.02, f"{height:.2f}", size=SMALL, ha="center", va="bottom")


def _marks(axes: Axes, rows: pd.DataFrame, control: str) -> None:
    look = CONDITIONS[control]
    axes.plot(
        range(len(rows)),
        rows["probability"],
        look.marker,
        color=look.color,
        markersize=3.5,
        markeredgecolor="white",
        markeredgewidth=0.4,
        clip_on=False,
    )


def _above(axes: Axes) -> float:
    """Where the heading of a panel stands (figure coordinates)."""
    return float(axes.get_position().y1) + 0.014


def _step(figure: Figure, y: float, number: str, text: str) -> None:
    """A numbered step in plain words, flush with the page's left edge."""
    figure.text(0.015, y, number, size=10, weight="bold", color=BLUE, va="baseline")
    figure.text(0.045, y, text, size=8.5, va="baseline")
