"""Through learning: distance to masters at the same stage, by the share of parts learned first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chunkscope.dynamics.tasks.claims import (
    SHARES,
    Tables,
    accuracy_by_seed,
    by_seed,
    over_seeds,
)
from chunkscope.dynamics.tasks.comparing import MASTERS, MATCHED
from chunkscope.figures.dynamics_looks import MEASURES, from_zero, shown_measures
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    Look,
    curve,
    legend_handle,
    note,
    row_title,
    span_of,
    styled,
)

LOOKS = {
    0.0: Look("no part learned first", ORANGE, "s"),
    1 / 3: Look("one", PURPLE, "D"),
    2 / 3: Look("two", GREEN, "^"),
    1.0: Look("all three", BLUE, "o"),
}
"""Share of the parts that frozen networks learned first -> look."""
MASTER_LOOK = Look("task alone", BLACK, "|")
ACCURACY = "accuracy"
HIDDEN = ("wasserstein", "debiased_cka")  # in the table
COLUMNS = ["cell", "measure", "parts", "share", "mean", "ci_low", "ci_high", "n"]


@styled
def draw_learning(
    cells: Mapping[str, Tables], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """A row of panels for each architecture: distances by every measure, and the accuracy.

    Returns:
        The figure, and its marks: :data:`COLUMNS`; ``parts`` is empty of networks that learned the
        task alone, and ``share`` is percent of a network's own training on it.
    """
    marks = pd.concat([_marks(tables).assign(cell=cell) for cell, tables in cells.items()])
    figure = Figure(figsize=(settings.width, 1.75 * len(cells) + 0.8), layout="constrained")
    rows = figure.subfigures(len(cells), 1, hspace=0.03, squeeze=False)[:, 0]
    for at, (part, cell) in enumerate(zip(rows, cells, strict=True)):
        row_title(part, at, cell)
        of = marks[marks["cell"] == cell]
        measures = [*shown_measures(of["measure"], HIDDEN), ACCURACY]
        grid = part.subplots(1, len(measures), squeeze=False)[0]
        for axes, measure in zip(grid, measures, strict=True):
            _draw(axes, of[of["measure"] == measure])
            axes.set_title(MEASURES[measure].label if measure in MEASURES else "accuracy")
            if measure == ACCURACY:
                axes.set_ylim(0, 1.05)
    handles: list[Line2D] = [legend_handle(look) for look in (*LOOKS.values(), MASTER_LOOK)]
    figure.legend(handles=handles, loc="outside upper center", ncols=5)
    note(
        figure,
        "Networks whose dynamics were frozen after they had learned some of the parts, against the "
        "percentage of their own training on the whole task; distance to masters of other seeds at "
        "the same stage. Means over groups, with 95 % intervals over "
        f"n = {span_of(marks['n'])} seeds. Lower is more alike; units differ by measure.",
    )
    return figure, marks[COLUMNS]


def _marks(tables: Tables) -> pd.DataFrame:
    parts = {share: [g for g, of in SHARES.items() if of == share] for share in LOOKS}
    kinds: list[tuple[float | None, list[str]]] = [*parts.items(), (None, [MASTERS])]
    rows = []
    for share in sorted(tables.accuracy["share"].unique()):
        for measure in [*shown_measures(MEASURES, HIDDEN), ACCURACY]:
            for part, groups in kinds:
                value = over_seeds(
                    tables, partial(_mean, measure=measure, share=share, groups=groups)
                )
                rows.append(
                    {
                        "measure": measure,
                        "parts": part,
                        "share": share,
                        "mean": value.mean,
                        "ci_low": value.low,
                        "ci_high": value.high,
                        "n": value.n,
                    }
                )
    return pd.DataFrame(rows)


def _mean(tables: Tables, measure: str, share: int, groups: list[str]) -> float:
    if measure == ACCURACY:
        found = accuracy_by_seed(tables, share)
    else:
        found = by_seed(tables, measure, MATCHED, share)
    return float(found[groups].mean(axis=1).mean())


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    for part, look in LOOKS.items():
        of = rows[rows["parts"] == part]
        curve(axes, of["share"], of, look)
    masters = rows[rows["parts"].isna()]
    curve(axes, masters["share"], masters, MASTER_LOOK)
    axes.set_xticks([0, 50, 100])
    axes.set_xlabel("% of training")
    from_zero(axes, rows)
