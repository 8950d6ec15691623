"""Which inputs are asked for, and the activity of which a decoder is never told.

Queries are independent draws of the inputs, so that means over them are of inputs as they occur.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.randomness import stream


def choose_queries(inputs: Inputs, count: int, seed: int) -> NDArray[np.int64]:
    """Numbers of ``count`` inputs, independent draws by their weight; one may come twice."""
    rng = stream(seed, "inversion", "queries")
    return rng.choice(len(inputs), count, p=inputs.weight)


def held_out(inputs: Inputs, share: float, seed: int) -> NDArray[np.bool_]:
    """(input,) of which of them a decoder is never told the activity."""
    return stream(seed, "inversion", "held out").random(len(inputs)) < share


def choose_unseen(
    inputs: Inputs, share: float, count: int, seed: int, purpose: Literal["validation", "test"]
) -> NDArray[np.int64]:
    """Numbers of ``count`` inputs that a decoder is never told, drawn as :func:`choose_queries`.

    Those of one purpose are drawn independently of those of the other.

    Raises:
        InversionError: none is held out.
    """
    weight = np.where(held_out(inputs, share, seed), inputs.weight, 0.0)
    if not weight.any():
        raise InversionError(
            f"held_out: got {share:g}, which holds out none of {len(inputs):,} inputs; raise it"
        )
    rng = stream(seed, "inversion", "unseen", purpose)
    return rng.choice(len(inputs), count, p=weight / weight.sum())
