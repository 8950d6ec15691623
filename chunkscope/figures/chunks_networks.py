"""What was trained: learning curves beside the best possible, and recall of the words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    READINGS,
    Look,
    in_order,
    interval,
    legend_handle,
    line_handle,
    note,
    panels,
    span_of,
    styled,
)
from chunkscope.statistics import summarise

PER_ROW = 3
CURVES = {"accuracy": "accuracy", "loss": "loss (bits)"}
LOOKS = {"untrained": READINGS["untrained"], "trained": Look("trained network", BLUE, "o")}


@styled
def draw_training(
    histories: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Held-out accuracy and loss of every run against training steps.

    Args:
        histories: run -> ``step, seed, loss, accuracy, bayes_loss, bayes_accuracy``, losses in
            nats.

    Returns:
        The figure, and ``run, measure, step, mean, low, high`` (range over seeds), ``n, ceiling``;
        losses in bits.
    """
    data = pd.concat([_curves(run, table) for run, table in histories.items()], ignore_index=True)
    figure, grid = panels(len(histories), PER_ROW, (settings.width, 1.15), rows=2)
    for run, column in zip(histories, grid, strict=True):
        for axes, (measure, name) in zip(column, CURVES.items(), strict=True):
            rows = data[(data["run"] == run) & (data["measure"] == measure)]
            axes.fill_between(rows["step"], rows["low"], rows["high"], color=BLUE, alpha=0.25, lw=0)
            axes.plot(rows["step"], rows["mean"], color=BLUE)
            axes.axhline(rows["ceiling"].iloc[0], color=BLACK, linestyle=":", linewidth=0.9)
            axes.set_ylabel(name)
            axes.set_ylim(bottom=0)
        column[0].set_title(f"{run} (n = {rows['n'].max()})")
        column[0].tick_params(labelbottom=False)
        column[1].set_xlabel("training step")
    grid[0][0].legend(handles=[line_handle("ideal observer", ":")], loc="lower right")
    note(
        figure,
        "Line: mean over n seeds; band: their range. Held-out sequences. Dotted: the grammar's "
        "ideal observer.",
    )
    return figure, data


@styled
def draw_recall(
    recalls: Mapping[str, pd.DataFrame], settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Share of cued words that each run's networks say to the end, before and after training.

    Args:
        recalls: run -> ``step, seed, word, cue, n, recalled``; step 0 is the untrained network.

    Returns:
        The figure, and ``run, network, word, cue, mean, ci_low, ci_high, n`` (seeds).
    """
    data = pd.concat([_recalled(run, table) for run, table in recalls.items()], ignore_index=True)
    most = max(3, data.groupby("run")["word"].nunique().max())
    figure, grid = panels(len(recalls), PER_ROW, (settings.width, 0.55 + 0.15 * most))
    for run, (axes,) in zip(recalls, grid, strict=True):
        rows = data[data["run"] == run]
        words = list(dict.fromkeys(zip(rows["word"], rows["cue"], strict=True)))
        for _, row in rows.iterrows():
            interval(axes, words.index((row["word"], row["cue"])), row, LOOKS[row["network"]])
        names = [f"{cue}→{word.removeprefix(cue).strip()}" for word, cue in words]
        axes.set_yticks(range(len(words)), names)
        middle = (len(words) - 1) / 2
        axes.set_ylim(middle + most / 2, middle - most / 2)
        axes.set_xlim(-0.03, 1.03)
        axes.axvline(1, color=BLACK, linestyle=":", linewidth=0.9)
        axes.set_title(f"{run} (n = {span_of(rows['n'])})")
        axes.set_xlabel("share recalled")
    handles = [legend_handle(LOOKS[name]) for name in in_order(LOOKS, data["network"])]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    tried = span_of(np.concatenate([table["n"].to_numpy() for table in recalls.values()]))
    note(
        figure,
        f"Cue→rest of the word. Markers: mean over n seeds, {tried} occurrences each; bars: 95 % "
        "intervals over seeds. Dotted: ceiling.",
    )
    return figure, data


def _recalled(run: str, recall: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds of every word, for the untrained and the trained network."""
    last = recall["step"].max()
    shown = recall[recall["step"].isin((0, last))]
    network = np.where(shown["step"] == last, "trained", "untrained")
    table = summarise(shown.assign(network=network), ["network", "word", "cue"], "recalled")
    table.insert(0, "run", run)
    return table


def _curves(run: str, history: pd.DataFrame) -> pd.DataFrame:
    """Mean and range over seeds at every step, losses in bits."""
    bits = 1 / np.log(2)
    parts = []
    for measure, unit in {"accuracy": 1.0, "loss": bits}.items():
        by_step = (history[measure] * unit).groupby(history["step"])
        part = by_step.agg(mean="mean", low="min", high="max", n="count").reset_index()
        ceiling = float(history[f"bayes_{measure}"].iloc[0]) * unit
        parts.append(part.assign(run=run, measure=measure, ceiling=ceiling))
    columns = ["run", "measure", "step", "mean", "low", "high", "n", "ceiling"]
    return pd.concat(parts, ignore_index=True)[columns]
