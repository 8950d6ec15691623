"""The parent word of a shared part, and what the past tells of it.

In the corpus {CDAB, AB, ABCD, E} the symbol B is a part of three words. An ideal observer of the
symbols so far knows the probability of each parent exactly, by the grammar's forward filter: after
E A B it is AB or ABCD alike, and only what follows will tell; after D A B it is CDAB. That is the
ceiling of every reading of a state, which holds nothing but the past.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.grammars.base import Grammar
from chunkscope.grammars.observer import Observer
from chunkscope.grammars.process import Process


@dataclass(frozen=True)
class Passages:
    """Sequences with the parent word of every step; each array is (sequence, time, ...).

    Attributes:
        tokens: the symbols read.
        parent: the word (or separator) that the step belongs to.
        position: 0-based step within it.
        known: (sequence, time, word) probability of each parent, given the symbols so far.
    """

    tokens: NDArray[np.integer]
    parent: NDArray[np.integer]
    position: NDArray[np.integer]
    known: NDArray[np.float64]


def draw_passages(
    source: Grammar, rng: np.random.Generator, sequences: int, steps: int
) -> Passages:
    """Fresh sequences of a corpus, with their parents and what an ideal observer knows of them."""
    corpus = source.sample(rng, sequences, steps)
    return Passages(
        tokens=corpus.tokens,
        parent=corpus.labels["word"],
        position=corpus.labels["position"],
        known=known_parents(source.compile(), corpus.tokens),
    )


def known_parents(process: Process, tokens: NDArray[np.integer]) -> NDArray[np.float64]:
    """(sequence, time, word) P(parent of the step | symbols up to and including it).

    Args:
        tokens: (sequence, time) of this process.
    """
    observed = Observer(process).observe(tokens)
    word_of = process.annotations["word"]
    belongs = word_of[:, None] == np.arange(len(process.word_names))
    return (observed.beliefs @ belongs)[observed.belief]


def shared_symbols(process: Process) -> dict[int, tuple[int, ...]]:
    """Token -> the words that it is a part of, for those that are parts of more than one."""
    emits = process.transitions.sum(axis=1) > 0  # (symbol, state entered)
    parents = {
        token: tuple(np.unique(process.annotations["word"][entered]).tolist())
        for token, entered in enumerate(emits)
    }
    return {token: words for token, words in parents.items() if len(words) > 1}
