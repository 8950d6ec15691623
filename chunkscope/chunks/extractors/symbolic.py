"""Symbolic states, as discrete sequence chunking (DSC) has them: every unit is cut into levels.

The paper (arXiv 2502.01803) cuts each unit by one-dimensional k-means, and the string of all its
levels is the state. Its k-means is scikit-learn's from one seeded start; here it is the optimum
that k-means seeks, which needs no start and no seed (:mod:`chunkscope.chunks.extractors.levels`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.extractors.base import (
    NOISE,
    Activations,
    Extractor,
    Labels,
    Tokens,
    check_activity,
    check_units,
)
from chunkscope.chunks.extractors.clustering import draw_sample, finite_rows
from chunkscope.chunks.extractors.levels import cut_levels, level_centres

Strings = NDArray[np.bytes_]  # (row,), one character per unit, "0" for its lowest level


class SymbolicExtractor(Extractor):
    """States as strings of levels, one per unit; a string that was never fitted is noise.

    Example:
        >>> extractor = SymbolicExtractor(levels=5).fit(activations, tokens)
        >>> extractor.strings_[0]  # the commonest state of a network of 12 units
        b'203311042230'

    Attributes after ``fit``, besides those of :class:`Extractor` (radii are not estimable: a state
    is a box, not a ball):
        centres_: (unit, level) the levels' values; NaN behind a unit's last.
        strings_: (state,) the levels of each state.

    Args:
        levels: levels per unit, 5 in the paper's reflection experiment.
        subsample: steps that the levels are found on; the strings are those of all fitted steps.
    """

    def __init__(self, *, levels: int = 5, subsample: int = 10_000, random_state: int = 0) -> None:
        self.levels = levels
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, activations: Activations, tokens: Tokens) -> SymbolicExtractor:
        """Cut the units into levels, and number the strings that occur, the commonest first.

        Raises:
            ExtractionError: see :func:`check_activity` and
                :func:`~chunkscope.chunks.extractors.levels.level_centres`; a step is not finite.
        """
        check_activity(activations, tokens)
        rows = finite_rows(activations)
        sample = draw_sample(rows, self.subsample, self.random_state).rows
        self.centres_ = level_centres(sample, self.levels)
        digits = cut_levels(rows, self.centres_)
        self.strings_, first, labels = number_strings(as_strings(digits))
        self.prototypes_ = self.centres_[np.arange(rows.shape[1]), digits[first]]
        self.radii_ = np.full(len(first), np.nan)
        self.persistence_ = np.full(len(first), np.nan)
        self.sweep_ = pd.DataFrame({"states": [len(first)], "chosen": [True]})
        self.labels_ = labels.reshape(tokens.shape)
        return self

    def predict(self, activations: Activations) -> Labels:
        """The state of every step of ``activations (..., unit)``; an unseen string is -1.

        Raises:
            ExtractionError: a step is not finite, or of another width than those fitted.
        """
        check_units(activations, len(self.centres_))
        rows = finite_rows(activations)
        labels = find_strings(as_strings(cut_levels(rows, self.centres_)), self.strings_)
        return labels.reshape(activations.shape[:-1])


def level_strings(
    fit: NDArray[np.floating], apply: NDArray[np.floating], levels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """States of rows, with levels and strings from other rows of the same network.

    Args:
        fit, apply: (row, unit).

    Returns:
        The state of every row of ``fit`` and of ``apply``; -1 is a string that is not in ``fit``.
    """
    centres = level_centres(fit, levels)
    known, _, states = number_strings(as_strings(cut_levels(fit, centres)))
    return states, find_strings(as_strings(cut_levels(apply, centres)), known)


def as_strings(digits: NDArray[np.uint8]) -> Strings:
    """(row,) the levels ``digits (row, unit)`` of each row as one string."""
    rows, units = digits.shape
    return np.add(digits, np.uint8(ord("0")), order="C").view(f"S{units}").reshape(rows)


def number_strings(strings: Strings) -> tuple[Strings, NDArray[np.int64], NDArray[np.int64]]:
    """The strings that occur, the commonest first (of equals the one that occurs first).

    Returns:
        known: (state,) the strings.
        first: (state,) the row where each first occurs.
        labels: (row,) the state of every row.
    """
    known, first, labels, count = np.unique(
        strings, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -count))
    return known[order], first[order], order.argsort()[labels.ravel()]


def find_strings(strings: Strings, known: Strings) -> NDArray[np.int64]:
    """(row,) which of ``known (state,)`` each string is; -1 if it is none of them."""
    order = known.argsort()
    at = order[np.minimum(np.searchsorted(known, strings, sorter=order), len(known) - 1)]
    return np.where(known[at] == strings, at, NOISE)
