"""Population activity with the chunks found above it and the true parse below."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from chunkscope.figures.passage import (
    Passage,
    draw_activity,
    draw_chunks,
    draw_scale,
    draw_states,
    draw_symbols,
    draw_word_edges,
)
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import note, styled


@styled
def draw_activity_figure(
    passage: Passage, run: str, settings: FigureSettings
) -> tuple[Figure, pd.DataFrame]:
    """Chunks and states over the activity, symbols and true words under it.

    Returns:
        The figure, and its marks as :meth:`~chunkscope.figures.passage.Passage.table` gives them.
    """
    figure = Figure(figsize=(settings.width, 2.9))
    grid = figure.add_gridspec(
        4,
        2,
        height_ratios=[0.55, 0.35, 2.4, 0.4],
        width_ratios=[1, 0.014],
        left=0.1,
        right=0.93,
        top=0.92,
        bottom=0.18,
        hspace=0.06,
        wspace=0.03,
    )
    chunks, states, activity, symbols = (figure.add_subplot(grid[row, 0]) for row in range(4))
    draw_chunks(chunks, passage)
    draw_states(states, passage)
    image = draw_activity(activity, passage)
    draw_symbols(symbols, passage)
    for axes in (states, activity):
        draw_word_edges(axes, passage)
    draw_scale(figure.add_subplot(grid[2, 1]), image)
    symbols.set_xticks(range(0, len(passage.symbols), 10))
    symbols.set_xlabel("step of the sequence")
    chunks.set_title(f"{run}: what recurs in the activity, over what is true")
    note(
        figure,
        f"One test sequence, seed {passage.seed}. Boxes: true words. Brackets: chunks, solid where "
        "a chunk spans exactly a word, dashed elsewhere.",
    )
    return figure, passage.table()
