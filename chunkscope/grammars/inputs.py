"""All inputs that a network can be given, with their probability: where preimages are found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import GrammarError
from chunkscope.grammars.corpus import Corpus, spelled

LARGEST = 2_000_000
"""Inputs that are enumerated at most."""


@dataclass(frozen=True)
class Inputs:
    """Inputs of a task, or beginnings of a grammar's sequences: all there are, or a sample.

    Attributes:
        symbols: the vocabulary.
        tokens: (input, time) uint8 or int16, indices into ``symbols``; 0 beyond the length.
        length: (input,) int32, symbols of each.
        probability: (input,) float64, of each among all that there are.
        scored: (input, time) bool, the symbols that a network is to predict.
        points: name -> (input,) int32, the steps at which an input is read.
        labels: kind -> (input,) int32, what is true of an input.
    """

    symbols: tuple[str, ...]
    tokens: NDArray[np.integer]
    length: NDArray[np.int32]
    probability: NDArray[np.float64]
    scored: NDArray[np.bool_]
    points: dict[str, NDArray[np.int32]]
    labels: dict[str, NDArray[np.int32]]

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, rows: NDArray[np.integer]) -> Inputs:
        """Some of them, in this order; probabilities stay as they are."""
        return replace(
            self,
            tokens=self.tokens[rows],
            length=self.length[rows],
            probability=self.probability[rows],
            scored=self.scored[rows],
            points={name: steps[rows] for name, steps in self.points.items()},
            labels={kind: values[rows] for kind, values in self.labels.items()},
        )

    def text(self, row: int) -> str:
        """One input as a string."""
        return spelled(self.tokens[row, : self.length[row]], self.symbols)

    def corpus(self) -> Corpus:
        """The inputs as sequences, whose labels are the same at every step."""
        time = self.tokens.shape[1]
        labels = {kind: np.repeat(v[:, None], time, 1) for kind, v in self.labels.items()}
        return Corpus(self.tokens, self.symbols, labels, scored=self.scored)


def check_enumerable(what: str, count: int, longest: int) -> None:
    """Raise GrammarError where there are more inputs than :data:`LARGEST`."""
    if count > LARGEST:
        raise GrammarError(
            f"{what}: there are {count:,} inputs of up to {longest} symbols "
            f"({count * longest / 2**30:.3g} GiB for the symbols alone); at most {LARGEST:,} are "
            "enumerated: ask for smaller ones, or sample"
        )
