"""Which steps a probe is fitted on, chosen by and tested on.

Whole groups (sequences; of a text its documents, which several sequences may come from) stay on
one side. The test rows are of the store's test split. Of the train split, a share of the groups is
kept for validation, which chooses everything that is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.features import Feature
from chunkscope.probing.settings import RowSettings

Labels = NDArray[np.int8]
Weights = NDArray[np.float64]
DRAWS = 100  # ways to part the groups, of which the most even one is taken


class TooFewRows(ProbingError):
    """A side has too few rows of a class for this feature; another feature may have enough."""


@dataclass(frozen=True)
class Part:
    """The rows of one side.

    Attributes:
        steps: (row,) flat places in the store, sequence * time + step, ascending.
        y: (row,) bool, whether the feature is there.
        weights: (row,) that restore the natural prevalence of this side; their mean is 1.
        sequence, group: (row,) which sequence and group a row is of.
    """

    steps: NDArray[np.int64]
    y: NDArray[np.bool_]
    weights: Weights
    sequence: NDArray[np.int64]
    group: NDArray[np.int64]


@dataclass(frozen=True)
class NullRows:
    """Rows of the side to fit that were not drawn by their label, and how it may be shuffled.

    Sequences that are independent draws exchange their labels whole. Those of one document are
    none: a feature that belongs to whole documents is exchanged between these, and any other is
    turned round within its sequences (:mod:`chunkscope.probing.nulls`).

    Attributes:
        steps: (row,) flat places in the store, ascending: every step of some sequences, or, where
            the feature belongs to whole groups, some steps of every one.
        labels: (row,) 1, 0, or -1 where it is not asked.
        owner: (row,) the sequence, or document, whose labels are exchanged or turned.
        within: whether they are turned.
    """

    steps: NDArray[np.int64]
    labels: Labels
    owner: NDArray[np.integer]
    within: bool


@dataclass(frozen=True)
class Rows:
    """The rows of one feature.

    Attributes:
        fit, validation, test: the three sides.
        fitted: (sequence,) bool, the sequences that rows to fit are drawn from.
        null: what permutation nulls are drawn on.
    """

    fit: Part
    validation: Part
    test: Part
    fitted: NDArray[np.bool_]
    null: NullRows

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """Fit, validation, test."""
        return self.fit, self.validation, self.test


def deal_rows(
    feature: Feature,
    is_train: NDArray[np.bool_],
    groups: NDArray[np.integer],
    settings: RowSettings,
    rng: np.random.Generator,
) -> Rows:
    """Draw the rows of a feature.

    Positives are raised to ``settings.prevalence`` of each side's rows, by all there are if need
    be; a commoner feature keeps its share.

    Args:
        feature: its labels (sequence, time): 1, 0, or -1 where it is not asked.
        is_train: (sequence,) the store's split.
        groups: (sequence,) sequences with the same number stay on one side.

    Raises:
        TooFewRows: a side has fewer than ``settings.least`` positives or negatives.
        ProbingError: a group lies in both splits, or the labels are of another length.
    """
    _check(feature, is_train, groups)
    held = _held_out(feature.labels[is_train], groups[is_train], settings.validation_share, rng)
    validation = np.zeros_like(is_train)
    validation[is_train] = held
    fitted = is_train & ~validation
    fit = _draw(feature, "fit", fitted, groups, settings.fit, settings, rng)
    kept = _draw(feature, "validation", validation, groups, settings.validation, settings, rng)
    null = _null(feature, fitted, groups, settings.whole, rng)
    # last, so that its labels move no draw of the others
    test = _draw(feature, "test", ~is_train, groups, settings.test, settings, rng)
    return Rows(fit, kept, test, fitted, null)


def _check(feature: Feature, is_train: NDArray[np.bool_], groups: NDArray[np.integer]) -> None:
    if not len(feature.labels) == len(is_train) == len(groups):
        raise ProbingError(
            f"feature {feature.kind} {feature.name}: got labels of {len(feature.labels)} "
            f"sequences, a split of {len(is_train)} and groups of {len(groups)}; must be as many"
        )
    both = np.intersect1d(groups[is_train], groups[~is_train])
    if len(both):
        raise ProbingError(
            f"feature {feature.kind} {feature.name}: group {both[0]} lies in the train and in the "
            "test split; a probe would be tested on what it was fitted on: deal whole documents"
        )


def _held_out(
    labels: Labels, groups: NDArray[np.integer], share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """(sequence,) whether a training sequence is kept for validation, whole groups of them.

    Of several random draws of a share of the groups the one is taken that has the most nearly this
    share of both the positives and the negatives: documents differ much in what they hold.
    """
    names, index = np.unique(groups, return_inverse=True)
    counts = np.zeros((2, len(names)))
    for value in (0, 1):
        np.add.at(counts[value], index, (labels == value).sum(axis=1))
    n_held = min(max(1, round(share * len(names))), len(names) - 1)
    order = rng.permuted(np.tile(np.arange(len(names)), (DRAWS, 1)), axis=1)[:, :n_held]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = counts[:, order].sum(axis=2) / counts.sum(axis=1, keepdims=True)
        uneven = np.abs(np.log(shares / share)).max(axis=0)
    best = order[np.nan_to_num(uneven, nan=np.inf).argmin()]
    held: NDArray[np.bool_] = np.isin(index, best)
    return held


def _draw(
    feature: Feature,
    name: str,
    side: NDArray[np.bool_],
    groups: NDArray[np.integer],
    n: int,
    settings: RowSettings,
    rng: np.random.Generator,
) -> Part:
    """At most ``n`` rows of the sequences of one side."""
    labels = np.where(side[:, None], feature.labels, -1).ravel()
    there = [np.flatnonzero(labels == value) for value in (0, 1)]
    if min(map(len, there)) < settings.least:
        raise TooFewRows(
            f"feature {feature.kind} {feature.name}: the {name} side has {len(there[1])} positives "
            f"and {len(there[0])} negatives; must be at least {settings.least} of each: record "
            "more sequences, or lower probing.rows.least"
        )
    natural = len(there[1]) / (len(there[0]) + len(there[1]))
    n_positive = min(len(there[1]), round(n * max(settings.prevalence, natural)))
    wanted = n - n_positive, n_positive
    drawn = [_some(steps, most, rng) for steps, most in zip(there, wanted, strict=True)]
    steps = np.sort(np.concatenate(drawn))
    shares = [len(steps) / len(kept) for steps, kept in zip(there, drawn, strict=True)]
    return _part(feature, steps, np.where(labels[steps] == 1, shares[1], shares[0]), groups)


def _null(
    feature: Feature,
    fitted: NDArray[np.bool_],
    groups: NDArray[np.integer],
    most: int,
    rng: np.random.Generator,
) -> NullRows:
    """At most ``most`` rows (but of one sequence at least) of the sequences to fit."""
    asked = (feature.labels >= 0) & fitted[:, None]
    independent = len(np.unique(groups[fitted])) == fitted.sum()
    yes, no = (groups[fitted & (feature.labels == value).any(axis=1)] for value in (1, 0))
    of_groups = not np.isin(yes, no).any()
    if of_groups:
        steps = np.flatnonzero(asked)
        steps = steps[:: -(-len(steps) // most)]
    else:
        rows = fitted[:, None] & np.ones_like(asked) if independent else asked
        order = rng.permutation(np.flatnonzero(asked.any(axis=1)))
        n_sequences = np.searchsorted(np.cumsum(rows[order].sum(axis=1)), most, side="right")
        chosen = np.zeros_like(fitted)
        chosen[order[: max(1, n_sequences)]] = True
        steps = np.flatnonzero(rows & chosen[:, None])
    sequence = steps // feature.labels.shape[1]
    within = not (independent or of_groups)
    owner = sequence if within else groups[sequence]
    return NullRows(steps, feature.labels.ravel()[steps], owner, within)


def _part(
    feature: Feature, steps: NDArray[np.int64], weights: Weights, groups: NDArray[np.integer]
) -> Part:
    sequence = steps // feature.labels.shape[1]
    y = feature.labels.ravel()[steps] == 1
    return Part(steps, y, weights / weights.mean(), sequence, groups[sequence].astype(np.int64))


def _some(steps: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return steps if len(steps) <= most else rng.choice(steps, most, replace=False, shuffle=False)
