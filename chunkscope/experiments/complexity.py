"""How complex a string of states is: the indirect measures of the chunk papers.

Wu et al. (arXiv 2502.01803) judge context and hierarchy by four counts: the distinct states, the
vocabulary once states are merged into chunks, the part of it that is used, and the number of units
that the string is parsed into. Nothing in them looks at the truth. Any string can be measured so:
of states, of the symbols themselves, of windows of symbols.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.chunks.extractors.levels import cut_levels, level_centres
from chunkscope.chunks.extractors.symbolic import as_strings, number_strings
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.rounds import RoundMerger
from chunkscope.chunks.scores import boundary_scores

Strings = NDArray[np.int64]
Merger = RoundMerger | ChunkMerger

USED = 5  # a unit of the vocabulary counts as used when it occurs more often than this
MEASURES = ("states", "vocabulary", "vocabulary_used", "parse_length")


def complexity(states: Strings, boundary: NDArray[np.integer], merger: Merger) -> dict[str, float]:
    """The published measures of one string, and how well its units begin where words do.

    Args:
        states: (time,) the state of every step, as numbers from 0.
        boundary: (time,) 1 where a unit of the true parse begins.
        merger: how states are merged into chunks; it is fitted to this string.

    Returns:
        ``states``: distinct states; ``vocabulary``: states and chunks; ``vocabulary_used``: those
        that the parse has more than ``USED`` times; ``parse_length``: units in the parse;
        ``boundary_f1``: of the units' beginnings, with ``boundary_f1_every_step`` of calling every
        step a beginning, which no parse length can tell from a right parse.
    """
    _, numbered = np.unique(states, return_inverse=True)
    labels = numbered.reshape(1, -1)
    _, found = merger.fit(labels).parse(labels)
    scores = boundary_scores(found, boundary.reshape(1, -1).astype(bool))
    return {
        "states": float(numbered.max() + 1),
        "vocabulary": float(len(merger.chunks_)),
        "vocabulary_used": float((merger.counts_ > USED).sum()),
        "parse_length": float(found.sum()),
        "boundary_f1": scores["f1"],
        "boundary_f1_every_step": scores["f1_every_step"],
    }


def state_strings(activations: NDArray[np.floating], levels: int) -> Strings:
    """The states (seed, time) of an ensemble, each unit of each member cut into its own levels.

    Args:
        activations: (seed, time, unit); one stretch of each member, on which levels are found.
        levels: levels per unit.

    Raises:
        ExtractionError: see :func:`chunkscope.chunks.extractors.levels.level_centres`.
    """
    seeds, time, units = activations.shape
    rows = np.moveaxis(activations, 1, 0).reshape(time, seeds * units)
    digits = cut_levels(rows, level_centres(rows, levels)).reshape(time, seeds, units)
    return np.stack([number_strings(as_strings(member))[2] for member in np.moveaxis(digits, 1, 0)])


def symbol_windows(tokens: NDArray[np.integer], width: int) -> Strings:
    """The last ``width`` symbols of every step of ``tokens (seed, time)``, as one number.

    A look-up of the recent past needs a state for each that occurs. Before a stretch stands
    nothing, which is a symbol of its own.
    """
    symbols = int(tokens.max()) + 2
    padded = np.pad(tokens.astype(np.int64) + 1, ((0, 0), (width - 1, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
    return windows @ symbols ** np.arange(width)
