"""Everything that chance gives one network's experiment, each from a stream of its own name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.experiments.context.parents import Passages, draw_passages
from chunkscope.experiments.context.settings import ContextSettings
from chunkscope.grammars.corpus import Corpus
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.randomness import integer_seed, stream


class Draws:
    """Initial weights and sequences of the network ``name`` under the root ``seed``."""

    def __init__(self, settings: ContextSettings, name: str, seed: int) -> None:
        self.settings = settings
        self.network = settings.networks[name]
        self.process = self.network.source.compile()
        self._stream = (seed, "context", name)

    def seeds(self, *purpose: str) -> list[int]:
        """An integer seed per network."""
        return [integer_seed(*self._stream, *purpose, n) for n in range(self.network.seeds)]

    def generators(self, *purpose: str) -> list[np.random.Generator]:
        """A generator per network."""
        return [stream(*self._stream, *purpose, n) for n in range(self.network.seeds)]

    def untrained(self, copies: int = 1) -> Network:
        """The ensemble of all seeds, ``copies`` of it one after the other."""
        symbols = self.process.symbols
        return build(self.network.network, len(symbols), self.seeds("weights") * copies, symbols)

    def training(self) -> NDArray[np.integer]:
        """(seed, 1, time) each network's training sequence."""
        length = self.settings.length
        return np.stack(
            [self.process.sample(rng, 1, length)[0] for rng in self.generators("training")]
        )

    def shuffled(self, sequences: NDArray[np.integer]) -> NDArray[np.integer]:
        """(seed, 1, time) the symbols of ``sequences`` in an order that tells nothing."""
        pairs = zip(self.generators("shuffled"), sequences, strict=True)
        return np.stack([rng.permuted(sequence, axis=-1) for rng, sequence in pairs])

    def stretches(self) -> list[Corpus]:
        """A fresh stretch per network, on which states are counted."""
        source, steps = self.network.source, self.settings.stretch
        return [source.sample(rng, 1, steps) for rng in self.generators("stretch")]

    def passages(self) -> list[Passages]:
        """Fresh sequences per network, on which parents are read."""
        wanted = self.settings
        sequences = wanted.train + wanted.validation + wanted.test
        return [
            draw_passages(self.network.source, rng, sequences, wanted.steps)
            for rng in self.generators("passages")
        ]
