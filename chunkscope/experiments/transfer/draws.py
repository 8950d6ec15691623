"""Everything that chance gives one network's experiment, each from a stream of its own name."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.grammars import Corpus, Words
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import TrainingSettings
from chunkscope.networks.training import draw_windows
from chunkscope.randomness import integer_seed, stream


class Draws:
    """Initial weights, sequences and windows of the network ``name`` under the root ``seed``."""

    def __init__(self, settings: TransferSettings, name: str, seed: int) -> None:
        self.settings = settings
        self.network = settings.networks[name]
        self.token = {symbol: token for token, symbol in enumerate(settings.alphabet)}
        self._stream = (seed, "transfer", name)

    def seeds(self, purpose: str) -> list[int]:
        """An integer seed per network."""
        return [integer_seed(*self._stream, purpose, n) for n in range(self.network.seeds)]

    def generators(self, purpose: str) -> list[np.random.Generator]:
        """A generator per network."""
        return [stream(*self._stream, purpose, n) for n in range(self.network.seeds)]

    def untrained(self) -> Network:
        """The ensemble of all seeds."""
        alphabet = self.settings.alphabet
        return build(self.network.network, len(alphabet), self.seeds("weights"), alphabet)

    def sequences(self, grammar: Words, purpose: str, length: int) -> NDArray[np.int64]:
        """(seed, step) a sequence per network, in tokens of the networks' alphabet."""
        process = grammar.compile()
        drawn = [process.sample(rng, 1, length)[0] for rng in self.generators(purpose)]
        return self._translate(process.symbols)[np.concatenate(drawn)]

    def windows(self, sequences: NDArray[np.int64], trial: int) -> Tensor:
        """(seed, batch, window) of ``sequences (seed, step)``, for one trial."""
        trials = self.network.trials
        shape = TrainingSettings(steps=0, batch=trials.batch, window=trials.window)
        drawn = draw_windows(sequences[:, None], shape, self.seeds("trials"), trial)
        return torch.from_numpy(drawn)

    def evaluation(self, grammar: Words, purpose: str) -> tuple[Tensor, Corpus]:
        """Fresh sequences (sequence, time), the same for all networks, and the corpus of them."""
        rng, window = stream(*self._stream, purpose), self.network.trials.window
        corpus = grammar.sample(rng, self.settings.sequences, window)
        return torch.from_numpy(self._translate(corpus.symbols)[corpus.tokens]), corpus

    def _translate(self, symbols: tuple[str, ...]) -> NDArray[np.int64]:
        return np.array([self.token[symbol] for symbol in symbols], dtype=np.int64)
