"""Distance against probability: is what lies near also what a decoder says?

The published check (Huang et al., arXiv 2405.17653), which there is for the eye alone: inputs by
their distance from a query and by the probability that the decoder gives them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from chunkscope.inversion.balls import distances
from chunkscope.inversion.decoder.study import Site, Study
from chunkscope.inversion.decoder.targets import said_of
from chunkscope.randomness import stream

COLUMNS = ("point", "site", "query", "distance", "log_probability", "log_prior")
"""In nats."""
QUERIES, INPUTS = 2, 600
"""Queries of every site, and inputs of each: half of them near, half of them anywhere."""


def scatter_site(study: Study, site: Site) -> pd.DataFrame:
    """Inputs near and far of the first queries, with :data:`COLUMNS`."""
    rng, tables = stream(study.seed, "scatter", *site.place), []
    blocks = [(0, site.activity[:, None])]
    ((_, apart),) = distances(blocks, site.metric, site.queries, len(study.inputs))
    for at in site.first_queries(QUERIES):
        near = np.flatnonzero(apart[at] <= 2 * study.radius)
        rows = np.concatenate(
            [
                rng.permutation(near)[: INPUTS // 2],
                rng.choice(len(study.inputs), INPUTS // 2, p=study.inputs.weight),
            ]
        )
        said = said_of(
            study.decoder, site.number, site.queries.activity[at], study.inputs.tokens[rows],
            study.inputs.length[rows],
        )  # fmt: skip
        with np.errstate(divide="ignore"):
            columns = {
                "query": site.queries.rows[at],
                "distance": apart[at][rows],
                "log_probability": np.log(said),
                "log_prior": np.log(study.inputs.probability[rows]),
            }
        tables.append(pd.DataFrame(columns))
    point, name = site.place
    return pd.concat(tables).assign(point=point, site=name)[list(COLUMNS)]
