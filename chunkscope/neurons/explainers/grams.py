"""Tables of symbols and of what came before them: the mean a unit did there.

The longest context that was seen often enough has the say, down to the symbol alone (back-off), and
is believed the more the oftener it was seen: n times a mean m is said as

    (n m + SHRINK m') / (n + SHRINK),

where m' is what the shorter context says. A symbol that was never seen is given what the unit does
elsewhere. Of order 1 it is a table of symbols, and what it cannot say is what hangs on the context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import NeuronError
from chunkscope.neurons.excerpts import NOTHING, Sample, Tokens, Values

SHRINK = 2.0  # times that a longer context would have been seen if it said what a shorter one does
SHOWN = 5  # entries in a sentence
DIGITS = 6  # of the numbers of an explanation, as a file keeps them


@dataclass(frozen=True)
class _Order:
    """Entries of one length: ``keys`` rise, and each stands for a unit and its symbols."""

    keys: NDArray[np.int64]
    means: NDArray[np.float64]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Grams:
    """The tables of all units.

    Attributes:
        units, vocabulary: how many.
        elsewhere: (unit,) said of symbols that no entry knows.
        orders: entries of one symbol, of two, and so on.
    """

    units: int
    vocabulary: int
    elsewhere: NDArray[np.float64]
    orders: tuple[_Order, ...]

    @classmethod
    def explain(cls, sample: Sample, vocabulary: int, order: int, least: int = 2) -> Grams:
        """Tables of contexts of up to ``order`` symbols.

        Elsewhere a unit is taken to do what it does on average in excerpts that were drawn whatever
        it does; where there are none of these, the least of what it was seen to do.

        Args:
            least: times that a context of more than one symbol must have been seen.

        Raises:
            NeuronError: unit and context do not fit into one number.
        """
        units = sample.shape[0]
        if units * (vocabulary + 1.0) ** order >= 2.0**62:
            raise NeuronError(
                f"order: got {order} for {vocabulary} symbols and {units} units; ask for a lower "
                "order"
            )
        present, values = sample.present, sample.values.astype(np.float64)
        if sample.drawn.any():
            elsewhere = values[:, sample.drawn].mean((1, 2))
        else:
            elsewhere = np.where(present, values, np.inf).min((1, 2))
        orders: list[_Order] = []
        for size in range(1, order + 1):
            known = present & _whole(sample.tokens, size)
            keys, place, counts = np.unique(
                _keys(sample.tokens, size, vocabulary)[known],
                return_inverse=True,
                return_counts=True,
            )
            means = np.bincount(place, values[known], len(keys)) / counts
            kept = counts >= (1 if size == 1 else least)
            found = _Order(keys[kept], means[kept], counts[kept])
            orders.append(_shrunk(found, orders[-1], size, vocabulary) if orders else found)
        return cls(units, vocabulary, elsewhere, tuple(orders))

    def simulate(self, tokens: Tokens) -> Values:
        """(unit, excerpt, time) what each unit is said to do on ``tokens`` of the same shape."""
        table = np.tile(self.elsewhere[:, None], (1, self.vocabulary + 1))  # last: no symbol
        table.ravel()[self.orders[0].keys] = self.orders[0].means
        said = table[np.arange(self.units)[:, None, None], tokens]
        for size, order in enumerate(self.orders[1:], start=2):
            if not len(order.keys):
                continue
            keys = _keys(tokens, size, self.vocabulary)
            at = np.minimum(np.searchsorted(order.keys, keys), len(order.keys) - 1)
            found = (order.keys[at] == keys) & _whole(tokens, size)
            said[found] = order.means[at[found]]
        return said.astype(np.float32)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(unit,) entries of each explanation."""
        base = [
            np.bincount(order.keys // (self.vocabulary + 1) ** size, minlength=self.units)
            for size, order in enumerate(self.orders, start=1)
        ]
        return np.sum(base, axis=0)

    def entries(self, unit: int) -> tuple[list[list[int]], list[float], list[int]]:
        """Symbols, means and counts of all entries of one unit, the largest mean first."""
        contexts: list[list[int]] = []
        means, counts, radix = [], [], self.vocabulary + 1
        for size, order in enumerate(self.orders, start=1):
            low, high = np.searchsorted(order.keys, [unit * radix**size, (unit + 1) * radix**size])
            places = radix ** np.arange(size - 1, -1, -1)
            contexts += (order.keys[low:high, None] // places % radix).tolist()
            means.append(order.means[low:high])
            counts.append(order.counts[low:high])
        mean, count = np.concatenate(means), np.concatenate(counts)
        ranked = np.argsort(-mean, kind="stable")
        return [contexts[at] for at in ranked], mean[ranked].tolist(), count[ranked].tolist()

    def as_json(self, unit: int, symbols: Sequence[str]) -> dict[str, Any]:
        """The explanation of one unit, whole: of each entry its symbols, mean and count."""
        contexts, means, counts = self.entries(unit)
        return {
            "elsewhere": round(float(self.elsewhere[unit]), DIGITS),
            "symbols": [[symbols[s] for s in context] for context in contexts],
            "means": np.round(means, DIGITS).tolist(),
            "counts": counts,
        }

    def sentence(self, unit: int, symbols: Sequence[str]) -> str:
        """What a person would say of one unit."""
        elsewhere = self.elsewhere[unit]
        contexts, means, _ = self.entries(unit)
        above = [row for row in zip(contexts[:SHOWN], means, strict=False) if row[1] > elsewhere]
        if not above:
            return "never more active than elsewhere"
        said = ", ".join(
            f"{''.join(symbols[s] for s in context)!r} ({mean:.2f})" for context, mean in above
        )
        return f"active on {said}; elsewhere {elsewhere:.2f}"


def _shrunk(order: _Order, shorter: _Order, size: int, vocabulary: int) -> _Order:
    """Entries of ``size`` symbols with means towards those of the shorter contexts.

    These were all kept: a context is seen at least as often as any that ends with it.
    """
    unit, context = np.divmod(order.keys, (vocabulary + 1) ** size)
    base = (vocabulary + 1) ** (size - 1)
    at = np.searchsorted(shorter.keys, unit * base + context % base)
    total = order.counts * order.means + SHRINK * shorter.means[at]
    return _Order(order.keys, total / (order.counts + SHRINK), order.counts)


def _keys(tokens: Tokens, size: int, vocabulary: int) -> NDArray[np.int64]:
    """(unit, excerpt, time) a number for every unit and the ``size`` symbols up to each step."""
    keys = np.broadcast_to(np.arange(len(tokens))[:, None, None], tokens.shape).astype(np.int64)
    for back in range(size - 1, -1, -1):
        keys = keys * (vocabulary + 1) + _before(tokens, back, vocabulary)
    return keys


def _whole(tokens: Tokens, size: int) -> NDArray[np.bool_]:
    """(unit, excerpt, time) where all of the last ``size`` symbols stand in the excerpt."""
    known = tokens != NOTHING
    whole = known.copy()
    for back in range(1, size):
        whole[..., back:] &= known[..., :-back]
        whole[..., :back] = False
    return whole


def _before(tokens: Tokens, back: int, vocabulary: int) -> NDArray[np.int64]:
    """The symbols so many steps before, ``vocabulary`` where there is none."""
    shifted = np.full(tokens.shape, vocabulary, np.int64)
    shifted[..., back:] = tokens[..., : tokens.shape[-1] - back]
    shifted[shifted == NOTHING] = vocabulary
    return shifted
