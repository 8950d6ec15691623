"""Addition: the sum of two numbers, written out. A task of InversionView.

    ^ 1 2 3 + 9 8 7 = 1 1 1 0 $

(Huang et al., arXiv 2405.17653.) Both numbers have as many digits and no leading zero; all pairs
are equally likely.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chunkscope.grammars.inputs import Inputs, check_enumerable
from chunkscope.grammars.task import BEGIN, END, Task, agreeing

Numbers = NDArray[np.integer]

PLUS, EQUALS = "+", "="


class Addition(Task):
    """Two numbers and their sum."""

    grammar: Literal["addition"] = "addition"
    """Which grammar."""
    digits: int = Field(default=3, ge=2, le=6)
    """Digits of each number; the paper has 3."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Marks and digits."""
        return (END, BEGIN, PLUS, EQUALS, *map(str, range(10)))

    @property
    def longest(self) -> int:
        """Symbols of the longest input: both numbers, a sum of one digit more, and the marks."""
        return 3 * self.digits + 5

    @property
    def points(self) -> tuple[str, ...]:
        """The equals sign, and the digits of the sum that is being said."""
        return ("equals", *(f"a{at}" for at in range(1, self.digits + 1)))

    @property
    def count(self) -> int:
        """How many inputs there are."""
        return self._numbers**2

    @property
    def _smallest(self) -> int:
        return 10 ** (self.digits - 1)

    @property
    def _numbers(self) -> int:
        return 9 * self._smallest

    def draw(self, rng: np.random.Generator, n: int) -> Inputs:
        """Both numbers uniformly."""
        return self._inputs(*(self._smallest + rng.integers(self._numbers, size=(2, n))))

    def inputs(self) -> Inputs:
        """All pairs, the first number slowest."""
        check_enumerable("addition", self.count, self.longest)
        first, second = np.divmod(np.arange(self.count), self._numbers)
        return self._inputs(self._smallest + first, self._smallest + second)

    def recognise(
        self, tokens: NDArray[np.integer], length: NDArray[np.integer]
    ) -> tuple[NDArray[np.bool_], Inputs]:
        """See :meth:`Task.recognise`."""
        d = self.digits
        read = (tokens.astype(np.int64) - self.symbols.index("0")).clip(0, 9)
        powers = 10 ** np.arange(d)[::-1]
        first, second = (read[:, at : at + d] @ powers for at in (1, d + 2))
        rows = np.flatnonzero(np.minimum(first, second) >= self._smallest)
        return agreeing(self._inputs(first[rows], second[rows]), rows, tokens, length)

    def _inputs(self, first: Numbers, second: Numbers) -> Inputs:
        """Inputs of two numbers (input,) each."""
        n, d, zero = len(first), self.digits, self.symbols.index("0")
        summands = _digits(first, d), _digits(second, d)
        total = _digits(first + second, d + 1)
        longer = total[:, 0] > 0
        tokens = np.zeros((n, self.longest), np.uint8)
        tokens[:, 0] = self.symbols.index(BEGIN)
        tokens[:, 1 : d + 1] = summands[0] + zero
        tokens[:, d + 1] = self.symbols.index(PLUS)
        tokens[:, d + 2 : 2 * d + 2] = summands[1] + zero
        equals = 2 * d + 2
        tokens[:, equals] = self.symbols.index(EQUALS)
        tokens[longer, equals + 1 : equals + d + 2] = total[longer] + zero
        tokens[~longer, equals + 1 : equals + d + 1] = total[~longer, 1:] + zero
        end = equals + 1 + d + longer
        steps = np.arange(self.longest)
        return Inputs(
            symbols=self.symbols,
            tokens=tokens,
            length=(end + 1).astype(np.int32),
            probability=np.full(n, 1 / self.count),
            scored=(steps > equals) & (steps <= end[:, None]),
            points={name: np.full(n, equals + at, np.int32) for at, name in enumerate(self.points)},
            labels=self._labels(*summands, total),
        )

    def _labels(
        self, first: Numbers, second: Numbers, total: Numbers
    ) -> dict[str, NDArray[np.int32]]:
        """Digits ``f1``, ``s1`` ... from the left, ``pair1`` both of them in either order,
        ``carry2`` out of the second place ..., ``nine2`` whether a carry into the second place
        would ripple through it, and the digits of the sum, ``t0`` the one that is there if the
        first place carries."""
        places = range(self.digits)
        carry = np.zeros(len(first), np.int64)
        carries = {}
        for place in reversed(places):
            carry = (first[:, place] + second[:, place] + carry) // 10
            carries[f"carry{place + 1}"] = carry
        labels = {f"f{place + 1}": first[:, place] for place in places}
        labels |= {f"s{place + 1}": second[:, place] for place in places}
        low, high = np.minimum(first, second), np.maximum(first, second)
        labels |= {f"pair{place + 1}": 10 * low[:, place] + high[:, place] for place in places}
        labels |= {f"nine{at + 1}": first[:, at] + second[:, at] == 9 for at in places[:-1]}
        labels |= {f"t{place}": total[:, place] for place in range(self.digits + 1)}
        return {kind: v.astype(np.int32) for kind, v in (labels | carries).items()}


def _digits(numbers: Numbers, size: int) -> Numbers:
    """(input, place) the decimal digits, from the left."""
    return numbers[:, None] // 10 ** np.arange(size)[::-1] % 10
