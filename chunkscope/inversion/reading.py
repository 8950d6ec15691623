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
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.grammars import Inputs
from chunkscope.inversion.balls import gather_queries
from chunkscope.inversion.distances import metric_of
from chunkscope.inversion.features import Feature, features_of, shuffled
from chunkscope.inversion.radii import Radius, find_radii, null_distances
from chunkscope.inversion.recorded import Recorded
from chunkscope.inversion.retention import Retention, retention
from chunkscope.inversion.selection import choose_queries
from chunkscope.inversion.settings import InversionSettings
from chunkscope.networks.progress import StepReport
from chunkscope.randomness import stream
from chunkscope.statistics import Interval, mean_interval, ratio_interval, seen_in_none
from chunkscope.store import ActivationStore

Values = NDArray[np.float64]

RETAINED, PARTLY, FREE, UNKNOWN = "retained", "partly", "free", "not estimable"
SURE, SLIGHT = 0.9, 0.1
"""Of a feature that is retained ``kept`` is above the one, and ``same`` with its whole interval; of
one that is free ``kept`` is below the other with its whole interval."""
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

    @cached_property
    def queries(self) -> NDArray[np.int64]:
        """Numbers of the inputs that are asked for, the same at every site and point."""
        return choose_queries(self.inputs, self.settings.queries, self.seed)


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
        own = found.set_index("query")["radius"].sort_index() if condition == TRAINED else None
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
    rng = stream(reading.seed, "inversion", "null", reading.point, site)
    first, *others = settings.metrics
    tables = []
    for name in (first, *(others if functional is not None else [])):
        metric = metric_of(name, recorded.blocks(site), weight)
        null = null_distances(recorded.blocks(site), reading.inputs, metric, queries, rng)
        radii = find_radii(settings, null, functional if name == first else None)
        reach = np.stack([radius.reach for radius in radii])
        found = retention(
            recorded.blocks(site), metric, queries, reach, labels.every, reading.inputs
        )
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


def _measures(found: Retention, row: int, column: int, control: int) -> dict[str, object]:
    """The columns of one feature at one radius; ``control`` is where its dealt labels stand."""
    prior = found.prior[:, column]
    some = found.mass[row] > 0
    same = share_interval(found.same[row, :, column])
    chance = float(prior[some].mean()) if some.any() else float("nan")
    kept = beyond_chance(found.same[row, :, column], prior)
    measures: dict[str, object] = {
        "n": int(some.sum()), "prior": chance,
        "same": same.mean, "same_low": same.low, "same_high": same.high,
        "status": status(kept, same, float(some.mean())),
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

    One minus the ratio of what misses the query's value to what would by chance. Where nothing
    misses, the interval is as wide as that many queries leave it.
    """
    missing = ratio_interval(1 - same, np.where(np.isfinite(same), 1 - prior, np.nan))
    if missing.mean == 0 and missing.n > 1:
        chance = float(1 - prior[np.isfinite(same)].mean())
        return Interval(1.0, 1 - seen_in_none(missing.n) / chance, 1.0, missing.n)
    return Interval(1 - missing.mean, 1 - missing.high, 1 - missing.low, missing.n)


def share_interval(shares: Values) -> Interval:
    """The mean over queries; where it is 1, as wide as that many queries leave it."""
    found = mean_interval(shares)
    if found.mean == 1 and found.n > 1:
        return Interval(1.0, 1 - seen_in_none(found.n), 1.0, found.n)
    return found


def status(kept: Interval, same: Interval, share: float) -> str:
    """What is said of a feature.

    Args:
        kept, same: share of the ball with the query's value, beyond chance and as it is.
        share: of queries whose ball holds anything.
    """
    if share < ENOUGH or not np.isfinite([kept.low, kept.high]).all():
        return UNKNOWN
    if kept.mean >= SURE and same.low >= SURE:
        return RETAINED
    return FREE if kept.high <= SLIGHT else PARTLY
