"""Networks of the composed task: how far each group is from those that learned it alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.dynamics.tasks.claims import Tables, by_seed, over_seeds
from chunkscope.dynamics.tasks.comparing import HALVES, MASTERS, MATCHED, SHUFFLED
from chunkscope.dynamics.tasks.groups import LETTERS
from chunkscope.figures.dynamics_looks import MEASURES, shown_measures
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    SMALL,
    Look,
    interval,
    legend_handle,
    line_handle,
    not_estimable,
    note,
    row_title,
    span_of,
    styled,
)
from chunkscope.statistics.permutation import sign_flip_p

NAMES = {
    "untrained": "untrained",
    "master_frozen": "frozen, no part",
    **{
        f"partial_frozen_{parts}": f"frozen, {parts}" for parts in ("A", "B", "C", "AB", "AC", "BC")
    },
    "pretrain_frozen": "frozen, ABC",
    "pretrain_unfrozen": "ABC, then all",
    "master": "task alone",
}
"""Group -> what it is called, from the most foreign to the nearest."""
PUBLISHED = {
    "dsa": {"untrained": 0.607, "master_frozen": 0.427, "pretrain_frozen": 0.271,
            "pretrain_unfrozen": 0.306},
    "cka": {"untrained": 0.426, "master_frozen": 0.419, "pretrain_frozen": 0.403,
            "pretrain_unfrozen": 0.405},
    "procrustes": {"untrained": 0.444, "master_frozen": 0.412, "pretrain_frozen": 0.415,
                   "pretrain_unfrozen": 0.417},
}  # fmt: skip
"""Measure -> group -> published mean of recurrent networks (arXiv 2410.24070)."""
PUBLISHED_MAMBA = {
    "dsa": {"untrained": 0.46, "master_frozen": 0.61, "pretrain_frozen": 0.47,
            "pretrain_unfrozen": 0.45},
}  # fmt: skip
"""The same of state-space models."""
LOOKS = {
    MATCHED: Look("the same trials", BLUE, "o"),
    SHUFFLED: Look("trials that do not match", ORANGE, "s"),
}
PUBLISHED_LOOK = Look("published, another grid of networks", GREY, "*")
HIDDEN = ("wasserstein", "debiased_cka")  # in the table
COLUMNS = ["cell", "measure", "trials", "group", "mean", "ci_low", "ci_high", "n", "p"]


@styled
def draw_groups(
    cells: Mapping[str, Tables], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each architecture, a panel for each measure, a line for each group.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``trials`` is ``halves`` of the floor, ``p``
        one-sided, that a group is as far from masters as masters of the same seeds are.
    """
    marks = pd.concat([_marks(tables).assign(cell=cell) for cell, tables in cells.items()])
    figure = Figure(figsize=(settings.width, 2.15 * len(cells) + 0.8), layout="constrained")
    parts = figure.subfigures(len(cells), 1, hspace=0.03, squeeze=False)[:, 0]
    for at, (part, cell) in enumerate(zip(parts, cells, strict=True)):
        row_title(part, at, cell)
        rows = marks[marks["cell"] == cell]
        measures = shown_measures(rows["measure"], HIDDEN)
        grid = part.subplots(1, len(measures), squeeze=False, sharey=True)[0]
        for axes, measure in zip(grid, measures, strict=True):
            published = PUBLISHED if cells[cell].recurrent else PUBLISHED_MAMBA
            _draw(axes, rows[rows["measure"] == measure], published.get(measure, {}))
            axes.set_title(MEASURES[measure].label)
        grid[0].set_yticks(range(len(NAMES)), NAMES.values())
        grid[0].invert_yaxis()
    handles: list[Line2D] = [legend_handle(look) for look in (*LOOKS.values(), PUBLISHED_LOOK)]
    handles.append(line_handle("halves of one network", ":"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    letters = ", ".join(f"{letter} {rule}" for letter, rule in LETTERS.items())
    note(
        figure,
        "Distance to networks of other seeds that learned the task (delay_anti) alone; these among "
        f"themselves are the floor (shaded). Parts learned first: {letters}. Means with 95 % "
        f"intervals over n = {span_of(marks.loc[marks['n'] > 0, 'n'])} seeds; of those that "
        "learned with a part, or all weights, such as reached the criterion. Lower is more alike; "
        "units differ by measure. Beside them p (one-sided, signs flipped over seeds; of five at "
        "least .03) that a group is farther than masters of its seeds, on the same trials.",
    )
    return figure, marks[COLUMNS]


def _marks(tables: Tables) -> pd.DataFrame:
    rows = []
    for measure, trials in product(shown_measures(MEASURES, HIDDEN), (MATCHED, SHUFFLED, HALVES)):
        found = by_seed(tables, measure, trials)
        counts = found.notna().sum()
        for group in NAMES:
            value = over_seeds(tables, partial(_mean, measure=measure, trials=trials, group=group))
            rows.append(
                {
                    "measure": measure,
                    "trials": trials,
                    "group": group,
                    "mean": value.mean,
                    "ci_low": value.low,
                    "ci_high": value.high,
                    "n": counts[group],
                    "p": sign_flip_p(found[group] - found[MASTERS]),
                }
            )
    return pd.DataFrame(rows)


def _mean(tables: Tables, measure: str, trials: str, group: str) -> float:
    return float(by_seed(tables, measure, trials)[group].mean())


def _draw(axes: Axes, rows: pd.DataFrame, published: Mapping[str, float]) -> None:
    place = {group: at for at, group in enumerate(NAMES)}
    for turn, (trials, look) in enumerate(LOOKS.items()):
        for _, row in rows[(rows["trials"] == trials) & (rows["n"] > 0)].iterrows():
            interval(axes, place[row["group"]] + 0.2 * turn, row, look)
            if trials == MATCHED and np.isfinite(row["p"]):
                axes.text(
                    1.02, place[row["group"]], f"{row['p']:.2f}".removeprefix("0"),
                    transform=axes.get_yaxis_transform(), va="center", color=GREY, size=SMALL,
                )  # fmt: skip
    for group, value in published.items():
        axes.plot(value, place[group] - 0.25, "*", color=GREY, markersize=4.5, zorder=0)
    axes.text(1.02, -1, "$p$", transform=axes.get_yaxis_transform(), color=GREY, size=SMALL)
    floor = rows[(rows["group"] == MASTERS) & (rows["trials"] == MATCHED)].iloc[0]
    if np.isfinite(floor["ci_low"]):
        axes.axvspan(floor["ci_low"], floor["ci_high"], color=BLUE, alpha=0.12, linewidth=0)
    halves = rows[(rows["trials"] == HALVES) & (rows["n"] > 0)]["mean"]
    if len(halves):
        axes.axvline(halves.mean(), color="black", linestyle=":", linewidth=0.9)
    shown = rows[rows["n"] > 0]
    if len(shown):  # an interval of two networks may reach beyond all others
        high = np.fmax(shown["mean"], shown["ci_high"].where(shown["n"] > 2))
        axes.set_xlim(0, 1.06 * max(float(high.max()), *published.values(), 0.0))
    else:
        not_estimable(axes, 0, 0.5)
