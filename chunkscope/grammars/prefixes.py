"""Beginnings of the sequences of a grammar up to a length, with their exact probability.

All lengths are equally likely; given the length, a prefix is as likely as the grammar has it. Each
is read at its last symbol (the point ``last``). Labels are ``length``, ``last`` (the last symbol),
``state`` and ``causal``: the parse state there, and the class of all beginnings with its future.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import GrammarError
from chunkscope.grammars.base import Grammar
from chunkscope.grammars.inputs import LARGEST, Inputs, check_enumerable
from chunkscope.grammars.observer import Observer
from chunkscope.grammars.process import Process


def prefixes(grammar: Grammar, longest: int, most: int = LARGEST) -> Inputs:
    """Every string of 1 to ``longest`` symbols that a sequence of the grammar may begin with.

    Raises:
        TooManyInputs: there are more than ``most``.
        GrammarError: ``longest`` is below 1.
    """
    _check(longest)
    process = grammar.compile()
    strings, reached = np.zeros((1, 0), np.uint8), process.initial[None]
    tokens, probability, count = [], [], 0
    for length in range(1, longest + 1):
        following = np.einsum("ns,xst->nxt", reached, process.transitions)
        row, symbol = np.nonzero(following.sum(axis=2))
        count += len(row)
        check_enumerable("prefixes", count, length, most)
        strings = np.column_stack([strings[row], symbol.astype(strings.dtype)])
        reached = following[row, symbol]
        tokens.append(np.pad(strings, ((0, 0), (0, longest - length))))
        probability.append(reached.sum(axis=1) / longest)
    return _inputs(
        process,
        np.concatenate(tokens),
        np.repeat(np.arange(1, longest + 1, dtype=np.int32), list(map(len, tokens))),
        np.concatenate(probability),
    )


def draw_prefixes(grammar: Grammar, longest: int, rng: np.random.Generator, n: int) -> Inputs:
    """``n`` independent draws of them.

    Raises:
        GrammarError: ``longest`` is below 1.
    """
    _check(longest)
    process = grammar.compile()
    tokens, _ = process.sample(rng, n, longest)
    length = rng.integers(1, longest + 1, n, dtype=np.int32)
    tokens = np.where(np.arange(longest) < length[:, None], tokens, 0).astype(tokens.dtype)
    return _inputs(process, tokens, length, _probability(process, tokens, length))


def recognise_prefixes(
    grammar: Grammar, tokens: NDArray[np.integer], length: NDArray[np.integer]
) -> tuple[NDArray[np.bool_], Inputs]:
    """Which strings are prefixes, and those that are.

    Args:
        tokens: (string, time) symbols, 0 beyond the length.
        length: (string,) symbols of each, 1 to ``time``.
    """
    process = grammar.compile()
    probability = _probability(process, tokens, length)
    found = probability > 0
    return found, _inputs(
        process, tokens[found], length[found].astype(np.int32), probability[found]
    )


def _probability(
    process: Process, tokens: NDArray[np.integer], length: NDArray[np.integer]
) -> NDArray[np.float64]:
    """(string,) of each; 0 where no sequence begins with it, or it has no symbol."""
    reached = np.repeat(process.initial[None], len(tokens), axis=0)
    for step, symbols in enumerate(tokens.T):
        for symbol in np.unique(symbols):
            rows = (symbols == symbol) & (length > step)
            reached[rows] = reached[rows] @ process.transitions[symbol]
    return np.where(length > 0, reached.sum(axis=1) / tokens.shape[1], 0.0)


def _check(longest: int) -> None:
    if longest < 1:
        raise GrammarError(f"prefixes: got up to {longest} symbols; must be at least 1")


def _inputs(
    process: Process,
    tokens: NDArray[np.integer],
    length: NDArray[np.int32],
    probability: NDArray[np.float64],
) -> Inputs:
    last, observer = length - 1, Observer(process)
    state, causal = np.zeros((2, len(tokens)), np.int32)
    for size in np.unique(length):  # the shortest first, as states are numbered as they are met
        rows = length == size
        seen = observer.observe(tokens[rows, :size])
        state[rows], causal[rows] = seen.state[:, -1], seen.causal[:, -1]
    return Inputs(
        symbols=process.symbols,
        tokens=tokens,
        length=length,
        probability=probability,
        scored=np.arange(tokens.shape[1]) < length[:, None],
        points={"last": last},
        labels={
            "length": length,
            "last": tokens[np.arange(len(tokens)), last].astype(np.int32),
            "state": state,
            "causal": causal,
        },
    )
