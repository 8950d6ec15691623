"""Features of an input: what may be true of all members of a preimage.

What a task or a grammar says of its inputs are features as they are. Beside them stand those that
can be read off the symbols, up to the step at which the input is read. Another one is a function in
:data:`READ_OFF`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.grammars import Inputs

Numbers = NDArray[np.integer]


@dataclass(frozen=True)
class Feature:
    """A partition of the inputs.

    Attributes:
        name: what it asks.
        values: (input,) int64, numbers from 0 on by first occurrence.
        prior: (value,) probability of each.
    """

    name: str
    values: NDArray[np.int64]
    prior: NDArray[np.float64]

    @property
    def entropy(self) -> float:
        """Of the prior, in nats."""
        return float(entropy(self.prior))


def recent(inputs: Inputs, steps: Numbers, count: int) -> Numbers:
    """(input,) the last ``count`` symbols read, as one number; what comes before them is 0."""
    rows, code = np.arange(len(inputs)), np.zeros(len(inputs), np.int64)
    base = len(inputs.symbols) + 1
    for back in range(count):
        there = steps >= back
        symbol = inputs.tokens[rows, np.where(there, steps - back, 0)].astype(np.int64) + 1
        code = code * base + np.where(there, symbol, 0)
    return code


READ_OFF: dict[str, Callable[[Inputs, Numbers], Numbers]] = {
    "present symbol": lambda inputs, steps: recent(inputs, steps, 1),
    "last 2 symbols": lambda inputs, steps: recent(inputs, steps, 2),
    "last 3 symbols": lambda inputs, steps: recent(inputs, steps, 3),
    "steps": lambda inputs, steps: steps,
}
"""Name -> what it makes of inputs and of the steps (input,) at which they are read."""


def features_of(inputs: Inputs, point: str) -> list[Feature]:
    """All features of inputs that are read at a point.

    Those that are the same for all inputs are left out, and those that part them as one before
    does: the symbol read at the letter that is asked for is that letter.
    """
    steps = inputs.points[point]
    asked = {**inputs.labels, **{name: read(inputs, steps) for name, read in READ_OFF.items()}}
    features: list[Feature] = []
    for name, values in asked.items():
        feature = _feature(name, values, inputs.weight)
        known = any(np.array_equal(feature.values, other.values) for other in features)
        if len(feature.prior) > 1 and not known:
            features.append(feature)
    return features


def shuffled(
    features: Sequence[Feature], weight: NDArray[np.float64], rng: np.random.Generator
) -> list[Feature]:
    """The features dealt to other inputs, all of an input's together: nothing can retain them."""
    order = rng.permutation(len(weight))
    return [_feature(feature.name, feature.values[order], weight) for feature in features]


def entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(...,) in nats, of shares (..., value) that sum to 1."""
    safe = np.where(shares > 0, shares, 1.0)
    return -np.asarray((shares * np.log(safe)).sum(axis=-1))


def _feature(name: str, values: Numbers, weight: NDArray[np.float64]) -> Feature:
    numbers = pd.factorize(values)[0].astype(np.int64)
    prior = np.bincount(numbers, weight)
    return Feature(name, numbers, prior / prior.sum())


def places_of(features: Sequence[Feature]) -> NDArray[np.int64]:
    """(feature + 1,) where the values of each begin when all stand side by side."""
    return np.cumsum([0, *(len(feature.prior) for feature in features)])
