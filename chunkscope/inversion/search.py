"""Preimages by search: among random inputs, at the point of the query or at any step.

What can be done of a task that is too large to enumerate, and what was published (Huang et al.,
arXiv 2405.17653, count an input by the nearest of all its steps). Of a task that is enumerated it
shows how many balls a search leaves empty, and what it makes of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.grammars import Inputs
from chunkscope.inversion.distances import Metric, metric_of
from chunkscope.inversion.features import Feature, features_of
from chunkscope.inversion.patching import activity_at, recorded
from chunkscope.inversion.reading import beyond_chance
from chunkscope.inversion.selection import choose_queries
from chunkscope.inversion.settings import InversionSettings
from chunkscope.networks.network import Network
from chunkscope.networks.progress import StepReport
from chunkscope.randomness import stream
from chunkscope.statistics import mean_interval

Values = NDArray[np.float64]

LAST = "last"  # the point of prefixes
AT_POINT, ANYWHERE = "fixed", "any"
COLUMNS = (
    "member", "point", "site", "position", "radius", "searched", "empty", "elsewhere", "feature",
    "n", "prior", "same", "same_low", "same_high", "kept", "kept_low", "kept_high",
)  # fmt: skip
"""``elsewhere``: share of the members found whose nearest step is not the point."""


def search_inputs(
    network: Network,
    members: Sequence[int],
    inputs: Inputs,
    sites: Mapping[str, Sequence[str]],
    settings: InversionSettings,
    seed: int,
) -> pd.DataFrame:
    """Balls of all fixed radii, with :data:`COLUMNS`.

    Prefixes are searched at their point alone: each of their steps is a prefix of its own.

    Args:
        network: all members of the run.
        sites: point -> the sites that are read there.
    """
    queries = choose_queries(inputs, settings.queries, seed)
    weight = inputs.weight.copy()
    weight[queries] = 0
    rng = stream(seed, "inversion", "search")
    found = rng.choice(len(inputs), settings.searched, p=weight / weight.sum())
    both = inputs.take(np.concatenate([queries, found]))
    report, rows = StepReport(max(1, len(members))), []
    for at, member in enumerate(members):
        alone = network.select([member])
        for point, names in sites.items():
            for row in _search(alone, both, len(queries), point, names, settings):
                rows.append({"member": member, **row})
        report(at + 1)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _search(
    network: Network,
    inputs: Inputs,
    queries: int,
    point: str,
    sites: Sequence[str],
    settings: InversionSettings,
) -> Iterator[dict[str, object]]:
    """The first inputs are queries, among all the others."""
    features = features_of(inputs, point)
    others = inputs.take(np.arange(queries, len(inputs)))
    every = _every_step(network, others, sites)
    asked = activity_at(network, inputs.take(np.arange(queries)), point, sites)
    steps = others.points[point]
    for site in sites:
        blocks = [(0, every[site][np.arange(len(others)), steps][:, None])]
        metric = metric_of(settings.metrics[0], blocks, np.ones(len(others)))
        at_point = metric.distance(blocks[0][1][:, 0], asked[site])
        found = [(AT_POINT, at_point, np.zeros(at_point.shape, bool))]
        if point != LAST:
            nearest, where = _nearest(metric, every[site], others.length, asked[site])
            found.append((ANYWHERE, nearest, where != steps))
        for position, distance, away in found:
            for radius in settings.fixed:
                near = distance <= radius
                common = {
                    "point": point, "site": site, "position": position, "radius": radius,
                    "searched": len(others), "empty": int((~near.any(axis=1)).sum()),
                    "elsewhere": float(away[near].mean()) if near.any() else np.nan,
                }  # fmt: skip
                for feature in features:
                    yield {**common, **_shares(near, feature, queries)}


def _shares(near: NDArray[np.bool_], feature: Feature, queries: int) -> dict[str, object]:
    """What balls (query, other input) share of a feature of queries and others."""
    own, values = feature.values[:queries], feature.values[queries:]
    alike = values[None] == own[:, None]
    size = near.sum(axis=1)
    same = np.divide((alike & near).sum(axis=1), size, out=np.full(queries, np.nan), where=size > 0)
    prior = alike.mean(axis=1)
    share, kept = mean_interval(same), beyond_chance(same, prior)
    return {
        "feature": feature.name, "n": share.n, "prior": float(prior.mean()),
        "same": share.mean, "same_low": share.low, "same_high": share.high,
        "kept": kept.mean, "kept_low": kept.low, "kept_high": kept.high,
    }  # fmt: skip


def _every_step(
    network: Network, inputs: Inputs, sites: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Site -> (input, time, unit) of a network of one member."""
    passes = [activity for _, activity in recorded(network, inputs.tokens, sites)]
    return {site: np.concatenate([activity[site] for activity in passes]) for site in sites}


def _nearest(
    metric: Metric,
    activity: NDArray[np.floating],
    length: NDArray[np.integer],
    queries: NDArray[np.floating],
) -> tuple[Values, NDArray[np.int64]]:
    """(query, input) the least distance of any step of an input, and which step that is."""
    nearest = np.full((len(queries), len(activity)), np.inf)
    where = np.zeros(nearest.shape, np.int64)
    for step in range(activity.shape[1]):
        distance = metric.distance(activity[:, step], queries)
        nearer = (distance < nearest) & (length > step)
        nearest[nearer], where[nearer] = distance[nearer], step
    return nearest, where
