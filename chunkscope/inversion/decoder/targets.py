"""How well a decoder stands for preimages that are known: exact where inputs are enumerated.

Coverage, divergence and the like are of what the decoder says of the members of a ball; validity
and what lies inside are of raw draws, every one of them; so is the coverage that is seen, which
must agree with the computed one. Beside them stand a search among random inputs, the ball of
another query, and draws from the ball itself, which nothing can better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.grammars import Inputs
from chunkscope.inversion.decoder.likelihood import log_likelihood
from chunkscope.inversion.decoder.model import Decoder, expanded
from chunkscope.inversion.quality import (
    Ball,
    coverage,
    divergence,
    ideal_coverage,
    precision,
    total_variation,
)

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

SIZES = (100, 1000, 10_000)
"""Draws at which coverage is computed."""
LEAST = 30
"""Draws that a ball must have to be scored, where inputs are a sample."""
ROWS_PER_PASS = 2048  # inputs whose probability is computed at once


@dataclass(frozen=True)
class Target:
    """The ball that draws of a query should cover.

    Attributes:
        rows: numbers of the members whose probability is computed.
        ball: their shares and weights.
        mass: probability of the whole ball.
        members: how many inputs it has, of those that are known.
    """

    rows: Rows
    ball: Ball
    mass: float
    members: int


def find_target(
    inputs: Inputs, query: int, near: Rows, scored: int, rng: np.random.Generator
) -> Target | None:
    """The ball of a query, from its members among the inputs; None where they tell too little.

    The query is a member where inputs are enumerated. Where they were drawn it was not drawn to be
    one, and is left out; then the probability of the ball is known by its draws alone, and where
    these are fewer than :data:`LEAST`, what is divided by it would be off by much.
    """
    weight = inputs.weight
    if inputs.drawn is None:
        mass = float(weight[near].sum())
        if len(near) <= scored:
            return Target(near, Ball.whole(inputs.probability[near]), mass, len(near))
        chosen = rng.choice(near, scored, p=weight[near] / mass)
        return Target(chosen, Ball.drawn(inputs.probability[chosen] / mass), mass, len(near))
    rows = near[near != query]
    if inputs.drawn[rows].sum() < LEAST:
        return None
    mass = float(weight[rows].sum())
    chosen = rng.choice(rows, scored, p=weight[rows] / mass) if len(rows) > scored else rows
    each = np.full(len(chosen), 1.0) if len(rows) > scored else weight[chosen]
    return Target(
        chosen, Ball(inputs.probability[chosen] / mass, each / each.sum()), mass, len(rows)
    )


@torch.no_grad()
def said_of(
    decoder: Decoder,
    site: int,
    activity: NDArray[np.floating],
    tokens: NDArray[np.integer],
    length: NDArray[np.integer],
    temperature: float = 1.0,
) -> Values:
    """(input,) probability that a decoder says each, told one activity (unit,).

    Raises:
        InversionError: the activity is of more units than the decoder knows.
    """
    one = decoder.tell(decoder.widened(activity[None]), torch.tensor([site]))
    found = []
    for first in range(0, len(tokens), ROWS_PER_PASS):
        part = slice(first, first + ROWS_PER_PASS)
        longest = int(length[part].max())
        symbols = torch.from_numpy(tokens[part, :longest].astype(np.int64))
        sizes = torch.from_numpy(length[part].astype(np.int64))
        cache = expanded(one, len(symbols))
        found.append(log_likelihood(decoder, symbols, sizes, cache, temperature).double().exp())
    return torch.cat(found).numpy() if found else np.empty(0)


def computed(target: Target, said: Values, untold: Values, by_chance: Values) -> dict[str, float]:
    """What a decoder's probabilities of members say of a ball.

    Args:
        said, untold: (member,) their probabilities by the decoder, told the activity and nothing.
        by_chance: (member,) among all inputs.
    """
    ball = target.ball
    measures = {
        "precision": precision(ball, said),
        "kl": divergence(ball, said),
        "total_variation": total_variation(ball, said),
    }
    for size in SIZES:
        measures[f"coverage_{size}"] = coverage(ball, said, size)
        measures[f"ideal_{size}"] = ideal_coverage(ball, size)
        measures[f"untold_{size}"] = coverage(ball, untold, size)
        measures[f"search_{size}"] = coverage(ball, by_chance, size)
    return measures
