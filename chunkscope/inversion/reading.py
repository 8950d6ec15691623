"""The retention tables of a point: what the members of balls share, at every site read there.

Every row is of one member of a run, one site, metric and radius, and one feature, as a mean over
queries with an interval over them. ``kept`` is the share of a ball that has the query's value,
corrected for chance: 0 where inputs at large have it as often, 1 where all members have it. Beside
it stand three controls: an untrained network (as rows of their own), labels dealt to other inputs,
and the ball of another query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.grammars import Inputs
from chunkscope.inversion.balls import Queries, distances, gather_queries
from chunkscope.inversion.distances import Block, Metric, metric_of
from chunkscope.inversion.features import Feature, features_of, shuffled
from chunkscope.inversion.recorded import Recorded
from chunkscope.inversion.retention import Retention, retention
from chunkscope.inversion.selection import choose_queries
from chunkscope.inversion.settings import InversionSettings
from chunkscope.networks.progress import StepReport
from chunkscope.randomness import stream
from chunkscope.statistics import Interval, mean_interval
from chunkscope.store import ActivationStore

Values = NDArray[np.float64]

FIXED, QUANTILE, FUNCTIONAL = "fixed", "quantile", "functional"
"""How a radius was found: as it is; so that a ball holds a share of random inputs; so that members
of it, put in the place of the query, keep the answer."""
RETAINED, PARTLY, FREE, UNKNOWN = "retained", "partly", "free", "not estimable"
SURE, SLIGHT = 0.9, 0.1
"""``kept`` of a feature that is retained is above the one, of one that is free below the other,
with the whole interval."""
ENOUGH = 0.5
"""Share of queries whose balls must hold something for the others to speak for all."""
TRAINED, UNTRAINED = "trained", "untrained"

COLUMNS = (
    "condition", "member", "point", "site", "metric", "radius_kind", "level", "radius", "feature",
    "n", "empty", "mass", "prior", "same", "same_low", "same_high", "kept", "kept_low",
    "kept_high", "known", "known_low", "known_high", "shuffled", "shuffled_low", "shuffled_high",
    "wrong", "wrong_low", "wrong_high", "status",
)  # fmt: skip
BALLS = ("condition", "member", "point", "site", "query", "mass", "feature", "same", "prior")
"""Of every ball of the study's radius in the first metric; ``query`` counts from 0."""


@dataclass(frozen=True)
class Reading:
    """What is read at a point.

    Attributes:
        inputs: those that the stores hold.
        point: where they are read.
        sites: that are read there.
        settings: of the study.
        seed: of the random streams.
    """

    inputs: Inputs
    point: str
    sites: tuple[str, ...]
    settings: InversionSettings
    seed: int

    @property
    def queries(self) -> NDArray[np.int64]:
        """Numbers of the inputs that are asked for, the same at every site and point."""
        settings = self.settings
        return choose_queries(self.inputs, settings.held_out, settings.queries, self.seed)


def read_point(
    stores: Mapping[str, ActivationStore],
    reading: Reading,
    members: Iterable[int],
    functional: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The retention table of a point, with :data:`COLUMNS`, and every ball, with :data:`BALLS`.

    The untrained network is read in the first metric alone.

    Args:
        stores: condition (:data:`TRAINED`, :data:`UNTRAINED`) -> activity at the point.
        members: those that have learned their task.
        functional: ``member, site, query, radius`` of the trained network, from
            :mod:`chunkscope.inversion.donors`.

    Raises:
        InversionError: a store is of other inputs.
    """
    features = features_of(reading.inputs, reading.point)
    rng = stream(reading.seed, "inversion", "shuffled", reading.point)
    labels = Labels(features, shuffled(features, reading.inputs.weight, rng))
    asked = [
        (name, member, site) for name in stores for member in members for site in reading.sites
    ]
    report = StepReport(max(1, len(asked)))
    rows, balls = [pd.DataFrame(columns=list(COLUMNS))], [pd.DataFrame(columns=list(BALLS))]
    for at, (condition, member, site) in enumerate(asked):
        found = functional[(functional["member"] == member) & (functional["site"] == site)]
        own = found.sort_values("query")["radius"] if condition == TRAINED else None
        recorded = Recorded(stores[condition], member, reading.point)
        summary, each = _read_site(recorded, site, reading, labels, own)
        for table, parts in ((summary, rows), (each, balls)):
            table = table.assign(condition=condition, member=member, site=site)
            parts.append(table.assign(point=reading.point))
        report(at + 1)
    found_any = slice(1, None) if asked else slice(None)
    return pd.concat(rows[found_any])[list(COLUMNS)], pd.concat(balls[found_any])[list(BALLS)]


def _read_site(
    recorded: Recorded, site: str, reading: Reading, labels: Labels, functional: pd.Series | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All radii of all metrics, and the balls of the study's radius in the first one."""
    settings, weight = reading.settings, reading.inputs.weight
    queries = gather_queries(recorded.blocks(site), reading.queries)
    first, *others = settings.metrics
    tables = []
    for name in (first, *(others if functional is not None else [])):
        metric = metric_of(name, recorded.blocks(site), weight)
        null = _null(recorded.blocks(site), reading, metric, queries)
        radii = _radii(settings, null, functional if name == first else None, len(queries.rows))
        reach = np.stack([radius.reach for radius in radii])
        found = retention(recorded.blocks(site), metric, queries, reach, labels.every, weight)
        tables.append(_table(found, radii, labels).assign(metric=name))
        if name == first:
            balls = _balls(found, settings.fixed.index(settings.radius), labels.true)
    return pd.concat(tables), balls


@dataclass(frozen=True)
class Labels:
    """Features, and the same dealt to other inputs."""

    true: list[Feature]
    dealt: list[Feature]

    @property
    def every(self) -> list[Feature]:
        """The true ones, then the others."""
        return [*self.true, *self.dealt]


@dataclass(frozen=True)
class Radius:
    """One radius, or one for every query.

    Attributes:
        kind, level: how it was found; see :data:`FIXED`.
        reach: (query,).
    """

    kind: str
    level: float
    reach: Values


def _radii(
    settings: InversionSettings, null: Values, functional: pd.Series | None, queries: int
) -> list[Radius]:
    radii = [Radius(FIXED, radius, np.full(queries, radius)) for radius in settings.fixed]
    radii += [
        Radius(QUANTILE, share, np.full(queries, np.quantile(null, share)))
        for share in settings.quantiles
    ]
    if functional is not None:
        radii.append(Radius(FUNCTIONAL, np.nan, functional.to_numpy(np.float64)))
    return radii


def _table(found: Retention, radii: list[Radius], labels: Labels) -> pd.DataFrame:
    """A row for every radius and feature."""
    rows = []
    for row, radius in enumerate(radii):
        reach = radius.reach[np.isfinite(radius.reach)]
        common = {
            "radius_kind": radius.kind, "level": radius.level,
            "radius": float(np.median(reach)) if len(reach) else np.nan,
            "mass": float(found.mass[row].mean()), "empty": int((found.mass[row] == 0).sum()),
        }  # fmt: skip
        for column, feature in enumerate(labels.true):
            measures = _measures(found, row, column, column + len(labels.true))
            rows.append(common | {"feature": feature.name} | measures)
    return pd.DataFrame(rows)


def _balls(found: Retention, row: int, features: list[Feature]) -> pd.DataFrame:
    """Every ball of one radius, feature by feature."""
    queries = np.arange(found.mass.shape[1])
    parts = [
        {"query": queries, "mass": found.mass[row], "feature": feature.name,
         "same": found.same[row, :, column], "prior": found.prior[:, column]}
        for column, feature in enumerate(features)
    ]  # fmt: skip
    return pd.concat(map(pd.DataFrame, parts), ignore_index=True)


def _null(blocks: Iterable[Block], reading: Reading, metric: Metric, queries: Queries) -> Values:
    """(pair,) distances of random inputs from the queries."""
    rng = stream(reading.seed, "inversion", "null")
    chosen = rng.choice(len(reading.inputs), RANDOM, p=reading.inputs.weight)
    inside = np.zeros(len(reading.inputs), np.int64)
    np.add.at(inside, chosen, 1)
    found = [
        np.repeat(distance, inside[part], axis=1).ravel()
        for part, distance in distances(blocks, metric, queries, len(reading.inputs))
    ]
    return np.concatenate(found)


def _measures(found: Retention, row: int, column: int, control: int) -> dict[str, object]:
    """The columns of one feature at one radius; ``control`` is where its dealt labels stand."""
    prior = found.prior[:, column]
    some = found.mass[row] > 0
    same = mean_interval(found.same[row, :, column])
    chance = float(prior[some].mean()) if some.any() else float("nan")
    kept = beyond_chance(found.same[row, :, column], prior)
    measures: dict[str, object] = {
        "n": int(some.sum()), "prior": chance,
        "same": same.mean, "same_low": same.low, "same_high": same.high,
        "status": status(kept, float(some.mean())),
    }  # fmt: skip
    rest = {
        "kept": kept,
        "known": mean_interval(found.known[row, :, column]),
        "shuffled": beyond_chance(found.same[row, :, control], found.prior[:, control]),
        "wrong": beyond_chance(found.wrong[row, :, column], prior),
    }
    for name, value in rest.items():
        measures |= {name: value.mean, f"{name}_low": value.low, f"{name}_high": value.high}
    return measures


def beyond_chance(same: Values, prior: Values) -> Interval:
    """The share beyond chance of what there is beyond chance, over queries with members.

    One minus the ratio of what misses the query's value to what would by chance, whose interval is
    that of a ratio of means (by the delta method): where nothing misses, there is no doubt.
    """
    there = np.isfinite(same)
    missing, expected = 1 - same[there], 1 - prior[there]
    if not there.any() or expected.mean() == 0:
        return mean_interval([])
    ratio = float(missing.mean() / expected.mean())
    spread = mean_interval((missing - ratio * expected) / expected.mean())
    half = (spread.high - spread.low) / 2
    return Interval(1 - ratio, 1 - ratio - half, 1 - ratio + half, spread.n)


def status(kept: Interval, share: float) -> str:
    """What is said of a feature.

    Args:
        kept: corrected for chance, over queries.
        share: of queries whose ball holds anything.
    """
    if share < ENOUGH or not np.isfinite([kept.low, kept.high]).all():
        return UNKNOWN
    if kept.low >= SURE:
        return RETAINED
    return FREE if kept.high <= SLIGHT else PARTLY


RANDOM = 4000
"""Inputs whose distances from every query are the null."""
