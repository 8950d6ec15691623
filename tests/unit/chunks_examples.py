"""Small sequences with a known parse, and activity that holds exactly that parse."""

from __future__ import annotations

import numpy as np

from chunkscope.grammars import Corpus, Words


def words_corpus(n: int = 60, length: int = 80, seed: int = 0) -> Corpus:
    """Three words that share letters, in geometric noise of two symbols."""
    grammar = Words(
        vocabulary={"ABC": 0.4, "BDA": 0.3, "CCDB": 0.3},
        filler={"x": 0.5, "y": 0.5},
        gap={"kind": "geometric", "p": 0.5},
    )
    return grammar.sample(np.random.default_rng(seed), n, length)


def activity_of(states: np.ndarray, units: int = 12, noise: float = 0.02, seed: int = 1):
    """(sequence, time, unit) a random direction per state, plus a little noise."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(int(states.max()) + 1, units))
    return (directions[states] + noise * rng.normal(size=(*states.shape, units))).astype(np.float32)


def word_stream(words: list[str], n: int, times: int, seed: int = 0):
    """``n`` sequences of ``times`` words drawn evenly; all words are equally long.

    Returns:
        tokens and states, each (sequence, time): a state is a word and a position in it.
    """
    rng = np.random.default_rng(seed)
    symbols = sorted(set("".join(words)))
    drawn = rng.integers(len(words), size=(n, times))
    spelled = np.array([[symbols.index(symbol) for symbol in word] for word in words])
    numbered = np.arange(spelled.size).reshape(spelled.shape)
    return spelled[drawn].reshape(n, -1), numbered[drawn].reshape(n, -1)
