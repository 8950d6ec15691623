"""What a store gives the probes: its features with their rows, and the activity at them.

A site is read twice, chunk by chunk: once for the moments that filter its units, once for the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.features import Feature, features_of
from chunkscope.probing.moments import class_moments, gather
from chunkscope.probing.probe import Activity
from chunkscope.probing.rotation import random_rotation
from chunkscope.probing.rows import Rows, TooFewRows, deal_rows
from chunkscope.probing.settings import ProbingSettings
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore


@dataclass(frozen=True, eq=False)
class Asked:
    """A feature that is probed, and its rows; a key of dictionaries by identity."""

    feature: Feature
    rows: Rows

    @property
    def names(self) -> dict[str, str]:
        """``kind`` and ``name``, as tables have them."""
        return {"kind": self.feature.kind, "name": self.feature.name}

    @property
    def fitted_labels(self) -> NDArray[np.int8]:
        """(sequence, time) labels of the sequences that rows to fit are drawn from, else -1."""
        return np.where(self.rows.fitted[:, None], self.feature.labels, -1).astype(np.int8)


@dataclass(frozen=True)
class SiteReading:
    """The activity of a site of one member, at the rows of all features.

    Attributes:
        activity: of every unit that the filter keeps for any feature.
        kept: (feature, unit) which of them it keeps for each.
        width: units of the site, kept or not.
    """

    activity: Activity
    kept: NDArray[np.int64]
    width: int

    def of(self, feature: int) -> Activity:
        """The activity of the units kept for one feature."""
        kept, whole = self.kept[feature], self.activity
        if len(kept) == len(whole.units):
            return whole
        return Activity(whole.steps, whole.values[:, kept], whole.units[kept])

    def rotated(self, rng: np.random.Generator) -> SiteReading:
        """The activity in a random orthogonal basis of all units that were read."""
        whole = self.activity
        basis = random_rotation(len(whole.units), rng).astype(whole.values.dtype)
        every = np.tile(np.arange(len(whole.units)), (len(self.kept), 1))
        turned = Activity(whole.steps, whole.values @ basis, whole.units)
        return SiteReading(turned, every, len(whole.units))


def read_features(
    store: ActivationStore, settings: ProbingSettings, seed: int, run: str
) -> tuple[list[Asked], pd.DataFrame]:
    """The features of a store with their rows, and a table of what is probed and what is not.

    Returns:
        The features, and ``kind, name, prevalence`` (natural, test split), ``per_sequence``,
        ``{side}_rows`` and ``{side}_positives`` of fit, validation and test, and ``left_out``: why
        a feature has too few rows, else empty.

    Raises:
        ProbingError: no feature has enough rows, or a document lies in both splits.
    """
    found = features_of(
        {kind: store.labels(kind) for kind in store.label_kinds},
        {kind: store.label_names(kind) for kind in store.label_kinds},
        store.tokens(),
        store.symbols,
        settings.features,
        store.is_train,
    )
    groups, table, asked = groups_of(store), [], list[Asked]()
    for feature in found:
        rng = stream(seed, "probing", run, "rows", feature.kind, feature.name)
        line = {
            "kind": feature.kind,
            "name": feature.name,
            "prevalence": feature.prevalence(~store.is_train),
            "per_sequence": feature.per_sequence,
        }
        try:
            asked.append(
                Asked(feature, deal_rows(feature, store.is_train, groups, settings.rows, rng))
            )
            table.append({**line, **_counts(asked[-1].rows), "left_out": ""})
        except TooFewRows as error:
            table.append({**line, "left_out": str(error)})
            print(f"left out: {error}")
    if not asked:
        raise ProbingError(
            f"{store.path}: none of {len(found)} features has enough rows; record more sequences, "
            "or lower probing.rows.least"
        )
    return asked, pd.DataFrame(table)


def groups_of(store: ActivationStore) -> NDArray[np.int64]:
    """(sequence,) what stays together on one side: the document, or else the sequence itself."""
    if "document" in store.label_kinds:
        return store.labels("document")[:, 0].astype(np.int64)
    return np.arange(len(store.is_train))


def read_site(
    store: ActivationStore, member: int, site: str, asked: Sequence[Asked], most: int
) -> SiteReading:
    """The activity of a site at the rows of every feature.

    Args:
        most: units kept for each feature, those of the largest mean difference over all steps of
            the sequences to fit.
    """
    labels = np.stack([one.fitted_labels for one in asked])
    distance = class_moments(store.iterate(member, site), labels).mean_difference
    kept = np.sort(np.argsort(-distance, axis=1, kind="stable")[:, :most], axis=1)
    units, place = np.unique(kept, return_inverse=True)
    read = [part.steps for one in asked for part in (*one.rows.parts, one.rows.null)]
    steps = np.unique(np.concatenate(read))
    values = gather(store.iterate(member, site), steps, units)
    return SiteReading(Activity(steps, values, units), place.reshape(kept.shape), distance.shape[1])


def _counts(rows: Rows) -> dict[str, int]:
    sides = zip(("fit", "validation", "test"), rows.parts, strict=True)
    return {
        key: int(value)
        for side, part in sides
        for key, value in ((f"{side}_rows", len(part.y)), (f"{side}_positives", part.y.sum()))
    }
