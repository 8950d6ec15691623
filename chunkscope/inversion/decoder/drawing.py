"""Draws of a decoder, raw: what was said, whether it is an input, and how near it comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.grammars import Inputs, Source, recognise
from chunkscope.inversion.decoder.likelihood import draw
from chunkscope.inversion.decoder.model import Decoder
from chunkscope.inversion.decoder.settings import DrawSettings
from chunkscope.inversion.distances import Metric
from chunkscope.inversion.patching import activity_at
from chunkscope.networks.network import Network

Activity = NDArray[np.floating]


@dataclass(frozen=True)
class Draws:
    """What a decoder said of queries at one site.

    Attributes:
        tokens: (query, sample, time) uint8 or int16, 0 beyond the length.
        length: (query, sample) int32; one more than the longest where it did not stop.
        valid: (query, sample) whether it is an input at all.
        distance: (query, sample) from its query; infinite where it is none.
        wrong: (query,) share of the draws of all other queries that lie in its ball.
        inputs: those that are valid, in order.
    """

    tokens: NDArray[np.integer]
    length: NDArray[np.int32]
    valid: NDArray[np.bool_]
    distance: NDArray[np.float64]
    wrong: NDArray[np.float64]
    inputs: Inputs

    def drawn_for(self, query: int) -> Inputs:
        """The valid inputs that were drawn for a query."""
        first = int(self.valid[:query].sum())
        return self.inputs.take(np.arange(first, first + int(self.valid[query].sum())))


def draw_inputs(
    decoder: Decoder,
    site: int,
    queries: Activity,
    way: DrawSettings,
    samples: int,
    generator: torch.Generator,
) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    """Symbols (query, sample, time) and lengths (query, sample).

    Every draw has noise of its own, of the size of what the query's units spread by, as published
    (Huang et al., arXiv 2405.17653).
    """
    count, units = queries.shape
    told = decoder.widened(queries)
    sites = torch.full((count,), site)
    if not way.noise:
        tokens, length = draw(decoder, told, sites, samples, way.temperature, generator)
    else:
        told = told.repeat_interleave(samples, 0)
        spread = told[:, :units].std(dim=1, keepdim=True, correction=0)
        told[:, :units] += way.noise * spread * torch.randn(len(told), units, generator=generator)
        sites = sites.repeat_interleave(samples)
        tokens, length = draw(decoder, told, sites, 1, way.temperature, generator)
        tokens, length = (
            part.reshape(count, samples, *part.shape[2:]) for part in (tokens, length)
        )
    return tokens.numpy().astype(np.int16), length.numpy().astype(np.int32)


def examine(
    tokens: NDArray[np.integer],
    length: NDArray[np.int32],
    source: Source,
    network: Network,
    place: tuple[str, str],
    metric: Metric,
    radius: float,
    queries: Activity,
) -> Draws:
    """Run a network of one member on what was drawn.

    Args:
        place: point and site.
        radius: of balls, in the metric.
        queries: (query, unit), what the draws are near to, or not.
    """
    point, site = place
    count, samples, time = tokens.shape
    stopped = np.where(length > time, 0, length)
    valid, inputs = recognise(source, tokens.reshape(-1, time), stopped.ravel())
    valid = valid.reshape(count, samples)
    distance, inside = np.full((count, samples), np.inf), np.zeros((count, count))
    activity = activity_at(network, inputs, point, [site])[site] if len(inputs) else None
    first = 0
    for query in range(count):
        if activity is not None and valid[query].any():
            drawn = activity[first : first + valid[query].sum()]
            apart = metric.distance(drawn, queries)
            distance[query, valid[query]] = apart[query]
            inside[:, query] = (apart <= radius).sum(axis=1)
            first += len(drawn)
    others = inside.sum(axis=1) - inside.diagonal()
    wrong = others / (samples * max(1, count - 1))
    return Draws(tokens, length, valid, distance, wrong, inputs)
