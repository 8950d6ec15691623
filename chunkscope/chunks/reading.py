"""The chunk reading of one network: activity -> states -> letters -> chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.chunks.dictionary import (
    Dictionary,
    Merger,
    count_chunks,
    describe_chunks,
    describe_states,
)
from chunkscope.chunks.equivalence import lump_states
from chunkscope.chunks.extractors.base import Activations, Extractor, Labels, Tokens
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.settings import MergingSettings


@dataclass(frozen=True)
class Parse:
    """How a reading cuts up sequences; every array is (sequence, time).

    Attributes:
        states: state of each step, -1 is noise.
        letters: letter of each step, -1 is noise.
        units: the unit each step belongs to, -1 is noise.
        boundary: whether a unit begins at the step.
    """

    states: Labels
    letters: Labels
    units: Labels
    boundary: NDArray[np.bool_]


@dataclass(frozen=True)
class Segmenter:
    """What turns a stream of states into chunks: letters, then merges.

    Attributes:
        letters: (state,) the letter of every state.
        merger: fitted on the letters; its units from ``n_labels_`` on are chunks.
    """

    letters: NDArray[np.int64]
    merger: Merger

    @classmethod
    def fit(cls, states: Labels, letters: NDArray[np.int64], merger: Merger) -> Segmenter:
        """Merge the letters of ``states (sequence, time)`` into chunks."""
        stream = _lettered(states, letters)
        return cls(letters, merger.fit(stream, n_labels=int(letters.max(initial=-1)) + 1))

    def parse(self, states: Labels) -> Parse:
        """Cut up a stream of states ``(sequence, time)``."""
        lettered = _lettered(states, self.letters)
        return Parse(states, lettered, *self.merger.parse(lettered))

    def chunks(self, parse: Parse) -> NDArray[np.int64]:
        """(chunk,) the units that are chunks, of the parse of the train split."""
        return count_chunks(self.merger, parse.units, parse.boundary)[0]


@dataclass(frozen=True)
class Reading:
    """A fitted reading, which parses any activity of the same network."""

    extractor: Extractor
    segmenter: Segmenter
    dictionary: Dictionary

    def parse(self, activations: Activations) -> Parse:
        """States, letters and chunks of ``activations (sequence, time, unit)``."""
        return self.segmenter.parse(self.extractor.predict(activations))


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
        constrained: share of the units that a state constrains, the steadiest within it.
    """
    extractor.fit(activations, tokens)
    states = extractor.labels_
    merger = ChunkMerger(**(merging or MergingSettings()).model_dump())
    letters = lump_states(states, tokens, len(extractor.prototypes_))
    segmenter = Segmenter.fit(states, letters, merger)
    parse = segmenter.parse(states)
    dictionary = Dictionary(
        prototypes=extractor.prototypes_.astype(np.float32),
        radii=extractor.radii_,
        persistence=extractor.persistence_,
        letters=segmenter.letters,
        **describe_states(extractor, activations, constrained),  # type: ignore[arg-type]
        **describe_chunks(merger, parse.units, parse.boundary, tokens),  # type: ignore[arg-type]
    )
    return Reading(extractor, segmenter, dictionary)


def _lettered(states: Labels, letters: NDArray[np.int64]) -> Labels:
    """The letter of every state of the stream; noise stays noise."""
    return np.append(letters, -1)[states]
