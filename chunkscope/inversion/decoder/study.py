"""What a decoder is asked at a site, and what is the same at all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.grammars import Inputs, Source
from chunkscope.inversion.balls import Queries, members
from chunkscope.inversion.decoder.files import Trained
from chunkscope.inversion.decoder.model import Decoder
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.inversion.decoder.targets import Target, said_of
from chunkscope.inversion.distances import Metric
from chunkscope.networks.network import Network

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Site:
    """A site whose preimages a decoder draws from.

    Attributes:
        number: of the site, for the decoder.
        place: its point and name.
        queries: the inputs that are asked for, and their activity.
        validation: those that tell whether draws are trusted.
        metric: of the balls.
        activity: (input, unit) of all inputs.
    """

    number: int
    place: tuple[str, str]
    queries: Queries
    validation: Queries
    metric: Metric
    activity: NDArray[np.floating]

    def balls(self, queries: Queries, radius: float) -> list[Rows]:
        """The members of every query's ball."""
        blocks = [(0, self.activity[:, None])]
        return members(blocks, self.metric, queries, radius, len(self.activity))

    def first_queries(self, count: int) -> list[int]:
        """Where the first different queries stand: as they are drawn, one may come twice."""
        _, first = np.unique(self.queries.rows, return_index=True)
        return sorted(first.tolist())[:count]


@dataclass(frozen=True)
class Study:
    """What is the same at all sites.

    Attributes:
        trained, settings: what draws, and how.
        radius: of the balls.
        network: the one member whose activity it reads.
        source: where inputs come from.
        inputs: all of them, or a sample.
        queries: numbers of the inputs that are asked for.
        validation: of those that tell where draws are trusted.
        seed: of the draws.
    """

    trained: Trained
    settings: DecoderSettings
    radius: float
    network: Network
    source: Source
    inputs: Inputs
    queries: Rows
    validation: Rows
    seed: int

    @property
    def decoder(self) -> Decoder:
        """What draws."""
        return self.trained.decoder

    def said_of(
        self, target: Target, site: int, activity: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """(member,) probability of a ball's members, drawing as it is scored, told an activity."""
        return said_of(
            self.decoder, site, activity, self.inputs.tokens[target.rows],
            self.inputs.length[target.rows], self.settings.draws[0].temperature,
        )  # fmt: skip
