"""A passage of a recorded sequence on one time axis: symbols, true parse, activity, states, chunks.

What is found stands above what is true, step above step, so that the eye can compare them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from chunkscope.figures.style import (
    ACTIVITY,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    YELLOW,
    tint,
)
from chunkscope.store import ActivationStore

if TYPE_CHECKING:
    from chunkscope.chunks.extraction import Stream

WORD_COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, GREY)
COLUMNS = ("panel", "series", "first", "last", "unit", "text", "value")
POINTS = 72  # per inch


@dataclass(frozen=True)
class Span:
    """Steps ``first`` to ``first + length - 1``, which read ``label``."""

    first: int
    length: int
    label: str

    @property
    def last(self) -> int:
        return self.first + self.length - 1


@dataclass(frozen=True)
class Passage:
    """The first steps of a recorded sequence.

    Attributes:
        seed: the member of the run that read it.
        symbols: (step,) what is read.
        activity: (step, unit), units in the order in which they are drawn.
        units: (unit,) their numbers.
        states: (step,), -1 is noise.
        words: true words of two or more symbols; the last may go on after the passage.
        chunks: chunks found; steps outside them are single states.
    """

    seed: int
    symbols: tuple[str, ...]
    activity: NDArray[np.floating]
    units: NDArray[np.integer]
    states: NDArray[np.integer]
    words: tuple[Span, ...]
    chunks: tuple[Span, ...]

    def is_word(self, chunk: Span) -> bool:
        """Whether a chunk spans exactly a true word."""
        return any((w.first, w.length) == (chunk.first, chunk.length) for w in self.words)

    def table(self) -> pd.DataFrame:
        """All marks, tidy: ``panel, series, first, last`` (steps), ``unit, text, value``."""
        return pd.DataFrame(self._rows(), columns=list(COLUMNS))

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for step, symbol in enumerate(self.symbols):
            yield "sequence", None, step, step, None, symbol, None
        for word in self.words:
            yield "true parse", None, word.first, word.last, None, word.label, None
        for at, unit in enumerate(self.units.tolist()):
            for step, value in enumerate(self.activity[:, at].tolist()):
                yield "activity", None, step, step, unit, None, value
        for step, state in enumerate(self.states.tolist()):
            yield "state", None, step, step, None, None, state
        for chunk in self.chunks:
            series = "spans a word" if self.is_word(chunk) else "spans no word"
            yield "chunk", series, chunk.first, chunk.last, None, chunk.label, None


def read_passage(
    store: ActivationStore, stream: Stream, member: int, site: str, steps: int
) -> Passage:
    """The beginning of the first test sequence, as one member of a run read it.

    Args:
        stream: the parse of all recorded sequences by that member.
        steps: how many; fewer where the sequence is shorter.
    """
    sequence = int(np.flatnonzero(~store.is_train)[0])
    tokens = store.tokens()[sequence]
    symbols = tuple(store.symbols[token] for token in tokens)
    activity = store.activations(member, site, split="test")[0, :steps]
    units = order_units(activity)
    parse = stream.parse
    found = np.isin(parse.units[sequence], stream.chunks)
    true = store.labels("boundary")[sequence].astype(bool)
    return Passage(
        seed=member,
        symbols=symbols[:steps],
        activity=activity[:, units],
        units=units,
        states=parse.states[sequence, :steps],
        words=tuple(s for s in spans(true, symbols) if s.length > 1 and s.first < steps),
        chunks=tuple(
            s
            for s in spans(parse.boundary[sequence], symbols)
            if found[s.first] and s.first < steps
        ),
    )


def spans(boundary: NDArray[np.bool_], symbols: tuple[str, ...]) -> list[Span]:
    """The spans that ``boundary (step,)`` cuts a sequence into; the first step begins one."""
    gap = "" if all(len(symbol) == 1 for symbol in symbols) else " "
    starts = np.union1d([0], np.flatnonzero(boundary))
    stops = np.append(starts[1:], len(boundary))
    return [
        Span(int(start), int(stop - start), gap.join(symbols[start:stop]))
        for start, stop in zip(starts, stops, strict=True)
    ]


def order_units(activity: NDArray[np.floating]) -> NDArray[np.integer]:
    """Units of ``activity (step, unit)`` so that neighbours act alike (average linkage)."""
    if activity.shape[1] < 3:
        return np.arange(activity.shape[1])
    distance = pdist(activity.T.astype(np.float64))
    return leaves_list(linkage(distance, "average", optimal_ordering=True))


def draw_symbols(axes: Axes, passage: Passage) -> None:
    """The symbols, the true words boxed and coloured by word."""
    colors = word_colors(passage)
    for word in passage.words:
        face = tint(colors[word.label], 0.35)
        axes.add_patch(
            Rectangle(
                (word.first - 0.46, 0.04), word.length - 0.08, 0.92, fc=face, ec=BLACK, lw=0.7
            )
        )
    width = step_width(axes, passage)
    if width > 5:
        for step, symbol in enumerate(passage.symbols):
            inside = any(word.first <= step <= word.last for word in passage.words)
            color = BLACK if inside else GREY
            weight = "bold" if inside and width > 9 else "normal"
            axes.text(
                step, 0.46, symbol, color=color, weight=weight, size=SMALL, ha="center", va="center"
            )
    _bare(axes, passage, "symbols\nread")


def draw_activity(axes: Axes, passage: Passage) -> AxesImage:
    """The activity, unit by step, white at 0."""
    limit = float(np.abs(passage.activity).max(initial=0)) or 1.0
    image = axes.imshow(
        passage.activity.T,
        aspect="auto",
        cmap=ACTIVITY,
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
    )
    axes.set_yticks([])
    axes.set_ylabel(f"{len(passage.units)} units")
    axes.spines[:].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)
    axes.set_xlim(-0.5, len(passage.symbols) - 0.5)
    return image


def draw_scale(axes: Axes, image: AxesImage) -> None:
    """The scale of the activity, in axes of its own."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    scale = figure.colorbar(image, cax=axes, ticks=MaxNLocator(4))
    scale.set_label("activity", labelpad=2)


def draw_states(axes: Axes, passage: Passage) -> None:
    """The state of every step, by its number and a colour."""
    seen = list(dict.fromkeys(state for state in passage.states.tolist() if state >= 0))
    width = step_width(axes, passage)
    edge = 0.6 if width > 3 else 0
    for step, state in enumerate(passage.states.tolist()):
        face = _state_color(state, seen)
        axes.add_patch(Rectangle((step - 0.5, 0), 1, 1, fc=face, ec="white", lw=edge))
        if width > SMALL:
            number = str(state) if state >= 0 else "\N{EN DASH}"
            turned = 90 if width < 1.4 * SMALL else 0
            axes.text(step, 0.47, number, size=SMALL, ha="center", va="center", rotation=turned)
    _bare(axes, passage, "state")


def draw_chunks(axes: Axes, passage: Passage) -> None:
    """Brackets over the chunks: solid and in the word's colour where a chunk spans a word."""
    colors = word_colors(passage)
    for chunk in passage.chunks:
        right = passage.is_word(chunk)
        color, line = (colors[chunk.label], "-") if right else (GREY, (0, (2, 1)))
        left, end = chunk.first - 0.4, chunk.last + 0.4
        axes.plot(
            [left, left, end, end],
            [0.1, 0.42, 0.42, 0.1],
            color=color,
            linestyle=line,
            linewidth=1.8 if right else 1.0,
            solid_joinstyle="miter",
        )
        visible = min(end, len(passage.symbols) - 0.5) - left
        if visible * step_width(axes, passage) > 0.62 * SMALL * len(chunk.label):
            axes.text(left + visible / 2, 0.56, chunk.label, size=SMALL, ha="center", va="bottom")
    if not passage.chunks:
        axes.text(
            0, 0.5, "no chunk found here", size=SMALL, color=GREY, style="italic", va="center"
        )
    _bare(axes, passage, "chunks\nfound")


def draw_word_edges(axes: Axes, passage: Passage) -> None:
    """Thin lines where true words begin and end, the same on every panel of the time axis."""
    edges = {word.first - 0.5 for word in passage.words} | {w.last + 0.5 for w in passage.words}
    for edge in sorted(edge for edge in edges if edge < len(passage.symbols) - 0.5):
        axes.axvline(edge, color=GREY, linewidth=0.4, linestyle=(0, (1, 2)), zorder=3)


def word_colors(passage: Passage) -> dict[str, str]:
    """Word -> colour, in order of appearance; with many words colours come again."""
    words = dict.fromkeys(word.label for word in passage.words)
    return {word: WORD_COLORS[at % len(WORD_COLORS)] for at, word in enumerate(words)}


def step_width(axes: Axes, passage: Passage) -> float:
    """Width of one step on paper (points), which says what fits."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    inches = axes.get_position().width * figure.get_figwidth()
    return float(inches * POINTS / len(passage.symbols))


def _state_color(state: int, seen: list[int]) -> str | tuple[float, float, float]:
    """Noise white, the commonest state grey, the others four pale colours that darken in turn."""
    if state <= 0:
        return "white" if state < 0 else PALE
    at = seen.index(state)
    return tint((SKY, ORANGE, GREEN, PURPLE)[at % 4], 0.25 + 0.4 * at / len(seen))


def _bare(axes: Axes, passage: Passage, label: str) -> None:
    """A row without axes, with its name on the left."""
    axes.set_xlim(-0.5, len(passage.symbols) - 0.5)
    axes.set_ylim(0, 1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_facecolor("none")
    axes.set_ylabel(label, rotation=0, ha="right", va="center", labelpad=4)
