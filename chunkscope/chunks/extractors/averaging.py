"""Population averaging (PA): the state that all occurrences of a concept share.

From a few occurrences h_j of a concept (arXiv 2505.11576, section 2), with their mean h̄ and a
tolerance:

- the subpopulation C are the units that stay near the mean in every one of them,
  ``C = {i : |h_ji - h̄_i| < tolerance for every j}``;
- the radius is ``max_j ||h_jC - h̄_C||² / |C|``;
- a state h has the concept if ``||h_C - h̄_C||² / |C|`` is at most the radius.

A larger tolerance takes more units in, so that the subpopulations of all tolerances are nested and
only the distinct ones are tried. The tolerance is chosen on other occurrences than those averaged,
by balanced accuracy (:mod:`~chunkscope.chunks.detection`). A tolerance that leaves no unit is no
candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.averaging_settings import PUBLISHED_TOLERANCES
from chunkscope.chunks.detection import Criterion, Mask, rates
from chunkscope.chunks.extractors.base import NOISE, Activations, Extractor, Labels, check_activity
from chunkscope.errors import ExtractionError

Rows = NDArray[np.floating]  # (row, unit)

ROUNDING = 1e-12
"""Mean squared differences below this share of a prototype's mean square are rounding: activity
comes in single precision, where units at rest differ in the seventh digit."""
BLOCK = 4096  # rows compared at once, which bounds memory


@dataclass(frozen=True)
class Average:
    """The prototype of a concept at one tolerance.

    Attributes:
        mean: (unit,) over the occurrences; it matters in ``units`` alone.
        units: (unit,) the subpopulation.
        radius: largest mean squared distance of an occurrence within it.
        tolerance: largest distance from the mean that was allowed in one unit.
    """

    mean: NDArray[np.float64]
    units: Mask
    radius: float
    tolerance: float

    @property
    def slack(self) -> float:
        """What is added to the radius for rounding."""
        return ROUNDING * float((self.mean[self.units] ** 2).mean())


@dataclass(frozen=True)
class Draw:
    """Occurrences to average, and where to choose the tolerance.

    Attributes:
        examples: (occurrence, 2) sequence and time of each.
        validation: (sequence,) those without an example.
    """

    examples: NDArray[np.int64]
    validation: Mask


def draw_examples(
    at: Mask, examples: int, min_occurrences: int, rng: np.random.Generator
) -> Draw | None:
    """Random occurrences of a concept that is ``at (sequence, time)``.

    Returns:
        None if there are fewer than ``min_occurrences``, or if the sequences without an example
        might hold fewer than the examples leave of these: neighbouring steps are too much alike to
        validate each other. Whether a concept is too rare does not depend on the draw.
    """
    occurrences, by_sequence = np.argwhere(at), np.sort(at.sum(axis=1))
    spare = by_sequence[:-examples].sum()  # if the examples come from the fullest sequences
    if len(occurrences) < min_occurrences or spare < max(1, min_occurrences - examples):
        return None
    drawn = occurrences[np.sort(rng.choice(len(occurrences), examples, replace=False))]
    validation = np.ones(len(at), bool)
    validation[drawn[:, 0]] = False
    return Draw(drawn, validation)


def averages(examples: Rows, tolerances: Sequence[float]) -> list[Average]:
    """The prototypes of a concept, one for each distinct subpopulation, the largest first.

    Args:
        examples: (occurrence, unit) activity.
        tolerances: in the unit of the activity; one that leaves no unit gives no prototype, and of
            several that leave the same units the largest stands for all.
    """
    examples = examples.astype(np.float64)
    mean = examples.mean(axis=0)
    distance = np.abs(examples - mean)
    found: list[Average] = []
    for tolerance in sorted(tolerances, reverse=True):
        units = (distance < tolerance).all(axis=0)
        if units.any() and not (found and np.array_equal(units, found[-1].units)):
            radius = float((distance[:, units] ** 2).mean(axis=1).max())
            found.append(Average(mean, units, radius, tolerance))
    return found


def deviations(rows: Rows, prototypes: Sequence[Average]) -> NDArray[np.float64]:
    """(row, prototype) mean squared distance within each prototype's own units."""
    sizes = np.array([p.units.sum() for p in prototypes])
    units = np.stack([p.units for p in prototypes], 1) / sizes
    means = np.stack([p.mean for p in prototypes], 1) * units
    # |h - m|² = |h|² - 2 h m + |m|², so that all prototypes are two products
    squares = (np.stack([p.mean for p in prototypes], 1) * means).sum(axis=0)
    distance = np.empty((len(rows), len(prototypes)))
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK].astype(np.float64)
        distance[start : start + BLOCK] = part**2 @ units - 2 * part @ means + squares
    return np.maximum(distance, 0)


def detect(rows: Rows, prototypes: Sequence[Average]) -> Mask:
    """(row, prototype) where a row has the concept."""
    return deviations(rows, prototypes) <= [p.radius + p.slack for p in prototypes]


def choose(
    prototypes: Sequence[Average],
    rows: Rows,
    truth: Mask,
    criterion: Criterion = "balanced_accuracy",
) -> Average:
    """The prototype with the best ``criterion`` on rows that none was averaged from.

    Args:
        prototypes: at least one; of equally good ones the one with most units is taken.
        rows: (row, unit) of the validation.
        truth: (row,) where the concept is.
    """
    scores = getattr(rates(detect(rows, prototypes), truth), criterion)
    return prototypes[int(np.argmax(scores))]


class AveragingExtractor(Extractor):
    """A prototype for every class of steps, each averaged from a few occurrences.

    Other extractors are told nothing; this one is told ``examples`` occurrences of every class,
    and on the other sequences where the classes are, to choose tolerances by.

    Attributes after ``fit``, beside the usual:
        classes_: (state,) the class that each prototype was averaged from.
        averages_: the prototypes with their units, radius and tolerance.
    """

    def __init__(
        self,
        *,
        examples: int = 5,
        min_occurrences: int = 10,
        tolerances: Sequence[float] = PUBLISHED_TOLERANCES,
        random_state: int = 0,
    ) -> None:
        self.examples = examples
        self.min_occurrences = min_occurrences
        self.tolerances = tolerances
        self.random_state = random_state

    def fit(self, activations: Activations, labels: NDArray[np.integer]) -> AveragingExtractor:
        """Average a prototype for every class of ``labels (sequence, time)``; negative is none.

        Classes that occur too rarely get none; ``sweep_`` tells which.

        Raises:
            ExtractionError: the shapes do not match, or no class occurs often enough.
        """
        check_activity(activations, labels)
        rng = np.random.default_rng(self.random_state)
        classes, counts = np.unique(labels[labels >= 0], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        tried = [self._average(activations, labels == kind, rng) for kind in classes[order]]
        found = [
            (kind, average) for kind, average in zip(classes[order], tried, strict=True) if average
        ]
        if not found:
            raise ExtractionError(
                f"averaging: got {len(labels)} sequences with {len(classes)} classes, the "
                f"commonest of {counts.max(initial=0)} steps; one needs {self.min_occurrences} or "
                f"more that share a unit, in more than {self.examples} sequences; record more "
                "sequences"
            )
        self.classes_ = np.array([kind for kind, _ in found])
        self.averages_ = [average for _, average in found]
        self.prototypes_ = np.array([average.mean for average in self.averages_])
        self.radii_ = np.sqrt([average.radius for average in self.averages_])
        self.persistence_ = np.full(len(found), np.nan)
        self.sweep_ = _table(classes[order], counts[order], tried)
        self.labels_ = self.predict(activations)
        return self

    def _average(
        self, activations: Activations, truth: Mask, rng: np.random.Generator
    ) -> Average | None:
        """The prototype of one class; None if it is too rare or no unit is within a tolerance."""
        drawn = draw_examples(truth, self.examples, self.min_occurrences, rng)
        if drawn is None:
            return None
        prototypes = averages(activations[tuple(drawn.examples.T)], self.tolerances)
        if not prototypes:
            return None
        rows = activations[drawn.validation].reshape(-1, activations.shape[-1])
        return choose(prototypes, rows, truth[drawn.validation].ravel())

    def predict(self, activations: Activations) -> Labels:
        """The prototype of every step of ``activations (..., unit)``: of those that detect their
        concept there, the one nearest in parts of its radius; -1 where none does."""
        rows = activations.reshape(-1, activations.shape[-1])
        limits = [average.radius + average.slack for average in self.averages_]
        scaled = deviations(rows, self.averages_) / np.maximum(limits, np.finfo(float).tiny)
        nearest = scaled.argmin(axis=1)
        inside = scaled.min(axis=1) <= 1
        return np.where(inside, nearest, NOISE).reshape(activations.shape[:-1])


def _table(
    classes: NDArray[np.integer], counts: NDArray[np.int64], tried: Sequence[Average | None]
) -> pd.DataFrame:
    """What became of each class: ``class, occurrences, tolerance, units, radius, chosen``."""
    rows = [
        (kind, count, average.tolerance, int(average.units.sum()), average.radius, True)
        if average
        else (kind, count, np.nan, 0, np.nan, False)
        for kind, count, average in zip(classes, counts, tried, strict=True)
    ]
    columns = ["class", "occurrences", "tolerance", "units", "radius", "chosen"]
    return pd.DataFrame(rows, columns=columns)
