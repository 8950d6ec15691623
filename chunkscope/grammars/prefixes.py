"""All beginnings of the sequences of a grammar up to a length, with their exact probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import GrammarError
from chunkscope.grammars.base import Grammar
from chunkscope.grammars.inputs import Inputs, check_enumerable
from chunkscope.grammars.observer import Observer


def prefixes(grammar: Grammar, longest: int) -> Inputs:
    """Every string of 1 to ``longest`` symbols that a sequence of the grammar may begin with.

    All lengths are equally likely; given the length, a prefix is as likely as the grammar has it.
    Each is read at its last symbol (the point ``last``). Labels are ``length``, ``last`` (the last
    symbol) and ``state``, the parse state there.

    Raises:
        GrammarError: ``longest`` is below 1, or there are too many.
    """
    if longest < 1:
        raise GrammarError(f"prefixes: got up to {longest} symbols; must be at least 1")
    process = grammar.compile()
    strings, reached = np.zeros((1, 0), np.uint8), process.initial[None]
    tokens, probability, state = [], [], []
    count, observer = 0, Observer(process)
    for length in range(1, longest + 1):
        following = np.einsum("ns,xst->nxt", reached, process.transitions)
        row, symbol = np.nonzero(following.sum(axis=2))
        count += len(row)
        check_enumerable("prefixes", count, longest)
        strings = np.column_stack([strings[row], symbol.astype(strings.dtype)])
        reached = following[row, symbol]
        tokens.append(np.pad(strings, ((0, 0), (0, longest - length))))
        probability.append(reached.sum(axis=1) / longest)
        state.append(observer.observe(strings).state[:, -1])
    return _inputs(process.symbols, tokens, np.concatenate(probability), np.concatenate(state))


def _inputs(
    symbols: tuple[str, ...],
    tokens: list[NDArray[np.uint8]],
    probability: NDArray[np.float64],
    state: NDArray[np.int32],
) -> Inputs:
    """Inputs of the strings of each length."""
    length = np.repeat(np.arange(1, len(tokens) + 1, dtype=np.int32), list(map(len, tokens)))
    every = np.concatenate(tokens)
    last = length - 1
    return Inputs(
        symbols=symbols,
        tokens=every,
        length=length,
        probability=probability,
        scored=np.arange(every.shape[1]) < length[:, None],
        points={"last": last},
        labels={
            "length": length,
            "last": every[np.arange(len(every)), last].astype(np.int32),
            "state": state,
        },
    )
