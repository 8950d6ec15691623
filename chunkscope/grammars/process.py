"""The hidden Markov process a grammar compiles to: its states carry the true parse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chunkscope.errors import GrammarError

TOLERANCE = 1e-9
"""How far a sum of probabilities may be from 1."""


@dataclass(frozen=True)
class Process:
    """A hidden Markov process that emits one symbol per transition.

    The hidden state at time t is the one entered by emitting symbol x_t.

    Attributes:
        symbols: the vocabulary.
        transitions: (symbol, from, to) float64, P(x, s' | s).
        initial: (state,) float64, the distribution over states before the first symbol.
        annotations: kind -> (state,) int32, the labels of the step that enters each state;
            ``word``, ``boundary``, ``depth`` and whatever else the grammar knows.
        hypothesis: (state,) int32, which way of parsing the present symbol, (unit, position), the
            state stands for; states that differ only in a hidden counter share one.
        hypothesis_names: a short readable name per hypothesis.
        word_names: a readable name per value of ``annotations["word"]``.

    Raises:
        GrammarError: a probability is negative or a state's outgoing ones do not sum to 1.
    """

    symbols: tuple[str, ...]
    transitions: np.ndarray
    initial: np.ndarray
    annotations: dict[str, np.ndarray]
    hypothesis: np.ndarray
    hypothesis_names: tuple[str, ...]
    word_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if (self.transitions < 0).any() or (self.initial < 0).any():
            raise GrammarError("process: got a negative probability; all must be >= 0")
        totals = np.append(self.transitions.sum(axis=(0, 2)), self.initial.sum())
        worst = int(np.abs(totals - 1).argmax())
        if abs(totals[worst] - 1) > TOLERANCE:
            where = "the initial state" if worst == len(totals) - 1 else f"state {worst}"
            raise GrammarError(
                f"process: the probabilities of {where} sum to {totals[worst]:.12g}; must be 1"
            )

    @property
    def n_states(self) -> int:
        """How many hidden states there are."""
        return len(self.initial)

    def sample(
        self, rng: np.random.Generator, n: int, length: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw ``n`` sequences with their hidden paths.

        Returns:
            tokens: (sequence, time) uint8, or int16 beyond 256 symbols.
            states: (sequence, time) int32, the hidden state that each token led into.
        """
        cumulative, symbol, target = self._edges()
        tokens = np.empty((n, length), np.uint8 if len(self.symbols) <= 256 else np.int16)
        states = np.empty((n, length), np.int32)
        state = rng.choice(self.n_states, size=n, p=self.initial)
        for t in range(length):
            edge = (rng.random((n, 1)) >= cumulative[state]).sum(axis=1)
            tokens[:, t] = symbol[state, edge]
            states[:, t] = state = target[state, edge]
        return tokens, states

    def _edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Each state's edges side by side: (state, edge) cumulative probability, symbol, target."""
        source, symbol, target = np.nonzero(self.transitions.transpose(1, 0, 2))
        degree = np.bincount(source, minlength=self.n_states)
        slot = np.arange(len(source)) - np.repeat(degree.cumsum() - degree, degree)
        shape = (self.n_states, int(degree.max()))
        probability = np.zeros(shape)
        probability[source, slot] = self.transitions[symbol, source, target]
        cumulative = probability.cumsum(axis=1)
        cumulative[np.arange(shape[1]) >= degree[:, None] - 1] = 1.0  # no draw falls off the end
        symbols, targets = np.zeros(shape, np.intp), np.zeros(shape, np.intp)
        symbols[source, slot], targets[source, slot] = symbol, target
        return cumulative, symbols, targets


def steps_since_boundary(boundary: np.ndarray) -> np.ndarray:
    """(sequence, time) int32: how many steps ago the present unit began, 0 where it begins."""
    time = np.arange(boundary.shape[1], dtype=np.int32)
    return time - np.maximum.accumulate(np.where(boundary == 1, time, 0), axis=1)
