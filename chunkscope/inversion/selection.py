"""Which inputs are asked for: queries, among those that no decoder is trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.randomness import stream


def held_out(inputs: Inputs, share: float, seed: int) -> NDArray[np.bool_]:
    """(input,) which of them a decoder never sees."""
    return stream(seed, "inversion", "held out").random(len(inputs)) < share


def choose_queries(inputs: Inputs, share: float, count: int, seed: int) -> NDArray[np.int64]:
    """Numbers of ``count`` different inputs, drawn by their weight among those held out.

    Raises:
        InversionError: fewer are held out.
    """
    there = np.flatnonzero(held_out(inputs, share, seed))
    if len(there) < count:
        raise InversionError(
            f"queries: got {count}; must be at most {len(there)}, the inputs held out of "
            f"{len(inputs):,}: ask for fewer, or raise held_out"
        )
    weight = inputs.weight[there]
    rng = stream(seed, "inversion", "queries")
    return rng.choice(there, count, replace=False, p=weight / weight.sum())
