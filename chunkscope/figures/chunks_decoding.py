"""Decoding the symbol that is read from the state: how often, and where in time it fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from chunkscope.chunks.extractors.symbolic import level_strings
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    SMALL,
    VERMILLION,
    Look,
    interval,
    legend_handle,
    letter,
    line_handle,
    note,
    span_of,
    styled,
)
from chunkscope.statistics import summarise
from chunkscope.store import ActivationStore

LEVELS, REMEMBERED = 5, 100  # of the paper's look-up table: levels per unit, steps
PUBLISHED = 0.92  # saved output of the authors' notebook, one seed
MEASURES = {
    "accuracy": Look("accuracy", BLUE, "o"),
    "coverage": Look("coverage: state seen before", ORANGE, "s"),
    "accuracy_seen": Look("accuracy on seen states", GREEN, "^"),
}
OUTCOMES = {
    "right": Look("right", BLUE, "o"),
    "wrong": Look("wrong", VERMILLION, "X"),
    "unseen": Look("state never seen: no answer", GREY, "_"),
}


@dataclass(frozen=True)
class Decoded:
    """The beginning of the test split, decoded step by step.

    Attributes:
        seed: the member of the run that is decoded.
        symbols: names of all symbols.
        read: (step,) what was read.
        answers: title of a way to decode -> (step,) what it says, -1 for nothing.
    """

    seed: int
    symbols: tuple[str, ...]
    read: NDArray[np.integer]
    answers: dict[str, NDArray[np.integer]]

    def table(self) -> pd.DataFrame:
        """``panel, step, read, decoded, outcome``."""
        names = np.array([*self.symbols, ""])
        parts = [
            pd.DataFrame(
                {
                    "panel": title,
                    "step": np.arange(len(self.read)),
                    "read": names[self.read],
                    "decoded": names[answer],
                    "outcome": np.select(
                        [answer < 0, answer == self.read], ["unseen", "right"], "wrong"
                    ),
                }
            )
            for title, answer in self.answers.items()
        ]
        return pd.concat(parts, ignore_index=True)


def decode_steps(
    store: ActivationStore, states: NDArray[np.integer], member: int, site: str, steps: int
) -> Decoded:
    """Decode the first test sequence with the paper's look-up table and with the dictionary.

    Args:
        states: (sequence, time) the states of that member over all recorded sequences.
        steps: of the sequence that are decoded.
    """
    train = store.is_train
    before, after = store.tokens("train").ravel(), store.tokens("test")[0, :steps]
    fit, apply = (store.activations(member, site, split) for split in ("train", "test"))
    rows = fit.reshape(-1, fit.shape[-1])[:REMEMBERED]
    strings, later = level_strings(rows, apply[0, :steps], LEVELS)
    return Decoded(
        seed=member,
        symbols=tuple(store.symbols),
        read=after,
        answers={
            f"strings of levels, {len(rows)} steps remembered": _look_up(
                strings, before[: len(rows)], later
            ),
            f"dictionary's states, {len(before)} steps remembered": _look_up(
                states[train].ravel(), before, states[~train][0, :steps]
            ),
        },
    )


def _look_up(
    states: NDArray[np.integer], tokens: NDArray[np.integer], later: NDArray[np.integer]
) -> NDArray[np.integer]:
    """(later step,) the symbol most often read in the same state before; -1 if there was none."""
    most = int(max(states.max(initial=-1), later.max(initial=-1)))
    counts = np.zeros((most + 2, int(tokens.max()) + 1))  # the last row is noise, never seen
    known = states >= 0
    np.add.at(counts, (states[known], tokens[known]), 1)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), -1)[later]


@styled
def draw_decoding(
    decoding: pd.DataFrame, decoded: Decoded, run: str, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Accuracy, coverage and accuracy on seen states of every seed; then one sequence in time.

    Args:
        decoding: ``seed, states, steps, accuracy, coverage, accuracy_seen, chance``.

    Returns:
        The figure, and its marks: those of the upper panel (``way, measure, seed, value`` and,
        where ``seed`` is empty, ``mean, ci_low, ci_high, n``), then those of
        :meth:`Decoded.table`.
    """
    seeds, means = _measures(decoding)
    height = 0.13 * len(decoded.symbols) + 0.2
    figure = Figure(
        figsize=(settings.width, 2.6 + 2 * height + 0.9),
        layout="constrained",
    )
    grid = figure.subplots(3, 1, height_ratios=[2.3, height, height])
    _draw_measures(grid[0], seeds, means, decoding)
    over_time = decoded.table()
    for axes, title in zip(grid[1:], decoded.answers, strict=True):
        _draw_steps(axes, over_time[over_time["panel"] == title], decoded.symbols)
        axes.set_title(title)
    outcomes = [legend_handle(look) for look in OUTCOMES.values()]
    grid[1].legend(handles=outcomes, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderpad=0)
    grid[2].sharex(grid[1])
    grid[1].set_xlim(-1, len(decoded.read))
    grid[1].tick_params(labelbottom=False)
    grid[2].set_xlabel(f"step of a test sequence (seed {decoded.seed})")
    for axes, name in zip(grid, "abc", strict=True):
        letter(axes, name)
    n = span_of(means["n"])
    note(
        figure,
        f"{run}. a: small marks, one network each (n = {n} seeds); large marks, mean with 95 % "
        "interval over seeds. Dashed: always guessing the commonest symbol. b, c: grey, "
        "symbol read; marks, symbol decoded.",
    )
    return figure, pd.concat(
        [seeds.assign(panel="seeds"), means.assign(panel="means"), over_time], ignore_index=True
    )


def _measures(decoding: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``way, measure, seed, value`` and, over seeds, ``way, measure, mean, ci_low, ci_high, n``."""
    way = decoding["states"] + ", " + decoding["steps"].astype(str) + " steps"
    seeds = decoding.assign(way=way).melt(["way", "seed"], list(MEASURES), "measure")
    return seeds, summarise(seeds, ["way", "measure"])


def _draw_measures(
    axes: Axes, seeds: pd.DataFrame, means: pd.DataFrame, decoding: pd.DataFrame
) -> None:
    ways = list(dict.fromkeys(seeds["way"]))
    by_seed = seeds.groupby(["way", "measure"])["value"]
    table = means.set_index(["way", "measure"])
    for x, way in enumerate(ways):
        for place, (measure, look) in enumerate(MEASURES.items(), start=-1):
            at = x + 0.24 * place
            values = by_seed.get_group((way, measure)).to_numpy()
            spread = np.linspace(-0.05, 0.05, len(values)) if len(values) > 1 else np.zeros(1)
            axes.plot(at + spread, values, ".", color=look.color, markersize=3, alpha=0.45)
            interval(axes, at + 0.09, table.loc[(way, measure)], look, vertical=True)
    for x, chance in enumerate(decoding.groupby(["states", "steps"], sort=False)["chance"].mean()):
        axes.hlines(chance, x - 0.4, x + 0.45, color=BLACK, linestyle=(0, (4, 2)), linewidth=0.9)
    axes.hlines(PUBLISHED, -0.4, 0.45, color=VERMILLION, linewidth=0.9)
    axes.annotate(
        f"published {PUBLISHED} (authors' notebook, one seed)",
        (0.45, PUBLISHED),
        xytext=(3, -1),
        textcoords="offset points",
        color=VERMILLION,
        size=SMALL,
        va="center",
    )
    axes.set_xticks(range(len(ways)), [way.replace("strings", "strings of levels") for way in ways])
    axes.set_xlim(-0.5, len(ways) - 0.4)
    axes.set_ylabel("share of steps")
    axes.set_ylim(max(0, axes.get_ylim()[0]), 1.02)
    handles = [legend_handle(look) for look in MEASURES.values()]
    handles.append(line_handle("chance", "--"))
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=4, borderpad=0)


def _draw_steps(axes: Axes, rows: pd.DataFrame, symbols: tuple[str, ...]) -> None:
    """What was read in grey, what was decoded on top of it."""
    level = {symbol: at for at, symbol in enumerate(symbols)}
    axes.plot(rows["step"], rows["read"].map(level), "s", color=PALE, markersize=5)
    for outcome, look in OUTCOMES.items():
        hits = rows[rows["outcome"] == outcome]
        heights = hits["decoded"].map(level) if outcome != "unseen" else hits["read"].map(level)
        axes.plot(hits["step"], heights, look.marker, color=look.color, markersize=3)
    axes.set_yticks(range(len(symbols)), symbols)
    axes.set_ylim(len(symbols) - 0.5, -0.5)
    axes.set_ylabel("symbol")
