"""What comes next in inputs that begin alike.

In alphabetical order they stand side by side, so that all that share a beginning can be gone
through, once this is long enough that they are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.grammars import Inputs

Rows = NDArray[np.int64]
Strings = NDArray[np.int16]

FEW = 1024
"""Inputs with a common beginning that are gone through, at most."""


def strings_of(inputs: Inputs) -> Strings:
    """(input, longest + 1) symbols, and the stop, one number beyond them, from the end on."""
    steps = np.arange(inputs.tokens.shape[1] + 1)
    padded = np.pad(inputs.tokens.astype(np.int16), ((0, 0), (0, 1)))
    ended = steps >= inputs.length[:, None]
    return np.where(ended, len(inputs.symbols), padded).astype(np.int16)


def alphabetical(strings: Strings) -> Rows:
    """(input,) their numbers in alphabetical order."""
    return np.lexsort(strings.T[::-1])


@dataclass(frozen=True)
class Alike:
    """Which inputs begin as each does, of inputs in alphabetical order.

    Attributes:
        shared: (input,) symbols of the shortest beginning that it shares with :data:`FEW` at most.
        first, end: (input,) these are the inputs from ``first`` up to ``end``.
    """

    shared: Rows
    first: Rows
    end: Rows

    @classmethod
    def among(cls, strings: Strings) -> Alike:
        """Of inputs (input, step) in alphabetical order."""
        count, steps = strings.shape
        shared, first, end = np.full(count, steps), np.arange(count), np.arange(count) + 1
        new = np.zeros(count, bool)  # which of them begins otherwise than the one before
        new[:1] = True
        for step in range(steps):
            starts = np.flatnonzero(new)
            ends = np.append(starts[1:], count)
            group = np.cumsum(new) - 1
            few = (ends - starts <= FEW)[group] & (shared == steps)
            shared[few], first[few], end[few] = step, starts[group[few]], ends[group[few]]
            new[1:] |= strings[1:, step] != strings[:-1, step]
        return cls(shared, first, end)


def continuations(
    strings: Strings,
    of: Rows,
    others: Strings,
    weight: NDArray[np.float64] | None,
    vocabulary: int,
) -> NDArray[np.float64]:
    """(string, step, symbol) weight of the others that begin as a string does and go on so.

    Args:
        strings: (string, step).
        of: (other,) the string that each is for.
        others: (other, step).
        weight: (other,) of each; 1 if None.
        vocabulary: symbols, the stop among them.
    """
    count, steps = strings.shape
    alike = np.ones(others.shape, bool)
    alike[:, 1:] = np.logical_and.accumulate(others == strings[of], axis=1)[:, :-1]
    other, step = np.nonzero(alike)
    cell = (of[other] * steps + step) * vocabulary + others[other, step]
    each = None if weight is None else weight[other]
    found = np.bincount(cell, each, minlength=count * steps * vocabulary)
    return found.reshape(count, steps, vocabulary).astype(np.float64)
