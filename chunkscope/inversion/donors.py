"""The causal check of balls: does the activity of a member do what the query's own does?

At every site, donors are put in the place of a query: some of its ball's members, and inputs drawn
beyond it from strata by distance. Each stands for as many inputs as it was drawn from. With it goes
the *functional* radius, up to which nearly all members keep the answer; it is of a sample of them,
and errs on the side of smaller balls, as the first that is seen to fail ends it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.inversion.balls import gather_queries, members
from chunkscope.inversion.distances import Activity, Block, Metric, metric_of
from chunkscope.inversion.donor_settings import DonorSettings
from chunkscope.inversion.patching import Patch, answers, functional_radius
from chunkscope.inversion.reading import Reading
from chunkscope.inversion.recorded import Recorded
from chunkscope.networks.network import Network
from chunkscope.networks.progress import StepReport
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

COLUMNS = ("member", "site", "query", "donor", "distance", "weight", "inside", "kept")
"""``query`` counts from 0; ``donor`` is the number of an input; ``weight`` is the probability that
it stands for; ``kept`` whether the answer was that without a patch."""
LEAST = 20
"""Donors that a ball must hold to be seen to fail."""
FINEST, LARGEST = 8, 0.05
"""Strata up to the first of the largest size, a share of the inputs beyond a ball."""


def patch_balls(
    store: ActivationStore,
    network: Network,
    members_read: list[int],
    reading: Reading,
    settings: DonorSettings,
) -> pd.DataFrame:
    """Every donor of every query at every site of some members, with :data:`COLUMNS`.

    Args:
        network: all members of the run, as the store has them.

    Raises:
        InversionError: the store is of other inputs.
    """
    asked = [(member, site) for member in members_read for site in reading.sites]
    report, tables = StepReport(max(1, len(asked))), []
    for at, (member, site) in enumerate(asked):
        alone = network.select([member])
        recorded = Recorded(store, member, reading.point)
        table = _patch_site(recorded, alone, site, reading, settings)
        tables.append(table.assign(member=member, site=site))
        report(at + 1)
    return pd.concat(tables)[list(COLUMNS)] if tables else pd.DataFrame(columns=list(COLUMNS))


def functional_radii(patches: pd.DataFrame, share: float) -> pd.DataFrame:
    """``member, site, query, radius``: up to it, so large a share of members keeps the answer."""
    columns, rows = ["member", "site", "query"], []
    for names, part in patches.groupby(columns, sort=False):
        distance, kept, weight = (part[name].to_numpy() for name in ("distance", "kept", "weight"))
        radius = functional_radius(distance, kept.astype(bool), weight, share, LEAST)
        rows.append((*names, radius))
    return pd.DataFrame(rows, columns=[*columns, "radius"])


def _patch_site(
    recorded: Recorded,
    network: Network,
    site: str,
    reading: Reading,
    settings: DonorSettings,
) -> pd.DataFrame:
    def blocks() -> Iterator[Block]:
        return recorded.blocks(site)

    inputs = reading.inputs
    rng = stream(reading.seed, "inversion", "donors", recorded.member, reading.point, site)
    metric = metric_of(reading.settings.metrics[0], blocks(), inputs.weight)
    queries = gather_queries(blocks(), reading.queries)
    random = gather_queries(blocks(), rng.choice(len(inputs), settings.searched, p=inputs.weight))
    apart = metric.distance(random.activity, queries.activity)
    radius = reading.settings.radius
    balls = members(blocks(), metric, queries, radius, len(inputs))
    donors = pd.concat(
        [
            part.assign(query=at)
            for at, ball in enumerate(balls)
            for part in (
                _inside(ball[ball != queries.rows[at]], inputs.weight, settings.inside, rng),
                _outside(random.rows, apart[at], radius, settings.outside, rng),
            )
        ],
        ignore_index=True,
    )
    needed = np.unique(donors["donor"])
    activity = gather_queries(blocks(), needed).activity
    given = activity[np.searchsorted(needed, donors["donor"])]
    at = donors["query"].to_numpy()
    rows = queries.rows[at]
    plain = answers(network, inputs.take(queries.rows), reading.point)
    patch = Patch(site, reading.point, given)
    patched = answers(network, inputs.take(rows), reading.point, [patch])
    return donors.assign(
        kept=patched == plain[at],
        distance=_paired(metric, given, queries.activity, at),
    )


def _inside(ball: Rows, weight: Values, most: int, rng: np.random.Generator) -> pd.DataFrame:
    """Members of a ball, all of them or as many draws as are asked for."""
    mass = weight[ball]
    if len(ball) > most:
        ball = rng.choice(ball, most, p=mass / mass.sum())
        mass = np.full(most, mass.sum() / most)
    return pd.DataFrame({"donor": ball, "weight": mass, "inside": True})


def _outside(
    random: Rows, distance: Values, radius: float, each: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Inputs beyond a ball, drawn from strata by distance, the nearer the thinner."""
    beyond = np.flatnonzero(distance > radius)
    beyond = beyond[np.argsort(distance[beyond], kind="stable")]
    count = len(beyond)
    largest = max(1, int(LARGEST * count))
    edges = [0, *np.geomspace(1, largest, FINEST), *np.arange(2 * largest, count, largest), count]
    strata = np.unique(np.array(edges, dtype=np.int64))
    donors, weight = [np.empty(0, np.int64)], [np.empty(0)]
    for first, last in pairwise(strata.tolist()):
        drawn = beyond[rng.integers(first, last, min(each, last - first))]
        donors.append(random[drawn])
        weight.append(np.full(len(drawn), (last - first) / len(drawn) / len(random)))
    return pd.DataFrame(
        {"donor": np.concatenate(donors), "weight": np.concatenate(weight), "inside": False}
    )


def _paired(metric: Metric, given: Activity, queries: Activity, at: Rows) -> Values:
    """(donor,) the distance of each from the query whose place it takes."""
    found = np.empty(len(given))
    for query in np.unique(at):
        here = at == query
        found[here] = metric.distance(given[here], queries[query : query + 1])[0]
    return found
