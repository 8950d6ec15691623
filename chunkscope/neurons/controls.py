"""What is said of units by their own explanations, and by ones that must not do as well."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chunkscope.neurons.excerpts import NOTHING, Tokens, Values
from chunkscope.neurons.explainers.base import Explanations

OWN, ANOTHER, SHUFFLED = "own", "another", "shuffled"
"""Whose explanation is scored: a unit's own, that of the unit after it, its own with the symbols
that it was shown taken for each other and the places of an excerpt exchanged."""


def told(
    said: Explanations,
    seen: Tokens,
    held_out: Tokens,
    vocabulary: int,
    rng: np.random.Generator,
) -> Iterator[tuple[str, tuple[Values, Values]]]:
    """Whose explanation it is, and what it says of the excerpts seen and of those held out.

    A site of one unit has no other's.

    Args:
        seen, held_out: (unit, excerpt, time).
    """
    own = said.simulate(seen), said.simulate(held_out)
    yield OWN, own
    if len(seen) > 1:
        on_seen, on_held_out = (
            np.roll(said.simulate(np.roll(tokens, 1, axis=0)), -1, axis=0)
            for tokens in (seen, held_out)
        )
        yield ANOTHER, (on_seen, on_held_out)
    renamed = shuffle_symbols(seen, vocabulary, rng)
    rows = np.arange(len(seen))[:, None, None]
    misread = [_out_of_place(said, renamed[rows, tokens], rng) for tokens in (seen, held_out)]
    yield SHUFFLED, (misread[0], misread[1])


def _out_of_place(said: Explanations, tokens: Tokens, rng: np.random.Generator) -> Values:
    """What is said of every symbol when those of an excerpt stand in an order drawn by chance, the
    same for all units."""
    _, excerpts, time = tokens.shape
    order = rng.permuted(np.tile(np.arange(time), (excerpts, 1)), axis=1)[None]
    told = said.simulate(np.take_along_axis(tokens, order, 2))
    return np.take_along_axis(told, order.argsort(2), 2)


def shuffle_symbols(seen: Tokens, vocabulary: int, rng: np.random.Generator) -> Tokens:
    """(unit, symbol) for which other one each symbol is taken, among those a unit was seen at.

    The last column is :data:`~chunkscope.neurons.excerpts.NOTHING`, which it is the index of too.
    """
    renamed = np.tile(np.append(np.arange(vocabulary), NOTHING), (len(seen), 1)).astype(np.int32)
    shown = np.zeros(renamed.shape, bool)
    np.put_along_axis(shown, seen.reshape(len(seen), -1), True, 1)
    shown[:, NOTHING] = False
    # in an order drawn by chance those shown come first, so many of each unit as stand in its row
    drawn = np.where(shown, rng.random(shown.shape), np.inf).argsort(1)
    first = np.arange(vocabulary + 1) < shown.sum(1, keepdims=True)
    renamed[shown] = drawn[first]
    return renamed
