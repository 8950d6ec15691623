"""How well draws of inputs stand for a preimage.

The preimage is a ball B of inputs with shares p(x | B). Whoever draws inputs, a decoder or chance,
draws x with probability q(x); what is outside the ball, or no input at all, has the rest of q. Of
a ball that is enumerated every number here is exact; of one known by members that were drawn from
it, each is an unbiased estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Ball:
    """Members of a ball.

    Attributes:
        shares: (member,) p(x | B).
        weight: (member,) what each stands for, summing to 1: its share where all members are
            there, an equal part where they were drawn by their shares.
    """

    shares: Values
    weight: Values

    def __post_init__(self) -> None:
        if not len(self.shares):
            raise InversionError(
                "ball: got none but its query; a ball without members covers nothing: raise the "
                "radius"
            )
        if abs(self.weight.sum() - 1) > 1e-6 or not (self.shares > 0).all():
            raise InversionError(
                f"ball: got weights that sum to {self.weight.sum():.6g} and shares from "
                f"{self.shares.min():.3g}; must be 1, and above 0"
            )

    @classmethod
    def whole(cls, probability: Values) -> Ball:
        """Of all members (member,), by their probability among all inputs."""
        shares = probability / probability.sum()
        return cls(shares, shares)

    @classmethod
    def drawn(cls, shares: Values) -> Ball:
        """Of some members (member,), drawn independently by their shares."""
        return cls(shares, np.full(len(shares), 1 / max(1, len(shares))))


def precision(ball: Ball, said: Values) -> float:
    """Probability that a draw is in the ball: the sum of q over its members.

    Args:
        said: (member,) q of each, here and below.
    """
    _check(ball, said)
    return float(ball.weight @ (said / ball.shares))


def coverage(ball: Ball, said: Values, draws: int) -> float:
    """Expected share of the ball that so many independent draws hold.

    sum over x in B of p(x | B) (1 - (1 - q(x))^N).
    """
    _check(ball, said)
    return float(ball.weight @ -np.expm1(draws * np.log1p(-np.minimum(said, 1 - 1e-16))))


def ideal_coverage(ball: Ball, draws: int) -> float:
    """:func:`coverage` where draws are from the ball itself, with its shares."""
    return coverage(ball, ball.shares, draws)


def divergence(ball: Ball, said: Values) -> float:
    """KL(p(. | B) || q) in nats; infinite where a member is never said."""
    _check(ball, said)
    with np.errstate(divide="ignore"):
        return float(ball.weight @ np.log(ball.shares / said))


def total_variation(ball: Ball, said: Values) -> float:
    """Half the sum of |p(x | B) - q(x)| over all that may be drawn; 0 to 1.

    As both sum to 1, it is what q lacks on the ball.
    """
    _check(ball, said)
    return float(ball.weight @ np.maximum(0.0, 1 - said / ball.shares))


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


def _check(ball: Ball, said: Values) -> None:
    if said.shape != ball.shares.shape or (said < 0).any() or (said > 1 + 1e-6).any():
        raise InversionError(
            f"ball: got {len(said)} probabilities of {len(ball.shares)} members; must be as many, "
            "from 0 to 1"
        )
