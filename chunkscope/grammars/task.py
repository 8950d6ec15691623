"""Tasks: inputs that end with one right answer, which alone is learned."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import GrammarError
from chunkscope.grammars.base import Source
from chunkscope.grammars.corpus import Corpus
from chunkscope.grammars.inputs import Inputs

END, BEGIN = "$", "^"
"""What stands after an input, and before it."""

DRAWN_PER_FRESH = 20  # inputs drawn for each that is to be recorded


class Task(Source):
    """Settings of a task.

    Every input begins with :data:`BEGIN` and ends with :data:`END`, the first symbol, which also
    fills up what is shorter than the longest.
    """

    @property
    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """The vocabulary."""

    @property
    @abstractmethod
    def longest(self) -> int:
        """Symbols of the longest input."""

    @property
    @abstractmethod
    def points(self) -> tuple[str, ...]:
        """Names of the steps at which an input is read."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many inputs there are."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, n: int) -> Inputs:
        """``n`` independent inputs."""

    @abstractmethod
    def inputs(self) -> Inputs:
        """All inputs, each once.

        Raises:
            GrammarError: there are too many.
        """

    @abstractmethod
    def recognise(
        self, tokens: NDArray[np.integer], length: NDArray[np.integer]
    ) -> tuple[NDArray[np.bool_], Inputs]:
        """Which strings are inputs, and those that are.

        Args:
            tokens: (string, time) symbols, 0 beyond the length; ``time`` is :attr:`longest`.
            length: (string,) symbols of each.
        """

    def split(
        self,
        random: Callable[[str], np.random.Generator],
        training: tuple[int, int],
        recording: tuple[int, int, int],
    ) -> tuple[Corpus, Corpus]:
        """Inputs to train on, and others to record on; see :meth:`Source.split`.

        Raises:
            GrammarError: sequences are not as long as the longest input, or training leaves too few
                inputs to record.
        """
        for length in (training[1], recording[2]):
            if length != self.longest:
                raise GrammarError(
                    f"corpus: got sequences of {length} symbols; must be {self.longest}, the "
                    "length of the longest input"
                )
        trained, wanted = self.draw(random("training"), training[0]), sum(recording[:2])
        drawn = self.draw(random("recording"), DRAWN_PER_FRESH * wanted)
        fresh = np.flatnonzero(~np.isin(_keys(drawn), _keys(trained)))
        if len(fresh) < wanted:
            raise GrammarError(
                f"corpus: {training[0]} sequences to train on leave {len(fresh)} of "
                f"{DRAWN_PER_FRESH * wanted} drawn inputs to record; must be {wanted}: train on "
                "fewer, or make the task larger"
            )
        return trained.corpus(), drawn.take(fresh[:wanted]).corpus()


def agreeing(
    inputs: Inputs,
    rows: NDArray[np.integer],
    tokens: NDArray[np.integer],
    length: NDArray[np.integer],
) -> tuple[NDArray[np.bool_], Inputs]:
    """Which strings are these inputs, symbol by symbol, and the inputs that are.

    Args:
        inputs: what strings ``rows`` were read as.
    """
    same = (inputs.tokens == tokens[rows]).all(axis=1) & (inputs.length == length[rows])
    found = np.zeros(len(tokens), bool)
    found[rows[same]] = True
    return found, inputs.take(np.flatnonzero(same))


def _keys(inputs: Inputs) -> np.ndarray:
    """(input,) the symbols of each as one value."""
    tokens = np.ascontiguousarray(inputs.tokens)
    return tokens.view(np.dtype((np.void, tokens.strides[0]))).ravel()
