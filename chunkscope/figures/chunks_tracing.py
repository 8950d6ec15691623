"""The dictionary through training: how right it is, and which words are in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from chunkscope.figures.heat_maps import share_map
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    PURPLE,
    Look,
    curve,
    legend_handle,
    letter,
    line_handle,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

MEASURES = {
    "boundary_f1": Look("boundary F1", BLUE, "o"),
    "word_recall": Look("word recall", GREEN, "^"),
    "word_precision": Look("word precision", PURPLE, "D"),
}


@styled
def draw_tracing(
    measures: Mapping[str, pd.DataFrame],
    words: Mapping[str, pd.DataFrame],
    losses: Mapping[str, pd.DataFrame],
    settings: FigureSettings,
) -> tuple[Figure, pd.DataFrame]:
    """Scores of the dictionary, and the words that are in it, against the step of training.

    Args:
        measures, words, losses: run -> ``measures.csv``, ``words.csv`` and ``training.csv``.

    Returns:
        The figure, and ``run, panel`` ("score" or "word"), ``measure`` (or the word), ``step,
        mean, ci_low, ci_high, n`` (seeds).
    """
    data = pd.concat(
        [_scores(run, table) for run, table in measures.items()]
        + [_words(run, table) for run, table in words.items()],
        ignore_index=True,
    )
    rows = [data[(data["panel"] == "word") & (data["run"] == run)] for run in measures]
    most = max((row["measure"].nunique() for row in rows), default=1)
    figure = Figure(figsize=(settings.width, 2.2 + 0.16 * max(most, 4) + 0.5), layout="constrained")
    grid = figure.subplots(
        2, len(measures), squeeze=False, sharey="row", height_ratios=(2.0, 0.16 * max(most, 4))
    )
    for at, run in enumerate(measures):
        scores = data[(data["run"] == run) & (data["panel"] == "score")]
        _draw_scores(grid[0, at], scores, losses[run])
        grid[0, at].set_title(run)
        image = _draw_words(grid[1, at], rows[at])
        grid[1, at].set_xlabel("step of training")
    letter(grid[0, 0], "a")
    letter(grid[1, 0], "b")
    grid[0, 0].set_ylabel("score on test sequences")
    grid[1, 0].set_ylabel("word")
    figure.colorbar(image, ax=list(grid[1]), label="share of seeds", pad=0.01, aspect=12)
    handles = [legend_handle(look) for look in MEASURES.values()]
    handles.append(line_handle("validation loss, part of its fall", "--"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    note(
        figure,
        f"n = {span_of(data['n'])} seeds, 95 % intervals over seeds. a: the dictionary is found "
        "anew at every step, without labels; no marker: no chunk in any seed. b: share of seeds "
        "in whose dictionary the word is.",
    )
    return figure, data


def _scores(run: str, measures: pd.DataFrame) -> pd.DataFrame:
    table = summarise(measures[measures["measure"].isin(MEASURES)], ["measure", "step"])
    return table.assign(run=run, panel="score")


def _words(run: str, words: pd.DataFrame) -> pd.DataFrame:
    numbers = words.assign(value=words["found"].astype(float), measure=words["word"])
    table = summarise(numbers, ["measure", "step"])
    return table.assign(run=run, panel="word")


def _draw_scores(axes: Axes, scores: pd.DataFrame, training: pd.DataFrame) -> None:
    steps = sorted(scores["step"].unique())
    for name, look in MEASURES.items():
        rows = scores[(scores["measure"] == name) & scores["mean"].notna()].sort_values("step")
        at = [steps.index(step) for step in rows["step"]]
        curve(axes, at, rows, look)
    loss = training.groupby("step")["loss"].mean()
    fall = (loss - loss.min()) / (loss.max() - loss.min())
    near = np.interp(steps, fall.index, fall)
    axes.plot(range(len(steps)), near, color=BLACK, linestyle="--", linewidth=0.9)
    axes.set_xticks(range(len(steps)), [f"{step:g}" for step in steps])
    axes.set_ylim(-0.03, 1.06)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_words(axes: Axes, rows: pd.DataFrame) -> AxesImage:
    table = rows.pivot(index="measure", columns="step", values="mean").sort_index()
    image = share_map(axes, table.rename(columns="{:g}".format))
    axes.tick_params(labelleft=True, labelfontfamily="DejaVu Sans Mono", axis="y")
    return image
