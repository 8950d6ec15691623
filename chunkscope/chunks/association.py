"""How a labelling of steps aligns with known classes, beside how it would by chance.

Purity rises with the number of labels whatever they are (with a label for every step it is 1), so
that it says nothing without its null. Mutual information is adjusted for chance already, but for
steps that are independent, which neighbouring steps are not: labels and classes that both run in
stretches share information although neither knows of the other.

The null therefore deals the classes of whole sequences to other sequences of the same split.
Sequences are drawn independently, so that this is exact; it keeps how labels follow labels and
classes follow classes, and what both owe to the step's place in its sequence alone. (Turning the
classes within each sequence would be exact only if a sequence had no beginning.) It needs at least
two sequences, and cannot see what equals in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics.cluster import expected_mutual_information

from chunkscope.chunks.extractors.base import Labels
from chunkscope.statistics.permutation import against_null, family_wise

Counts = NDArray[np.int64]  # (label, class) steps
Values = NDArray[np.float64]

MEASURES = ("purity", "inverse_purity", "v_measure", "ami", "f1")
"""What is measured of a labelling, each 1 at best: the share of steps that are of their label's
commonest class; that have their class's commonest label; twice the mutual information over the sum
of both entropies; mutual information adjusted for chance; the mean over classes of the F1 of the
label that finds the class best on the train split."""


@dataclass(frozen=True)
class Classes:
    """Known classes of every step, the rare ones as one.

    Attributes:
        codes: (sequence, time) index into ``values``; ``len(values)`` is any rarer class.
        values: (class,) the labels of the classes that have enough members.
        rare: share of the test steps that are of rarer classes.
    """

    codes: NDArray[np.int64]
    values: NDArray[np.integer]
    rare: float

    @classmethod
    def of(cls, labels: NDArray[np.integer], train: NDArray[np.bool_], min_members: int) -> Classes:
        """Classes with at least ``min_members`` test steps, in the order of their labels.

        The others become one class, rather than none, so that every step is scored and a
        permutation changes no frequency.
        """
        found, counts = np.unique(labels[~train], return_counts=True)
        values = found[counts >= min_members]
        codes = np.full(labels.shape, len(values), dtype=np.int64)
        if len(values):
            at = np.searchsorted(values, labels).clip(max=len(values) - 1)
            codes = np.where(values[at] == labels, at, len(values))
        return cls(codes, values, float((codes[~train] == len(values)).mean()))


@dataclass(frozen=True)
class Association:
    """What :func:`associate` finds, all of it on the test split.

    Attributes:
        measures: ``measure, value, null_mean, z, p``, a row for each of :data:`MEASURES`.
        classes: a row per class, with the label that finds it best on the train split: ``class,
            members, prototype, precision, recall, f1, null_mean, z, p, p_family`` (over classes).
        prototypes: a row per label, with the class that it finds best on the train split:
            ``prototype, members, class, precision, recall, f1``.
    """

    measures: pd.DataFrame
    classes: pd.DataFrame
    prototypes: pd.DataFrame


def associate(
    labels: Labels,
    classes: Classes,
    train: NDArray[np.bool_],
    permutations: int,
    rng: np.random.Generator,
) -> Association:
    """The alignment of ``labels (sequence, time)`` with the classes, and its null.

    Which label belongs to which class is chosen on the train split, in the null as well. Noise
    (-1) is one more label, which no class can be matched with. Where there is no second class,
    nothing can be estimated; where there is no second sequence, the null cannot.

    Args:
        train: (sequence,) whether a sequence is of the train split.
        permutations: how often the classes are dealt anew.
    """
    n = int(labels.max()) + 1
    fitted = Pairing(labels[train], classes.codes[train], n, len(classes.values))
    tested = Pairing(labels[~train], classes.codes[~train], n, len(classes.values))
    observed = _measure(fitted.counts(), tested.counts(), tested)
    shuffled = permutations if min(train.sum(), (~train).sum()) > 1 else 0
    null = [_measure(fitted.dealt(rng), tested.dealt(rng), tested) for _ in range(shuffled)]
    measures = [
        {"measure": measure, **vars(against_null(value, [draw.scores[at] for draw in null]))}
        for at, (measure, value) in enumerate(zip(MEASURES, observed.scores, strict=True))
    ]
    return Association(
        pd.DataFrame(measures),
        _class_table(observed, [draw.f1 for draw in null], tested, classes),
        _prototype_table(fitted, tested, classes),
    )


class Pairing:
    """Labels and classes of the same steps (sequence, time), counted together."""

    def __init__(self, labels: Labels, codes: NDArray[np.int64], n: int, classes: int) -> None:
        self.shape = n + 1, classes + 1  # the last ones are noise and the rare classes
        self._rows = np.where(labels < 0, n, labels).astype(np.int64) * self.shape[1]
        self._codes = codes
        counts = self.counts()
        self._expected = _expected_information(counts)
        self._entropies = [_entropy(counts.sum(axis=axis)) for axis in (0, 1)]
        self._classes = int(np.count_nonzero(counts.sum(axis=0)))
        steps = np.arange(counts.sum() + 1)
        self._xlogx = steps * np.log(np.maximum(steps, 1))

    def counts(self) -> Counts:
        """(label, class) steps."""
        return self._count(self._codes)

    def dealt(self, rng: np.random.Generator) -> Counts:
        """The same with the classes of whole sequences dealt to other sequences."""
        return self._count(self._codes[rng.permutation(len(self._codes))])

    def agreement(self, counts: Counts) -> list[float]:
        """Purity, inverse purity, V-measure and AMI of a table with these row and column sums."""
        if self._classes < 2:
            return [float("nan")] * 4
        total, both = counts.sum(), sum(self._entropies)
        joint = np.log(total) - self._xlogx[counts].sum() / total
        information = both - joint
        return [
            counts.max(axis=1).sum() / total,
            counts.max(axis=0).sum() / total,
            2 * information / both,
            (information - self._expected) / (both / 2 - self._expected),
        ]

    def _count(self, codes: NDArray[np.int64]) -> Counts:
        cells = self.shape[0] * self.shape[1]
        counts = np.bincount((self._rows + codes).ravel(), minlength=cells)
        return counts.reshape(self.shape).astype(np.int64)


@dataclass(frozen=True)
class Matches:
    """For every row of a table the column that it shares most with, chosen on another table.

    Attributes:
        partner: (row,) the column; -1 if the row shares nothing with any.
        of_row, of_column: (row,) the share of the row's and of the column's steps that both have.
        f1: (row,) their harmonic mean; NaN where the row has no step to choose or to score by.
    """

    partner: NDArray[np.int64]
    of_row: Values
    of_column: Values
    f1: Values


def best_matches(chosen_on: Counts, tested_on: Counts) -> Matches:
    """Partners of the rows by F1 on ``chosen_on (row, column)``, scored on ``tested_on``.

    The last row and the last column are what belongs to no row or column: they have no partner
    and are none, but their steps count in every share.
    """
    rows, columns = chosen_on.sum(axis=1)[:-1], chosen_on.sum(axis=0)[:-1]
    scores = 2 * chosen_on[:-1, :-1] / np.maximum(rows[:, None] + columns, 1)
    scores = np.pad(scores, ((0, 0), (0, 1)))  # there may be no column but the last
    partner, matched = scores.argmax(axis=1), scores.max(axis=1) > 0
    both = np.where(matched, tested_on[np.arange(len(partner)), partner], 0)
    of_row, of_column = tested_on.sum(axis=1)[:-1], tested_on.sum(axis=0)[partner]
    known = (rows > 0) & (of_row > 0)
    return Matches(
        np.where(matched, partner, -1),
        _ratio(both, of_row, known),
        _ratio(both, of_column, known & matched),
        _ratio(2 * both, of_row + of_column, known),
    )


@dataclass(frozen=True)
class _Measured:
    scores: list[float]
    matches: Matches

    @property
    def f1(self) -> Values:
        return self.matches.f1


def _measure(fitted: Counts, tested: Counts, pairing: Pairing) -> _Measured:
    """The measures of a table of the test split, and the classes' best labels."""
    matches = best_matches(fitted.T, tested.T)
    scores = pairing.agreement(tested)
    known = matches.f1[np.isfinite(matches.f1)]
    estimable = known.size > 0 and np.isfinite(scores[0])
    return _Measured([*scores, float(known.mean()) if estimable else float("nan")], matches)


def _class_table(
    observed: _Measured, null: list[Values], tested: Pairing, classes: Classes
) -> pd.DataFrame:
    matches, drawn = observed.matches, np.array(null).reshape(len(null), len(classes.values))
    tests = [against_null(value, drawn[:, at]) for at, value in enumerate(matches.f1)]
    table = pd.DataFrame(
        {
            "class": classes.values,
            "members": tested.counts().sum(axis=0)[:-1],
            "prototype": matches.partner,
            "precision": matches.of_column,
            "recall": matches.of_row,
            "f1": matches.f1,
            "null_mean": [test.null_mean for test in tests],
            "z": [test.z for test in tests],
            "p": [test.p for test in tests],
        }
    )
    return table.assign(p_family=family_wise(matches.f1, drawn))


def _prototype_table(fitted: Pairing, tested: Pairing, classes: Classes) -> pd.DataFrame:
    counts = tested.counts()
    matches = best_matches(fitted.counts(), counts)
    known = matches.partner >= 0
    table = pd.DataFrame(
        {
            "prototype": np.arange(len(known)),
            "members": counts.sum(axis=1)[:-1],
            "class": np.append(classes.values, -1)[matches.partner],
            "precision": matches.of_row,
            "recall": matches.of_column,
            "f1": matches.f1,
        }
    )
    return table[known].reset_index(drop=True)


def _expected_information(counts: Counts) -> float:
    """Mutual information (nats) expected of independent steps with these row and column sums."""
    there = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    return float(expected_mutual_information(there, int(counts.sum())))


def _entropy(counts: NDArray[np.int64]) -> float:
    """Entropy (nats) of the frequencies."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _ratio(part: Counts, whole: Counts, known: NDArray[np.bool_]) -> Values:
    """``part / whole`` where it is known and there is a whole, else NaN."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=known & (whole > 0))
