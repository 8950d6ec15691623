"""The default reading of one member of a run, and a reading's parse of all its sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.chunks.extractors.base import Activations, Tokens
from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.reading import Parse, Reading, read_chunks
from chunkscope.chunks.settings import ChunkSettings
from chunkscope.randomness import integer_seed


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
