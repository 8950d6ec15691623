"""What the dictionary is compared with: other extractors, shuffled time, and the raw symbols.

Every reading merges its states into chunks as the dictionary does, so that what differs is the
states. Level strings alone keep the rounds of merging that their paper has, and stand a second time
with the dictionary's merging.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.chunks.dictionary import Merger
from chunkscope.chunks.equivalence import lump_states
from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.extractors.averaging import AveragingExtractor
from chunkscope.chunks.extractors.base import NOISE, Activations, Extractor, Labels, Tokens
from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.extractors.kmeans import KMeansExtractor
from chunkscope.chunks.extractors.mixture import MixtureExtractor
from chunkscope.chunks.extractors.symbolic import SymbolicExtractor
from chunkscope.chunks.extractors.trajectories import TrajectoryExtractor
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.reading import Segmenter
from chunkscope.chunks.rounds import RoundMerger
from chunkscope.chunks.settings import ChunkSettings, ExtractorName
from chunkscope.errors import ExtractionError
from chunkscope.randomness import integer_seed, stream

UNTRAINED: tuple[ExtractorName, ...] = ("symbolic", "prototypes", "kmeans")
"""Extractors that also read the untrained network: those that take less than half a second."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """Reads one recording in other ways; all readings are fitted on the train split.

    Attributes:
        settings: of the chunks study.
        tokens: (sequence, time) of both splits.
        train: (sequence,) whether a sequence is of the train split.
        seed: root of the random streams.
    """

    settings: ChunkSettings
    tokens: Tokens
    train: Mask
    seed: int

    def read(
        self,
        names: Collection[ExtractorName],
        activations: Activations,
        n_states: int,
        member: int,
    ) -> dict[str, Stream]:
        """Row -> reading, for those of ``names`` that read activity and are told nothing else.

        Args:
            activations: (sequence, time, unit) of both splits.
            n_states: of the dictionary; k-means and its like look for as many (at least two, and
                no more than there are different rows).
        """
        k = min(max(2, n_states), _different_rows(activations[self.train]))
        found: dict[str, Stream] = {}
        for name in names:
            extractor = self._extractor(name, k, integer_seed(self.seed, "chunks", name, member))
            if extractor is not None:
                states, n = self._states(name, extractor, activations, self.tokens)
                found |= (
                    self._symbolic(states, n)
                    if name == "symbolic"
                    else {name: self.merge(states, n)}
                )
        return found

    def average(self, activations: Activations, told: Labels, member: int) -> Stream:
        """Population averaging, which is told the truth: no extractor for extraction.

        Args:
            told: (sequence, time) the true state of every step; those of the train split are used.
        """
        extractor = AveragingExtractor(
            **self.settings.averaging.model_dump(),
            random_state=integer_seed(self.seed, "chunks", "averaging", member),
        )
        return self.merge(*self._states("averaging", extractor, activations, told))

    def shuffle(self, states: Labels, n_states: int, member: int) -> Stream:
        """States ``(sequence, time)`` in an order shuffled within each sequence, so that their
        frequencies stay and their sequence goes."""
        rng = stream(self.seed, "chunks", "shuffled", member)
        return self.merge(rng.permuted(states, axis=1), n_states)

    def symbols(self, n: int) -> Stream:
        """The ``n`` raw symbols: byte-pair encoding with the same stopping rule, no network."""
        return self.merge(self.tokens.astype(np.int64), n)

    def merge(self, states: Labels, n: int) -> Stream:
        """``n`` states ``(sequence, time)`` as the dictionary has them: lumped, then merged."""
        letters = lump_states(states[self.train], self.tokens[self.train], n)
        return self._segmented(states, letters, self._merger())

    def _symbolic(self, states: Labels, n: int) -> dict[str, Stream]:
        """Level strings in rounds and merged as all others, but unlumped: there are too many."""
        rounds = RoundMerger(**self.settings.symbolic.merging.model_dump())
        return {
            "symbolic": self._segmented(states, np.arange(n), rounds),
            "symbolic_merged": self._segmented(states, np.arange(n), self._merger()),
        }

    def _segmented(self, states: Labels, letters: NDArray[np.int64], merger: Merger) -> Stream:
        segmenter = Segmenter.fit(states[self.train], letters, merger)
        chunks = segmenter.chunks(segmenter.parse(states[self.train]))
        return Stream(segmenter.parse(states), chunks)

    def _merger(self) -> ChunkMerger:
        return ChunkMerger(**self.settings.merging.model_dump())

    def _states(
        self, name: str, extractor: Extractor, activations: Activations, told: Tokens
    ) -> tuple[Labels, int]:
        """The states of all steps, and how many there are.

        Activity that an extractor cannot read (all zeros, say) has none, and the log says why.

        Args:
            told: (sequence, time) what it is fitted on besides activity.
        """
        try:
            extractor.fit(activations[self.train], told[self.train])
        except ExtractionError as error:
            print(f"{name}: no states: {error}")
            return np.full(told.shape, NOISE, dtype=np.int64), 0
        return extractor.predict(activations), len(extractor.prototypes_)

    def _extractor(self, name: ExtractorName, k: int, random_state: int) -> Extractor | None:
        """The extractor of a name; None for a reading that is made in another way."""
        settings = self.settings
        match name:
            case "trajectories":
                density = settings.density.model_dump(exclude={"constrained"})
                inner = DensityExtractor(**density, random_state=random_state)
                return TrajectoryExtractor(inner, window=settings.trajectories.window)
            case "symbolic":
                return SymbolicExtractor(levels=settings.symbolic.levels, random_state=random_state)
            case "kmeans":
                return KMeansExtractor(n_states=k, random_state=random_state)
            case "mixture":
                return MixtureExtractor(n_states=k, random_state=random_state)
            case "prototypes":
                from chunkscope.chunks.extractors.prototypes import PrototypeExtractor

                fit = settings.prototypes.model_dump()
                return PrototypeExtractor(prototypes=k, **fit, random_state=random_state)
            case "autoencoder":
                from chunkscope.chunks.extractors.autoencoder import AutoencoderExtractor

                fit = settings.autoencoder.model_dump()
                return AutoencoderExtractor(**fit, random_state=random_state)
            case _:
                return None


def _different_rows(activations: Activations) -> int:
    """How many different rows ``activations (..., unit)`` has."""
    return len(np.unique(activations.reshape(-1, activations.shape[-1]), axis=0))
