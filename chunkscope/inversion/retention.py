"""What the members of a preimage share: retained, shared in part, or free.

The preimage of a query is the ball of inputs whose activation lies within a radius of its own
(Huang et al., arXiv 2405.17653). A feature is *retained* where all members have the query's value,
and *free* where they have it no oftener than inputs at large. All inputs are visited, chunk by
chunk, and each counts as its probability, so that what is said of a ball is exact.

The query itself is no member of its ball: a ball of one would retain everything. A ball that is
empty says nothing (NaN).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from chunkscope.grammars import Inputs
from chunkscope.inversion.balls import Queries, distances
from chunkscope.inversion.distances import Block, Metric
from chunkscope.inversion.features import Feature, entropy, places_of

Values = NDArray[np.float64]

LEAST = 30
"""Draws in a ball whose entropy is told: that of fewer is too low by much (Miller 1955)."""


@dataclass(frozen=True)
class Retention:
    """What balls retain; every array begins with (radius, query).

    Attributes:
        mass: probability of the ball, the query's own taken away.
        same: (radius, query, feature) share of the ball with the query's value.
        known: (radius, query, feature) 1 - H(feature | ball) / H(feature): 1 where the ball has
            one value, 0 where it tells nothing, below 0 where it is more mixed than all inputs;
            NaN where too few of drawn inputs are in the ball to tell its entropy.
        wrong: (radius, query, feature) share of the balls of all other queries with this query's
            value: what a ball has in common with a query that is not its own.
        prior: (query, feature) share of all inputs with the query's value, its own taken away.
    """

    mass: Values
    same: Values
    known: Values
    wrong: Values
    prior: Values


def retention(
    blocks: Iterable[Block],
    metric: Metric,
    queries: Queries,
    radii: Values,
    features: Sequence[Feature],
    inputs: Inputs,
) -> Retention:
    """Read the balls of all queries, of every radius, in one pass.

    Args:
        blocks: the activity of all inputs, as ``ActivationStore.iterate`` yields it.
        radii: (radius,) or (radius, query) of balls, in the metric; NaN is a ball of nothing.
        features: of the inputs.
        inputs: what the blocks are of; each counts as its weight.

    Raises:
        InversionError: the blocks have other units than the queries, or are of other inputs.
    """
    places, weight = places_of(features), inputs.weight
    reach = radii if radii.ndim == 2 else np.repeat(radii[:, None], len(queries.rows), axis=1)
    weights = np.zeros((len(radii), len(queries.rows), places[-1]))
    for part, distance in distances(blocks, metric, queries, len(inputs)):
        own = (queries.rows >= part.start) & (queries.rows < part.stop)
        distance[own, queries.rows[own] - part.start] = np.inf
        values = _values(features, places, weight, part)
        for at, radius in enumerate(reach):
            near = sparse.csr_array(distance <= radius[:, None])
            weights[at] += (near @ values).toarray()
    own = weight[queries.rows]
    draws = 0 if inputs.drawn is None else int(inputs.drawn.sum())
    return _retention(weights, places, features, queries, own, draws)


def _values(
    features: Sequence[Feature], places: NDArray[np.int64], weight: Values, inputs: slice
) -> sparse.csr_array:
    """(input, value of any feature) the weight of some inputs, at the values they have."""
    columns = np.stack([feature.values[inputs] for feature in features], axis=1) + places[:-1]
    ends = np.arange(0, columns.size + 1, len(features))
    data = np.repeat(weight[inputs], len(features))
    return sparse.csr_array((data, columns.ravel(), ends), shape=(len(columns), places[-1]))


def _retention(
    weights: Values,
    places: NDArray[np.int64],
    features: Sequence[Feature],
    queries: Queries,
    weight: Values,
    draws: int,
) -> Retention:
    """What weights (radius, query, value of any feature) say.

    Args:
        weight: (query,) of the queries themselves.
        draws: of how many inputs are a sample; 0 where they are all there are.
    """
    mass = weights[..., : places[1]].sum(axis=-1)
    some = np.where(mass > 0, mass, np.nan)
    told = np.where(mass >= (LEAST / draws if draws else 0), 0.0, np.nan) + 0 * some
    same, known, wrong, prior = [], [], [], []
    for feature, start, end in zip(features, places[:-1], places[1:], strict=True):
        shares, own = weights[..., start:end] / some[..., None], feature.values[queries.rows]
        same.append(shares[:, np.arange(len(own)), own])
        wrong.append(_of_others(shares[:, :, own]))
        known.append(1 - entropy(np.nan_to_num(shares)) / feature.entropy + told)
        prior.append((feature.prior[own] - weight) / (1 - weight))
    by_feature = (np.stack(parts, axis=-1) for parts in (same, known, wrong, prior))
    return Retention(mass, *by_feature)


def _of_others(shares: Values) -> Values:
    """(radius, query) mean over the balls of the others, of ``shares (radius, ball, query)``."""
    there = np.isfinite(shares)
    total = np.where(there, shares, 0).sum(axis=1) - np.nan_to_num(np.einsum("rqq->rq", shares))
    count = there.sum(axis=1) - np.einsum("rqq->rq", there)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
