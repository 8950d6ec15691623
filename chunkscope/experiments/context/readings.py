"""How well a reading of the state tells the parent word of a shared part.

A reading is what it sees at every step: a vector, which a linear read-out reads (multinomial
logistic regression, its penalty chosen on validation sequences), or a label, which is looked up.
Either gives a probability of every parent, fitted on train sequences, and is scored on test
sequences. Symbols are read one by one: that the state tells A from B is no news about A's parent.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from chunkscope.errors import ExtractionError
from chunkscope.experiments.context.names import ALL
from chunkscope.experiments.context.parents import Passages

Features = NDArray[np.floating] | NDArray[np.integer]
"""Vectors (sequence, time, unit), or labels (sequence, time)."""
Probabilities = NDArray[np.float64]  # (step, parent)

PENALTIES = (10.0, 0.1)  # inverse strengths of the squared penalty
MOST_ITERATIONS = 500  # of a fit; where parents can be parted wholly there is no optimum
TIED = 1e-9  # probabilities nearer than this are equal


@dataclass(frozen=True)
class Split:
    """Which sequences are for what, as slices of their axis."""

    train: slice
    validation: slice
    test: slice

    @classmethod
    def of(cls, train: int, validation: int, test: int) -> Split:
        """The first sequences train, the next ones validate, the last ones test."""
        ends = (train, train + validation, train + validation + test)
        return cls(slice(ends[0]), slice(ends[0], ends[1]), slice(ends[1], ends[2]))


@dataclass(frozen=True)
class Steps:
    """The steps of some sequences at which one shared symbol is read.

    Attributes:
        seen: (step, unit) vectors, or (step,) labels.
        parent: (step,) which of the symbol's parents it is.
        position: (step,) 0-based step within the parent.
    """

    seen: Features
    parent: NDArray[np.int64]
    position: NDArray[np.integer]


def read_parents(
    features: Features,
    passages: Passages,
    shared: Mapping[int, tuple[int, ...]],
    split: Split,
) -> pd.DataFrame:
    """How well ``features`` tell the parent of every shared symbol, on the test sequences.

    Args:
        shared: token -> its possible parents.

    Returns:
        ``symbol`` (token), ``position, measure, value``; the measures are those of :func:`score`,
        and ``coverage``, the share of test steps whose label was met in training.

    Raises:
        ExtractionError: a parent does not occur in training, or a symbol not in the others.
    """
    read = read_linearly if features.ndim == 3 else look_up
    rows: list[tuple[object, ...]] = []
    for token, words in shared.items():
        train, validation, test = _three(token, words, features, passages, split)
        probabilities = read(train, validation, test, len(words))
        rows += [(token, *row) for row in score(probabilities, train, test)]
        if features.ndim == 2:
            rows.append((token, ALL, "coverage", float(np.isin(test.seen, train.seen).mean())))
    return _table(rows)


def read_ideally(
    passages: Passages, shared: Mapping[int, tuple[int, ...]], split: Split
) -> pd.DataFrame:
    """The ceiling: the ideal observer's own probabilities, scored as any reading is."""
    rows: list[tuple[object, ...]] = []
    for token, words in shared.items():
        train, _, test = _three(token, words, passages.known, passages, split)
        known: Probabilities = test.seen[:, words].astype(np.float64)
        rows += [(token, *row) for row in score(known, train, test)]
    return _table(rows)


def read_linearly(train: Steps, validation: Steps, test: Steps, parents: int) -> Probabilities:
    """Multinomial logistic regression on standardised units, with the best of ``PENALTIES``."""
    scale = StandardScaler().fit(train.seen)
    inputs = [scale.transform(part.seen.astype(np.float64)) for part in (train, validation, test)]
    best, least = None, np.inf
    for penalty in PENALTIES:
        readout = LogisticRegression(C=penalty, max_iter=MOST_ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            readout.fit(inputs[0], train.parent)
        guessed = _tempered(readout.predict_proba(inputs[1]), train, parents)
        loss = -np.log(guessed[np.arange(len(guessed)), validation.parent]).mean()
        if loss < least:
            best, least = readout, loss
    assert best is not None
    return _tempered(best.predict_proba(inputs[2]), train, parents)


def look_up(train: Steps, validation: Steps, test: Steps, parents: int) -> Probabilities:
    """How often each parent was met with the same label, plus a pseudo-count as it is overall.

    The estimate of :func:`chunkscope.chunks.codelength.conditional_bits`; a label that was never
    met tells nothing. Nothing is chosen, so that validation steps are not used.
    """
    known, label = np.unique(train.seen, return_inverse=True)
    counts = np.zeros((len(known) + 1, parents))  # the last for labels never met
    np.add.at(counts, (label.ravel(), train.parent), 1)
    at = np.minimum(np.searchsorted(known, test.seen), len(known) - 1)
    found = counts[np.where(known[at] == test.seen, at, len(known))]
    return (found + _overall(train, parents)) / (found.sum(axis=1, keepdims=True) + 1)


def score(
    probabilities: Probabilities, train: Steps, test: Steps
) -> Iterator[tuple[str, str, float]]:
    """Rows ``position, measure, value`` of probabilities (test step, parent).

    Measures: ``accuracy``, where a tie counts by its share; ``balanced_accuracy``, its mean over
    parents; ``bits`` by which the parent's code is shorter than under the parents' frequencies in
    training; ``steps``, how many were scored.
    """
    step = np.arange(len(test.parent))
    best = probabilities >= probabilities.max(axis=1, keepdims=True) - TIED
    right = best[step, test.parent] / best.sum(axis=1)
    prior = _overall(train, probabilities.shape[1])
    bits = np.log2(probabilities[step, test.parent] / prior[test.parent])
    by_parent = [right[test.parent == parent].mean() for parent in np.unique(test.parent)]
    yield ALL, "balanced_accuracy", float(np.mean(by_parent))
    places = {ALL: np.ones(len(step), dtype=bool)}
    places |= {str(place): test.position == place for place in np.unique(test.position)}
    for place, at in places.items():
        yield place, "accuracy", float(right[at].mean())
        yield place, "bits", float(bits[at].mean())
        yield place, "steps", float(at.sum())


def _three(
    token: int,
    words: tuple[int, ...],
    features: Features,
    passages: Passages,
    split: Split,
) -> tuple[Steps, Steps, Steps]:
    """The steps at which ``token`` is read, in the three parts of the sequences."""
    parts = []
    for part in (split.train, split.validation, split.test):
        at = passages.tokens[part] == token
        parent = np.searchsorted(words, passages.parent[part][at])
        parts.append(Steps(features[part][at], parent, passages.position[part][at]))
    train, validation, test = parts
    met = len(np.unique(train.parent))
    if met < len(words) or not len(validation.parent) or not len(test.parent):
        raise ExtractionError(
            f"context: symbol {token} is met with {met} of its {len(words)} parents in training, "
            f"{len(validation.parent)} times in validation and {len(test.parent)} in test; raise "
            "train, validation, test or steps"
        )
    return train, validation, test


def _overall(train: Steps, parents: int) -> NDArray[np.float64]:
    """(parent,) frequencies in training, with one pseudo-count spread over all."""
    return (np.bincount(train.parent, minlength=parents) + 1 / parents) / (len(train.parent) + 1)


def _tempered(probabilities: Probabilities, train: Steps, parents: int) -> Probabilities:
    """As sure as so many steps allow: one pseudo-count is added to them, as a look-up has it."""
    steps = len(train.parent)
    return (steps * probabilities + _overall(train, parents)) / (steps + 1)


def _table(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["symbol", "position", "measure", "value"])
