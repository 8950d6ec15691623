"""All readings of one member of a run: the default extractor and what it is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.chunks.dictionary import describe_chunks
from chunkscope.chunks.extractors.base import Activations, Labels, Tokens
from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.extractors.kmeans import KMeansExtractor
from chunkscope.chunks.reading import Parse, Reading, Segmenter, read_chunks
from chunkscope.chunks.settings import ChunkSettings, MergingSettings
from chunkscope.randomness import integer_seed, stream


@dataclass(frozen=True)
class Stream:
    """A parse of all recorded sequences, as scoring needs it.

    Attributes:
        parse: every array (sequence, time).
        chunks: (chunk,) the units that are chunks of the dictionary; the others are single letters
            or what larger chunks left of smaller ones.
    """

    parse: Parse
    chunks: NDArray[np.int64]

    def arrays(self, prefix: str) -> dict[str, NDArray[np.generic]]:
        """Name -> array, for ``np.savez``."""
        return {
            f"{prefix}/states": self.parse.states.astype(np.int32),
            f"{prefix}/letters": self.parse.letters.astype(np.int32),
            f"{prefix}/units": self.parse.units.astype(np.int32),
            f"{prefix}/boundary": self.parse.boundary,
            f"{prefix}/chunks": self.chunks,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Stream:
        """The inverse of :meth:`arrays`."""
        kinds = ("states", "letters", "units", "boundary")
        parse = Parse(*(arrays[f"{prefix}/{kind}"] for kind in kinds))  # type: ignore[arg-type]
        return cls(parse, arrays[f"{prefix}/chunks"])  # type: ignore[arg-type]


def read_density(
    activations: Activations, tokens: Tokens, settings: ChunkSettings, seed: int, member: int
) -> Reading:
    """The default reading, fitted on the train split ``(sequence, time, unit)``."""
    density = settings.density.model_dump()
    constrained = density.pop("constrained")
    extractor = DensityExtractor(
        **density, random_state=integer_seed(seed, "chunks", "density", member)
    )
    return read_chunks(extractor, activations, tokens, settings.merging, constrained)


def stream_of(reading: Reading, activations: Activations) -> Stream:
    """A reading's parse of ``activations (sequence, time, unit)``."""
    return Stream(reading.parse(activations), reading.dictionary.units)


def read_baselines(
    reading: Reading,
    activations: Activations,
    tokens: Tokens,
    train: NDArray[np.bool_],
    settings: ChunkSettings,
    seed: int,
    member: int,
) -> dict[str, Stream]:
    """Those of ``settings.baselines`` that read the same network.

    ``kmeans`` has as many states; ``shuffled`` takes the dictionary's states in an order shuffled
    within each sequence, so that their frequencies stay and their sequence goes.

    Args:
        activations, tokens: (sequence, time, unit) and (sequence, time), both splits.
        train: (sequence,) whether a sequence is of the train split.
    """
    n = len(reading.dictionary.prototypes)
    found = {}
    if "kmeans" in settings.baselines:
        kmeans = KMeansExtractor(
            n_states=max(2, n), random_state=integer_seed(seed, "chunks", "kmeans", member)
        )
        grouped = read_chunks(kmeans, activations[train], tokens[train], settings.merging)
        found["kmeans"] = stream_of(grouped, activations)
    if "shuffled" in settings.baselines:
        states = reading.extractor.predict(activations)
        shuffled = stream(seed, "chunks", "shuffled", member).permuted(states, axis=1)
        found["shuffled"] = _merge(shuffled, tokens, train, n, settings.merging)
    return found


def read_symbols(
    tokens: Tokens, symbols: int, train: NDArray[np.bool_], merging: MergingSettings
) -> Stream:
    """Merging of the raw symbols (byte-pair encoding with the same stopping rule): no network."""
    return _merge(tokens.astype(np.int64), tokens, train, symbols, merging)


def _merge(
    states: Labels, tokens: Tokens, train: NDArray[np.bool_], n: int, merging: MergingSettings
) -> Stream:
    segmenter = Segmenter.fit(states[train], tokens[train], n, merging)
    fitted = segmenter.parse(states[train])
    chunks = describe_chunks(segmenter.merger, fitted.units, fitted.boundary, tokens[train])
    return Stream(segmenter.parse(states), chunks["units"])  # type: ignore[arg-type]
