"""Balls around queries: the inputs whose activation is near that of one of them.

Activity comes in blocks, as ``ActivationStore.iterate`` yields it, so that neither it nor the
distances of all inputs from each other need fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.inversion.distances import Activity, Block, Metric

Values = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Queries:
    """Inputs whose preimages are asked for.

    Attributes:
        rows: (query,) their numbers among all inputs.
        activity: (query, unit).
    """

    rows: Rows
    activity: Activity


def gather_queries(blocks: Iterable[Block], rows: Rows) -> Queries:
    """The activity of some inputs.

    Raises:
        InversionError: there are none, or one is not among the inputs.
    """
    if not len(rows):
        raise InversionError("queries: got none; ask for the preimage of at least one input")
    found: dict[int, Activity] = {}
    reached = 0
    for first, block in blocks:
        reached = first + len(block)
        for row in rows[(rows >= first) & (rows < reached)].tolist():
            found[row] = block[row - first, 0]
    missing = [row for row in rows.tolist() if row not in found]
    if missing:
        raise InversionError(
            f"queries: got input {missing[0]}; must be one of the {reached} that are enumerated, "
            f"0 to {reached - 1}"
        )
    return Queries(rows, np.stack([found[row] for row in rows.tolist()]))


def distances(
    blocks: Iterable[Block], metric: Metric, queries: Queries, inputs: int
) -> Iterator[tuple[slice, Values]]:
    """Every block's inputs, and their distances (query, input) from the queries.

    Args:
        inputs: how many there must be.

    Raises:
        InversionError: the blocks have other units than the queries, or are of other inputs.
    """
    reached = 0
    for first, block in blocks:
        reached = first + len(block)
        if reached > inputs:
            break
        yield slice(first, reached), metric.distance(block[:, 0], queries.activity)
    if reached != inputs:
        raise InversionError(
            f"activity: got {reached} inputs; must be the {inputs} that are enumerated"
        )


def members(
    blocks: Iterable[Block], metric: Metric, queries: Queries, radius: float, inputs: int
) -> list[Rows]:
    """The members of every query's ball, itself among them, in the order of the inputs.

    Raises:
        InversionError: as :func:`distances`.
    """
    found: list[list[Rows]] = [[] for _ in queries.rows]
    for part, distance in distances(blocks, metric, queries, inputs):
        for ball, near in zip(found, distance <= radius, strict=True):
            ball.append(part.start + np.flatnonzero(near))
    return [np.concatenate(ball) for ball in found]
