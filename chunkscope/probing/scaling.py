"""Units brought to mean 0 and standard deviation 1, as the rows of the fit see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import ProbingError

Values = NDArray[np.float64]

ROUNDING = 1e-12  # a spread of this share of the largest value is rounding, not activity


@dataclass(frozen=True)
class Standardiser:
    """The scaling of every unit, learned on the rows that a probe is fitted on.

    Attributes:
        mean: (unit,) over the fit rows.
        sd: (unit,) over the fit rows, divided by n; 1 where the unit is constant.
        constant: (unit,) whether the unit never changes in the fit rows. It becomes zeros on all
            rows, so that no probe can read it and it keeps its place.
    """

    mean: Values
    sd: Values
    constant: NDArray[np.bool_]

    @classmethod
    def fit(cls, X: NDArray[np.floating]) -> Standardiser:
        """Learn the scaling.

        Args:
            X: (row, unit) the rows that a probe is fitted on.

        Raises:
            ProbingError: there is no row, a value is not finite, or one is too large to be squared.
        """
        if X.ndim != 2 or not len(X):
            raise ProbingError(f"activations: got shape {X.shape}; must be (row, unit) with rows")
        rows = np.asarray(X, dtype=np.float64)
        largest = np.abs(rows).max(axis=0)
        _refuse(~np.isfinite(largest), "holds values that are not finite; drop or repair its rows")
        too_large = largest > np.sqrt(np.finfo(np.float64).max / len(rows)) / 2
        _refuse(too_large, "holds values too large to be squared; divide it by its largest value")
        mean, sd = rows.mean(axis=0), rows.std(axis=0)
        constant = sd <= ROUNDING * largest
        return cls(mean, np.where(constant, 1.0, sd), constant)

    def transform(self, X: NDArray[np.floating]) -> Values:
        """``X (row, unit)`` on the scale of the fit rows; zeros where the unit was constant there.

        The result lies in memory unit by unit: a probe reads a few units of many rows.

        Raises:
            ProbingError: ``X`` has another number of units, or a value is not finite.
        """
        if X.ndim != 2 or X.shape[1] != len(self.mean):
            raise ProbingError(
                f"activations: got shape {X.shape}; must be (row, {len(self.mean)}), "
                "the units that the scaling was learned on"
            )
        scaled = np.array(X, dtype=np.float64, order="F")
        scaled -= self.mean
        scaled /= self.sd
        scaled[:, self.constant] = 0.0
        wrong = ~np.isfinite(scaled)
        _refuse(wrong.any(axis=0), "holds values that are not finite; drop or repair its rows")
        return scaled


def _refuse(wrong: ArrayLike, what: str) -> None:
    """Raise with the first unit that is ``wrong (unit,)``."""
    units = np.flatnonzero(wrong)
    if len(units):
        raise ProbingError(f"activations: unit {units[0]} {what}")
