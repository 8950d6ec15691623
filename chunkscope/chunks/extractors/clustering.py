"""States: density clusters (HDBSCAN) of population vectors, with a prototype each.

Clustering all rows is wasteful: the default clusters a seeded subsample in PCA space and gives
every other row to its nearest prototype, within that prototype's reach (Campello et al. 2013;
McInnes & Healy 2017 for the algorithm).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import hdbscan
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA

from chunkscope.chunks.extractors.base import NOISE
from chunkscope.errors import ExtractionError

RADIUS_QUANTILE = 0.99

Rows = NDArray[np.floating]
Labels = NDArray[np.int64]


class DensityClustering(BaseEstimator):
    """HDBSCAN states at one ``min_cluster_size``.

    Example:
        >>> states = DensityClustering(min_cluster_size=100).fit(rows)  # rows (row, unit)
        >>> states.predict(new_rows)                                # -1 is noise

    Attributes after ``fit``:
        prototypes_: (state, unit) mean of each state's members, ordered by decreasing membership.
        radii_: (state,) distance within which 99 % of a state's own members lie.
        persistence_: (state,) HDBSCAN's persistence, 0..1.
        validity_: relative validity (density-based, -1..1, higher is better); NaN if not estimable.
        labels_: (row,) state of every row given to ``fit``; -1 is noise.
    """

    def __init__(
        self,
        *,
        min_cluster_size: int = 100,
        min_samples: int = 10,
        subsample: int = 10_000,
        variance: float = 0.99,
        reach: float = 2.5,
        random_state: int = 0,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.subsample = subsample
        self.variance = variance
        self.reach = reach
        self.random_state = random_state

    def fit(self, rows: Rows, y: None = None) -> DensityClustering:
        """Cluster ``rows (row, unit)``; equal rows in another order give equal states."""
        self.fit_sample(draw_sample(rows, self.subsample, self.random_state))
        self.labels_ = self.predict(rows)
        return self

    def fit_sample(self, sample: Sample) -> DensityClustering:
        """Cluster a drawn sample (shared by several settings, which then share one tree).

        Raises:
            ExtractionError: ``min_cluster_size`` is below 2.
        """
        if self.min_cluster_size < 2:
            raise ExtractionError(
                f"min_cluster_size: got {self.min_cluster_size}; a state needs at least 2 rows"
            )
        reduced = sample.reduced(self.variance)
        clusterer = hdbscan.HDBSCAN(
            min_cluster_size=self.min_cluster_size,
            min_samples=min(self.min_samples, len(reduced) - 1),
            algorithm="boruvka_kdtree",
            approx_min_span_tree=False,
            gen_min_span_tree=True,
            core_dist_n_jobs=1,
            memory=sample.memory,
        ).fit(reduced)
        self.validity_ = _validity(clusterer)
        self._take_states(sample.rows, clusterer.labels_, clusterer.cluster_persistence_)
        return self

    def _take_states(self, rows: Rows, labels: Labels, persistence: Rows) -> None:
        """Keep prototypes and radii, the largest state first so that ids are canonical."""
        labels = _unite_masses(rows, labels)
        found = np.unique(labels[labels != NOISE])
        members = [rows[labels == state] for state in found]
        prototypes = [m.mean(axis=0, dtype=np.float64) for m in members]
        order = sorted(
            range(len(found)), key=lambda i: (-len(members[i]), tuple(prototypes[i].tolist()))
        )
        self.prototypes_ = np.array([prototypes[i] for i in order]).reshape(-1, rows.shape[1])
        self.radii_ = radii((members[i] for i in order), self.prototypes_)
        self.persistence_ = np.array([persistence[found[i]] for i in order], dtype=np.float64)

    def predict(self, rows: Rows) -> Labels:
        """The nearest state of each row within its reach, or -1 (noise).

        Args:
            rows: (..., unit); the leading axes are kept.

        Raises:
            ExtractionError: a row is not finite, or has another number of units than those fitted.
        """
        flat = finite_rows(rows)
        if flat.shape[1] != self.prototypes_.shape[1]:
            raise ExtractionError(
                f"activations: got {flat.shape[1]} units; the states were found in "
                f"{self.prototypes_.shape[1]}; pass activity of the same site"
            )
        labels = nearest(flat, self.prototypes_, self.reach * self.radii_)
        return labels.reshape(rows.shape[:-1])


@dataclass
class Sample:
    """Rows drawn for clustering, and what several settings share: their PCA and their tree."""

    rows: Rows
    memory: TreeMemory

    def reduced(self, variance: float) -> Rows:
        """PCA scores that keep ``variance`` of the variance; computed once."""
        return self.memory.cache(_principal_scores)(self.rows, variance)


class TreeMemory:
    """Keeps the last result of each function; the `memory` of hdbscan, which recomputes a tree for
    every ``min_cluster_size`` otherwise, although the tree does not depend on it."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Rows, tuple[Any, ...], Any]] = {}

    def cache(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def remembered(data: Rows, *settings: Any, **named: Any) -> Any:
            key = (settings, tuple(sorted(named.items())))
            kept = self._kept.get(function.__name__)
            if kept is None or kept[0] is not data or kept[1] != key:
                kept = (data, key, function(data, *settings, **named))
                self._kept[function.__name__] = kept
            return kept[2]

        return remembered


def draw_sample(rows: Rows, size: int, random_state: int) -> Sample:
    """``size`` rows in an order that depends on their contents alone, not on their positions.

    Every row gets a seeded hash of its bytes (and of how many equal rows came before it, so that
    duplicates are drawn independently); the smallest hashes are the sample. A permutation of the
    rows therefore draws the same sample, and labels follow the rows.

    Raises:
        ExtractionError: a row is not finite, or fewer than three would be drawn.
    """
    rows = finite_rows(rows)
    if min(len(rows), size) < 3:
        raise ExtractionError(
            f"activations: got {len(rows)} rows and a subsample of {size}; clustering needs at "
            "least 3; record more sequences or raise subsample"
        )
    hashes = _row_hashes(rows, random_state)
    return Sample(rows[np.argsort(hashes, kind="stable")[:size]], TreeMemory())


def finite_rows(rows: Rows) -> NDArray[np.float32]:
    """``rows (..., unit)`` as (row, unit) float32, in which states are found and recognised."""
    flat = np.ascontiguousarray(rows, dtype=np.float32).reshape(-1, rows.shape[-1])
    bad = np.flatnonzero(~np.isfinite(flat).all(axis=1))
    if bad.size:
        raise ExtractionError(
            f"activations: {bad.size} of {len(flat)} rows are not finite (first: row {bad[0]}); "
            "they belong to no state; record the activations again"
        )
    return flat


def nearest(rows: Rows, prototypes: Rows, limits: Rows, block: int = 8192) -> Labels:
    """The index of the nearest prototype of each row, or -1 where it is further than its limit.

    Args:
        rows: (row, unit). prototypes: (state, unit). limits: (state,) distances.
        block: rows compared at once, to bound memory.
    """
    labels = np.full(len(rows), NOISE, dtype=np.int64)
    if not len(prototypes):
        return labels
    squares = (prototypes**2).sum(axis=1)
    for start in range(0, len(rows), block):
        part = rows[start : start + block].astype(np.float64)
        distance = squares - 2 * part @ prototypes.T
        closest = distance.argmin(axis=1)
        gap = np.linalg.norm(part - prototypes[closest], axis=1)
        labels[start : start + block] = np.where(gap <= limits[closest], closest, NOISE)
    return labels


def _principal_scores(rows: Rows, variance: float) -> Rows:
    if (rows == rows[0]).all():  # without variance there is no share of it to keep
        return rows[:, :1].astype(np.float64)
    components = variance if variance < 1 else None
    return PCA(components, svd_solver="full").fit_transform(rows.astype(np.float64))


def _row_hashes(rows: NDArray[np.float32], random_state: int) -> NDArray[np.uint64]:
    """A seeded hash of every row's values and of how many equal rows came before it."""
    rng = np.random.Generator(np.random.PCG64(random_state))
    odd = rng.integers(0, 2**63, rows.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    # adding zero turns -0.0 into 0.0, which compares equal and must hash equal
    words = (rows + np.float32(0)).view(np.uint32).astype(np.uint64)
    content = _mix((words * odd).sum(axis=1, dtype=np.uint64))
    return _mix(content + _occurrence(content) * np.uint64(0x9E3779B97F4A7C15))


def _occurrence(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """How many equal keys precede each key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(keys)), 0))
    count = np.empty(len(keys), dtype=np.uint64)
    count[order] = (np.arange(len(keys)) - start).astype(np.uint64)
    return count


def _mix(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele et al. 2014): spreads every bit over all bits."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def _unite_masses(rows: Rows, labels: Labels) -> Labels:
    """Labels in which a mass of equal rows is one cluster, as HDBSCAN's tree may cut it anywhere.

    Nothing recurs in rows that are all the same, so these are noise.
    """
    if (rows == rows[0]).all():
        return np.full_like(labels, NOISE)
    united = labels.copy()
    cluster_of: dict[bytes, int] = {}
    for state in np.unique(labels[labels != NOISE]):
        members = rows[labels == state]
        if (members == members[0]).all():
            united[labels == state] = cluster_of.setdefault(members[0].tobytes(), state)
    return united


def radius(members: Rows, prototype: Rows) -> float:
    """The distance from ``prototype (unit,)`` that holds 99 % of ``members (row, unit)``."""
    return float(np.quantile(np.linalg.norm(members - prototype, axis=1), RADIUS_QUANTILE))


def radii(members: Iterable[Rows], prototypes: Rows) -> NDArray[np.float64]:
    """(state,) the :func:`radius` of every state; ``members`` are the rows of each in turn."""
    found = [radius(own, p) for own, p in zip(members, prototypes, strict=True)]
    return np.array(found, dtype=np.float64)


def _validity(clusterer: hdbscan.HDBSCAN) -> float:
    """Relative validity (Moulavi et al. 2014, on the tree's own edges); NaN below two states."""
    found = len(set(clusterer.labels_.tolist()) - {NOISE})
    if found < 2:
        return float("nan")
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(clusterer.relative_validity_)
