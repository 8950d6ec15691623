"""Rows that a probe can be fitted to: checked once, so that no solver has to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import ProbingError

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

LARGEST = 1e6  # beyond it sums of squares lose the digits that a standardised unit needs
LEAST = 2  # rows of each class; one alone is told apart by any unit


@dataclass(frozen=True)
class LabelledRows:
    """Activity with a label and a weight for every row.

    Attributes:
        X: (row, unit), finite.
        y: (row,) whether the row has the feature.
        weights: (row,) >= 0.
    """

    X: Values
    y: Flags
    weights: Values

    @classmethod
    def checked(cls, X: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> LabelledRows:
        """The rows in float64; without ``weights`` each counts 1.

        Raises:
            ProbingError: X is not (row, unit), holds a value that is not finite or beyond
                ``LARGEST``; y is no row of two classes, or has fewer than ``LEAST`` rows of
                positive weight in one of them; a weight is negative or not finite; lengths differ.
        """
        units = _checked_units(X)
        labels = checked_labels(y, len(units))
        rows = cls(units, labels, _checked_weights(weights, len(units)))
        rows._check_classes()
        return rows

    @cached_property
    def signs(self) -> Values:
        """(row,) 1 where the row has the feature, else -1."""
        return np.where(self.y, 1.0, -1.0)

    @cached_property
    def means(self) -> Values:
        """(unit,) weighted means.

        Solvers subtract them: the free intercept makes that the same problem, and a unit that
        lies far from 0 keeps its digits.
        """
        return self.weights @ self.X / self.weights.sum()

    def _check_classes(self) -> None:
        counted = self.weights > 0
        for name, of_class in (("with the feature", self.y), ("without the feature", ~self.y)):
            if (n := int((counted & of_class).sum())) < LEAST:
                raise ProbingError(
                    f"y: got {n} row{'' if n == 1 else 's'} {name} (of positive weight); a probe "
                    f"needs at least {LEAST} of each class: ask for a commoner feature or more rows"
                )


def checked_labels(y: ArrayLike, rows: int) -> Flags:
    """(row,) labels of as many rows, or a ProbingError."""
    labels = np.asarray(y)
    if labels.shape != (rows,):
        raise ProbingError(
            f"y: got shape {labels.shape}; must be one label per row of X, ({rows},)"
        )
    if labels.dtype != bool and not np.isin(labels, (0, 1)).all():
        raise ProbingError("y: labels must be True and False (or 1 and 0), one feature at a time")
    return labels.astype(bool)


def _checked_units(X: ArrayLike) -> Values:
    units = np.asarray(X, dtype=np.float64)
    if units.ndim != 2 or 0 in units.shape:
        raise ProbingError(
            f"X: got shape {units.shape}; must be (row, unit) with at least one of each"
        )
    largest = np.maximum(units.max(axis=0), -units.min(axis=0))
    if not (largest <= LARGEST).all():
        unit = int(np.flatnonzero(~(largest <= LARGEST))[0])
        if np.isfinite(largest[unit]):
            raise ProbingError(
                f"X: unit {unit} has a value of size {largest[unit]:.3g}; at most {LARGEST:g} can "
                "be fitted exactly: standardise the units first"
            )
        raise ProbingError(
            f"X: unit {unit} has a value that is not finite; probes need finite activity"
        )
    return units


def _checked_weights(weights: ArrayLike | None, rows: int) -> Values:
    if weights is None:
        return np.ones(rows)
    checked = np.asarray(weights, dtype=np.float64)
    if checked.shape != (rows,):
        raise ProbingError(
            f"weights: got shape {checked.shape}; must be one weight per row of X, ({rows},)"
        )
    if not (np.isfinite(checked) & (checked >= 0)).all():
        raise ProbingError("weights: every weight must be finite and at least 0")
    return checked
