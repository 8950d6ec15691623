"""How well a detector finds the occurrences of a class that is rare among all steps.

Where one step in a hundred belongs to the class, "never" is right at 99 % of the steps, so that
accuracy chooses detectors that find nothing. Settings are therefore chosen by *balanced accuracy*,
(true positive rate + 1 - false positive rate) / 2: one half for "never" and for "always" alike, a
monotone function of Youden's J, and the same whatever the share of the class happens to be. The
Matthews correlation stands beside it in the tables, since it falls where a rare class drowns in
false alarms, which balanced accuracy forgives. Accuracy remains to be chosen as the authors of the
methods chose by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Criterion = Literal["balanced_accuracy", "accuracy"]


@dataclass(frozen=True)
class Rates:
    """What one or several detectors did; every field but ``positives`` has their shape.

    Attributes:
        true_positive: share of the occurrences that were detected; NaN without any.
        false_positive: share of the other steps that were detected; NaN without any.
        positives, negatives: steps with and without the class.
    """

    true_positive: NDArray[np.float64]
    false_positive: NDArray[np.float64]
    positives: int
    negatives: int

    @property
    def balanced_accuracy(self) -> NDArray[np.float64]:
        """Mean of the true positive and the true negative rate, 0..1."""
        return (self.true_positive + 1 - self.false_positive) / 2

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of all steps that are right, 0..1."""
        right = self.true_positive * self.positives + (1 - self.false_positive) * self.negatives
        return right / (self.positives + self.negatives)

    @property
    def matthews(self) -> NDArray[np.float64]:
        """Matthews correlation, -1..1; 0 where everything or nothing is detected."""
        hits, alarms = self.true_positive * self.positives, self.false_positive * self.negatives
        misses, quiet = self.positives - hits, self.negatives - alarms
        spread = (hits + alarms) * (misses + quiet) * self.positives * self.negatives
        product = hits * quiet - alarms * misses
        return np.where(spread > 0, product / np.sqrt(np.maximum(spread, 1)), 0.0)


def rates(detected: Mask, truth: Mask) -> Rates:
    """The rates of ``detected (step, ...)`` against ``truth (step,)``."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    hits = np.count_nonzero(detected[truth], axis=0)
    alarms = np.count_nonzero(detected, axis=0) - hits
    return Rates(
        hits / positives if positives else np.full(np.shape(hits), np.nan),
        alarms / negatives if negatives else np.full(np.shape(alarms), np.nan),
        positives,
        negatives,
    )


def best_threshold(
    scores: NDArray[np.floating], truth: Mask, criterion: Criterion = "balanced_accuracy"
) -> float:
    """The score above which (strictly) to detect, for the best ``criterion``.

    Candidates lie halfway between neighbouring scores, so that nothing hangs on a single step.
    Of several that are equally good it is the highest, which detects least; the highest of all
    detects nothing.

    Args:
        scores: (step,), at which ``truth`` (step,) has both kinds of steps.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, found = scores[order].astype(np.float64), truth[order]
    balance = {"balanced_accuracy": found.sum() / (~found).sum(), "accuracy": 1.0}[criterion]
    gain = np.r_[0, np.cumsum(np.where(found, 1, -balance))]  # when so many steps are detected
    parted = np.r_[True, ranked[1:] < ranked[:-1], True]  # a threshold cannot part equal scores
    best = int(np.where(parted, gain, -np.inf).argmax())
    edges = np.r_[ranked[0], ranked, ranked[-1] - 1]
    return float((edges[best] + edges[best + 1]) / 2)
