"""Draws to look at: chosen from the raw ones, and nothing is measured on them.

Most of them lie in the ball, some beyond it, as in the published figures, so that the share within
is no precision.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from chunkscope.grammars import distinct
from chunkscope.inversion.decoder.drawing import Draws
from chunkscope.inversion.decoder.likelihood import symbol_log_likelihood
from chunkscope.inversion.decoder.model import Decoder, expanded
from chunkscope.inversion.decoder.study import Site, Study
from chunkscope.randomness import stream

INSIDE, OUTSIDE = 16, 8
"""Draws within the ball and beyond it that are shown of a query, at most."""
COLUMNS = ("point", "site", "query", "rank", "distance", "inside", "at", "symbols", "told")
"""``rank``: 0 is the query itself; ``at``: the step that is read; ``symbols``: spaced; ``told``: of
each symbol, in hundredths, by how much its probability is higher for the activity than for none."""


def show_site(study: Study, site: Site, ways: list[Draws]) -> pd.DataFrame:
    """The first queries with some of their draws, the nearest first, with :data:`COLUMNS`."""
    rng = stream(study.seed, "shown", *site.place)
    rows = [
        row
        for at in site.first_queries(study.settings.shown)
        for row in _show(study, site, ways, at, rng)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _show(
    study: Study, site: Site, ways: list[Draws], at: int, rng: np.random.Generator
) -> Iterator[tuple[object, ...]]:
    query, point = int(site.queries.rows[at]), site.place[0]
    own = study.inputs.take(np.array([query]))
    tokens = np.concatenate([draws.tokens[at][draws.valid[at]] for draws in ways])
    length = np.concatenate([draws.length[at][draws.valid[at]] for draws in ways])
    distance = np.concatenate([draws.distance[at][draws.valid[at]] for draws in ways])
    steps = np.concatenate([draws.drawn_for(at).points[point] for draws in ways])
    first, _ = distinct(tokens, length)
    others = (tokens[first] != own.tokens[0]).any(axis=1) | (length[first] != own.length[0])
    first = rng.permutation(first[others])
    near = distance[first] <= study.radius
    chosen = np.concatenate([first[near][:INSIDE], first[~near][:OUTSIDE]])
    chosen = chosen[np.argsort(distance[chosen], kind="stable")]
    every = np.concatenate([own.tokens, tokens[chosen]])
    sizes = np.concatenate([own.length, length[chosen]])
    places = np.concatenate([own.points[point], steps[chosen]])
    far = np.concatenate([[0.0], distance[chosen]])
    told = _told(study.decoder, site, site.queries.activity[at], every, sizes)
    for rank in range(len(every)):
        symbols = [study.inputs.symbols[token] for token in every[rank, : sizes[rank]]]
        hundredths = np.rint(100 * told[rank, : sizes[rank]]).astype(int)
        yield (
            *site.place, query, rank, far[rank], far[rank] <= study.radius, places[rank],
            " ".join(symbols), " ".join(map(str, hundredths)),
        )  # fmt: skip


@torch.no_grad()
def _told(
    decoder: Decoder,
    site: Site,
    activity: NDArray[np.floating],
    tokens: NDArray[np.integer],
    length: NDArray[np.integer],
) -> NDArray[np.float64]:
    """(input, symbol) probability told the activity minus that told nothing."""
    count = len(tokens)
    symbols = torch.from_numpy(tokens.astype(np.int64))
    sizes = torch.from_numpy(length.astype(np.int64))
    probabilities = []
    for told, number in ((activity, site.number), (activity[:0], decoder.nothing)):
        one = decoder.tell(decoder.widened(told[None]), torch.tensor([number]))
        said = symbol_log_likelihood(decoder, symbols, sizes, expanded(one, count))
        probabilities.append(said.double().exp().numpy())
    return probabilities[0] - probabilities[1]
