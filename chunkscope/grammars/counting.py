"""Counting: how often does a letter occur in a string? The first task of InversionView.

    ^ b a b b | b : 3 $

(Huang et al., arXiv 2405.17653.) Of the letters there are, so many occur in a string, each from
once to ``most`` times, all counts equally likely and in any order; one of them is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import comb, factorial, lgamma, prod
from string import ascii_lowercase
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from chunkscope.grammars.inputs import Inputs, check_enumerable
from chunkscope.grammars.task import BEGIN, END, Task, agreeing

NONE = -1
Letters = NDArray[np.integer]  # (input, place), NONE beyond a string's end

BAR, COLON = "|", ":"
AROUND = 6  # symbols besides the string: those that begin and end, bar, letter, colon, count


class Counting(Task):
    """Strings with the count of one of their letters."""

    grammar: Literal["counting"] = "counting"
    """Which grammar."""
    letters: int = Field(default=3, ge=1, le=26)
    """Letters that there are; the paper has 26."""
    distinct: int = Field(default=3, ge=1, le=8)
    """Different letters in a string."""
    most: int = Field(default=4, ge=1, le=9)
    """Times that a letter occurs at most; the paper has 9."""

    @model_validator(mode="after")
    def _letters_suffice(self) -> Self:
        if self.distinct > self.letters:
            raise ValueError(
                f"distinct: got {self.distinct} different letters in a string; must be at most "
                f"{self.letters}, the letters that there are"
            )
        return self

    @property
    def symbols(self) -> tuple[str, ...]:
        """Marks, letters, counts."""
        counts = [str(count) for count in range(1, self.most + 1)]
        return (END, BEGIN, BAR, COLON, *ascii_lowercase[: self.letters], *counts)

    @property
    def longest(self) -> int:
        """Symbols of the longest input."""
        return self.distinct * self.most + AROUND

    @property
    def points(self) -> tuple[str, ...]:
        """The letter that is asked for, and the colon after which its count is said."""
        return ("target", "colon")

    @property
    def count(self) -> int:
        """How many inputs there are."""
        counts = product(range(1, self.most + 1), repeat=self.distinct)
        return comb(self.letters, self.distinct) * self.distinct * sum(map(_orders, counts))

    def draw(self, rng: np.random.Generator, n: int) -> Inputs:
        """Counts first, then an order of the letters, and which letter is asked for."""
        counts = rng.integers(1, self.most + 1, (n, self.distinct))
        present = rng.permuted(np.tile(np.arange(self.letters), (n, 1)), axis=1)[:, : self.distinct]
        slots = np.arange(self.distinct * self.most)  # most for each letter, not all of them used
        used = slots % self.most < np.repeat(counts, self.most, axis=1)
        order = np.argsort(np.where(used, rng.random(used.shape), 2.0), axis=1)
        letter = np.where(used, np.repeat(present, self.most, axis=1), NONE)
        asked = present[np.arange(n), rng.integers(self.distinct, size=n)]
        return self._inputs(np.take_along_axis(letter, order, axis=1), asked)

    def inputs(self) -> Inputs:
        """All strings, each with every one of its letters asked for."""
        check_enumerable("counting", self.count, self.longest)
        strings = self._strings()
        letters, asked = [], []
        for present in combinations(range(self.letters), self.distinct):
            named = np.array([*present, NONE])[strings]  # the last one is that of NONE
            letters += [named] * self.distinct
            asked += [np.full(len(named), letter) for letter in present]
        return self._inputs(np.concatenate(letters), np.concatenate(asked))

    def recognise(
        self, tokens: NDArray[np.integer], length: NDArray[np.integer]
    ) -> tuple[NDArray[np.bool_], Inputs]:
        """See :meth:`Task.recognise`."""
        size = length - AROUND
        rows = np.flatnonzero((size >= self.distinct) & (size <= self.distinct * self.most))
        named = tokens[rows].astype(np.int64) - self.symbols.index("a")
        asked = named[np.arange(len(rows)), length[rows] - 4]
        string = named[:, 1 : 1 + self.distinct * self.most]
        inside = np.arange(string.shape[1]) < size[rows, None]
        letters = np.where(inside & (string >= 0) & (string < self.letters), string, NONE)
        counts = np.stack([(letters == letter).sum(axis=1) for letter in range(self.letters)], 1)
        sound = ((counts > 0).sum(axis=1) == self.distinct) & (counts.max(axis=1) <= self.most)
        sound &= (counts[np.arange(len(rows)), asked.clip(0, self.letters - 1)] > 0) & (
            asked.clip(0, self.letters - 1) == asked
        )
        return agreeing(self._inputs(letters[sound], asked[sound]), rows[sound], tokens, length)

    def _strings(self) -> Letters:
        """Every order of every choice of counts, in letters 0, 1, ... all of which occur."""
        size = self.distinct * self.most
        strings, counts = np.full((1, size), NONE), np.zeros((1, self.distinct), np.int64)
        found = []
        for place in range(size):
            row, letter = np.nonzero(counts < self.most)
            strings, counts = strings[row], counts[row]
            strings[:, place] = letter
            counts[np.arange(len(row)), letter] += 1
            found.append(strings[counts.min(axis=1) > 0])
        return np.concatenate(found)

    def _inputs(self, letters: Letters, asked: NDArray[np.integer]) -> Inputs:
        """Inputs of strings, and of the letters that are asked for."""
        rows, length = np.arange(len(letters)), (letters != NONE).sum(axis=1)
        counts = np.stack([(letters == letter).sum(axis=1) for letter in range(self.letters)], 1)
        answer, bar = counts[rows, asked], 1 + length
        place = {symbol: at for at, symbol in enumerate(self.symbols)}
        tokens = np.zeros((len(rows), self.longest), np.uint8)
        tokens[:, 0] = place[BEGIN]
        tokens[:, 1 : 1 + letters.shape[1]] = np.where(letters == NONE, 0, letters + place["a"])
        tokens[rows, bar] = place[BAR]
        tokens[rows, bar + 1] = asked + place["a"]
        tokens[rows, bar + 2] = place[COLON]
        tokens[rows, bar + 3] = answer + place["1"] - 1
        scored = np.zeros(tokens.shape, bool)
        scored[rows, bar + 3] = True
        return Inputs(
            symbols=self.symbols,
            tokens=tokens,
            length=(length + AROUND).astype(np.int32),
            probability=self._probability(counts),
            scored=scored,
            points={"target": (bar + 1).astype(np.int32), "colon": (bar + 2).astype(np.int32)},
            labels={
                "count": answer.astype(np.int32),
                "letter": asked.astype(np.int32),
                "length": length.astype(np.int32),
            },
        )

    def _probability(self, counts: NDArray[np.integer]) -> NDArray[np.float64]:
        """(input,) of strings with these counts (input, letter)."""
        choices = comb(self.letters, self.distinct) * self.most**self.distinct * self.distinct
        log_factorial = np.array([lgamma(n + 1) for n in range(self.longest)])
        orders = log_factorial[counts.sum(axis=1)] - log_factorial[counts].sum(axis=1)
        return np.exp(-orders) / choices


def _orders(counts: Sequence[int]) -> int:
    """Strings with these counts of letters."""
    return factorial(sum(counts)) // prod(map(factorial, counts))
