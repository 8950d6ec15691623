"""How well draws of inputs stand for a preimage that is known exactly.

The preimage is a ball B of inputs with shares p(x | B) that sum to 1. Whoever draws inputs, a
decoder or chance, draws x with probability q(x); what is outside the ball, or no input at all, has
the rest of q.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError

Values = NDArray[np.float64]


def precision(said: Values) -> float:
    """Probability that a draw is in the ball: the sum of q over its members, ``said (member,)``."""
    return float(said.sum())


def coverage(shares: Values, said: Values, draws: int) -> float:
    """Expected share of the ball that so many independent draws hold.

    sum over x in B of p(x | B) (1 - (1 - q(x))^N).
    """
    _check(shares, said)
    return float(shares @ -np.expm1(draws * np.log1p(-np.minimum(said, 1 - 1e-16))))


def ideal_coverage(shares: Values, draws: int) -> float:
    """:func:`coverage` where draws are from the ball itself, with its shares."""
    return coverage(shares, shares, draws)


def divergence(shares: Values, said: Values) -> float:
    """KL(p(. | B) || q) in nats; infinite where a member is never said."""
    _check(shares, said)
    there = shares > 0
    with np.errstate(divide="ignore"):
        return float(shares[there] @ np.log(shares[there] / said[there]))


def total_variation(shares: Values, said: Values) -> float:
    """Half the sum of |p(x | B) - q(x)| over all that may be drawn; 0 to 1."""
    _check(shares, said)
    return float((np.abs(shares - said).sum() + 1 - said.sum()) / 2)


def missing_mass(counts: NDArray[np.integer]) -> float:
    """Probability that the next draw is none of those before, by Good and Turing.

    Args:
        counts: (different input,) how often each was drawn.

    Raises:
        InversionError: nothing was drawn.
    """
    if not counts.sum():
        raise InversionError("draws: got none; draw at least one input")
    return float((counts == 1).sum() / counts.sum())


def _check(shares: Values, said: Values) -> None:
    if shares.shape != said.shape or not len(shares):
        raise InversionError(
            f"ball: got {len(shares)} members and {len(said)} probabilities of them; must be as "
            "many, and at least one: a ball without members covers nothing"
        )
    if abs(shares.sum() - 1) > 1e-6 or (said < 0).any() or said.sum() > 1 + 1e-6:
        raise InversionError(
            f"ball: got shares that sum to {shares.sum():.6g} and probabilities that sum to "
            f"{said.sum():.6g}; must be 1, and at most 1"
        )
