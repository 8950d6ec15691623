"""The chunk reading of one network: activity -> states -> letters -> chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.dictionary import Dictionary, describe_chunks, describe_states
from chunkscope.chunks.equivalence import lump_states
from chunkscope.chunks.extractor import Activations, Extractor, Labels, Tokens
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.settings import MergingSettings


@dataclass(frozen=True)
class Reading:
    """A fitted reading, which parses any activity of the same network.

    Attributes:
        dictionary: what was found.
        sweep: the settings compared, one row each.
    """

    extractor: Extractor
    merger: ChunkMerger
    dictionary: Dictionary
    sweep: pd.DataFrame

    def parse(self, activations: Activations) -> Parse:
        """States, letters and chunks of ``activations (sequence, time, unit)``."""
        return parse_states(
            self.extractor.predict(activations), self.dictionary.letters, self.merger
        )


@dataclass(frozen=True)
class Parse:
    """How a dictionary reads sequences; every array is (sequence, time).

    Attributes:
        states: state of each step, -1 is noise.
        letters: letter of each step, -1 is noise.
        units: the unit each step belongs to: letters first, then chunks; -1 is noise.
        boundary: whether a unit begins at the step.
    """

    states: Labels
    letters: Labels
    units: Labels
    boundary: NDArray[np.bool_]


def read_chunks(
    extractor: Extractor,
    activations: Activations,
    tokens: Tokens,
    merging: MergingSettings | None = None,
    constrained: float = 0.5,
) -> Reading:
    """Fit an extractor on ``activations (sequence, time, unit)`` and merge its states into chunks.

    Example:
        >>> reading = read_chunks(DensityExtractor(), activations, tokens)
        >>> reading.dictionary.chunk_table(symbols)

    Args:
        extractor: finds the states.
        tokens: (sequence, time) the symbols read at each step.
        merging: how letters become chunks.
        constrained: share of a unit's overall spread below which a state constrains it.
    """
    merging = merging or MergingSettings()
    extractor.fit(activations, tokens)
    letters = lump_states(extractor.labels_, tokens, len(extractor.prototypes_))
    merger = ChunkMerger(**merging.model_dump())
    merger.fit(letters_of(extractor.labels_, letters))
    parse = parse_states(extractor.labels_, letters, merger)
    dictionary = Dictionary(
        prototypes=extractor.prototypes_.astype(np.float32),
        radii=extractor.radii_,
        persistence=extractor.persistence_,
        letters=letters,
        **describe_states(extractor, activations, constrained),  # type: ignore[arg-type]
        **describe_chunks(merger, parse.units, parse.boundary, tokens),  # type: ignore[arg-type]
    )
    return Reading(extractor, merger, dictionary, extractor.sweep_)


def parse_states(states: Labels, letters: NDArray[np.int64], merger: ChunkMerger) -> Parse:
    """Turn a state stream ``(sequence, time)`` into letters and units."""
    lettered = letters_of(states, letters)
    units, boundary = merger.parse(lettered)
    return Parse(states, lettered, units, boundary)


def letters_of(states: Labels, letters: NDArray[np.int64]) -> Labels:
    """The letter of every state of the stream; noise stays noise."""
    return np.append(letters, -1)[states]
