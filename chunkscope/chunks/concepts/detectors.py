"""Detectors of a concept: population averaging, and what it stands beside.

All are given the same examples and choose their one setting on the same validation sequences, by
balanced accuracy or, as the authors did, by accuracy; only how they score a state differs:

==================  =================================================================
averaging           distance to the mean within the subpopulation
latent              the autoencoder's latent with the highest mean over the examples,
                    as the authors chose it
selected latent     the latent that is active at the concept and nowhere else, best in
                    the validation: all its labels are used, not the examples alone
probe               a logistic regression of the examples against all other steps of
                    the sequences that they come from
look-up             no state at all: the symbol read at this step, detected where it is
                    likelier with the concept than without, in all training sequences
==================  =================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from chunkscope.chunks.concepts.occurrences import Trial
from chunkscope.chunks.detection import Criterion, Mask, best_threshold, rates
from chunkscope.chunks.extractors.averaging import Average, averages, choose, detect


@dataclass(frozen=True)
class Splits:
    """What is known of every step: activity, latents or symbols.

    Attributes:
        train, test: (sequence, time, ...) of the two splits.
    """

    train: NDArray[Any]
    test: NDArray[Any]

    def shifted(self, offset: int, margin: int) -> Splits:
        """What is known ``offset`` steps after each step that is not within the margins."""
        steps = slice(margin + offset, self.train.shape[1] - margin + offset)
        return Splits(self.train[:, steps], self.test[:, steps])


@dataclass(frozen=True)
class Detection:
    """What a detector found in the test split.

    Attributes:
        detected: (step,) of the test split.
        setting: the tolerance or threshold that was chosen; NaN where there is none.
        units: units that it reads.
    """

    detected: Mask
    setting: float
    units: int


def find_average(
    states: Splits,
    trial: Trial,
    tolerances: tuple[float, ...],
    criterion: Criterion = "balanced_accuracy",
) -> Average | None:
    """The concept's prototype; None if no tolerance leaves a unit."""
    prototypes = averages(_examples(states, trial), tolerances)
    return choose(prototypes, *_validation(states, trial), criterion) if prototypes else None


def by_average(average: Average | None, states: Splits) -> Detection | None:
    """Detects as population averaging defines it, if there is a prototype."""
    if average is None:
        return None
    detected = detect(_rows(states.test), [average])[:, 0]
    return Detection(detected, average.tolerance, int(average.units.sum()))


def strongest_latent(latents: Splits, trial: Trial) -> int:
    """The latent with the highest mean over the examples."""
    return int(_examples(latents, trial).mean(axis=0).argmax())


def best_latent(latents: Splits, trial: Trial) -> int:
    """The latent whose being active tells the concept best in the validation sequences."""
    rows, truth = _validation(latents, trial)
    return int(rates(rows > 0, truth).balanced_accuracy.argmax())


def by_latent(
    latents: Splits, trial: Trial, latent: int, criterion: Criterion = "balanced_accuracy"
) -> Detection:
    """Detects where a latent is above a threshold chosen on validation."""
    rows, truth = _validation(latents, trial)
    threshold = best_threshold(rows[:, latent], truth, criterion)
    return Detection(_rows(latents.test)[:, latent] > threshold, threshold, 1)


def by_probe(states: Splits, trial: Trial) -> Detection:
    """Detects by a logistic regression, both classes weighing the same.

    Units are scaled by their spread over the steps that the probe learns from; other occurrences
    in these sequences are left out, so that it knows no more of them than averaging does.
    """
    examples = np.zeros(trial.train.shape, bool)
    examples[tuple(trial.draw.examples.T)] = True
    used = ~trial.draw.validation[:, None] & (examples | ~trial.train)
    rows = states.train[used]
    centre, scale = rows.mean(axis=0), 1 / np.maximum(rows.std(axis=0), 1e-6)
    probe = LogisticRegression(class_weight="balanced", max_iter=200)
    probe.fit((rows - centre) * scale, examples[used])
    weights = probe.coef_[0] * scale
    validation, truth = _validation(states, trial)
    threshold = best_threshold(validation @ weights, truth)
    return Detection(_rows(states.test) @ weights > threshold, threshold, len(weights))


def by_lookup(tokens: Splits, trial: Trial) -> Detection:
    """Detects the symbols that are likelier at the concept than elsewhere: the best that the
    symbol read alone allows, by balanced accuracy."""
    symbols = int(max(tokens.train.max(), tokens.test.max())) + 1
    inside, outside = (
        np.bincount(tokens.train[at], minlength=symbols) / max(1, at.sum())
        for at in (trial.train, ~trial.train)
    )
    return Detection((inside > outside)[tokens.test].ravel(), float("nan"), 0)


def _examples(known: Splits, trial: Trial) -> NDArray[np.floating]:
    """(occurrence, unit)"""
    return known.train[tuple(trial.draw.examples.T)]


def _validation(known: Splits, trial: Trial) -> tuple[NDArray[np.floating], Mask]:
    """(step, unit) of the validation sequences, and where the concept is."""
    chosen = trial.draw.validation
    return _rows(known.train[chosen]), trial.train[chosen].ravel()


def _rows(activity: NDArray[np.floating]) -> NDArray[np.floating]:
    return activity.reshape(-1, activity.shape[-1])
