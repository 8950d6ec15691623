"""What every extractor of states has in common: fit on sequences of activity, predict labels."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from chunkscope.errors import ExtractionError

Activations = NDArray[np.floating]  # (sequence, time, unit)
Tokens = NDArray[np.integer]  # (sequence, time)
Labels = NDArray[np.int64]  # (sequence, time), -1 is noise

NOISE = -1  # the label of steps that belong to no state


class Extractor(BaseEstimator, ABC):
    """Finds the recurring states of a network's activity.

    Attributes after ``fit``:
        prototypes_: (state, unit) the vector each state stands for, the commonest in the clustered
            subsample first.
        radii_: (state,) distance within which 99 % of a state's members lie.
        persistence_: (state,) how clearly a state stands out, 0..1; NaN where that has no meaning.
        sweep_: the settings that were compared, one row each.
        labels_: (sequence, time) state of every step given to ``fit``; -1 is noise.
    """

    prototypes_: NDArray[np.float64]
    radii_: NDArray[np.float64]
    persistence_: NDArray[np.float64]
    sweep_: pd.DataFrame
    labels_: Labels

    @abstractmethod
    def fit(self, activations: Activations, tokens: Tokens) -> Extractor:
        """Find states in ``activations (sequence, time, unit)``; ``tokens (sequence, time)`` are
        the symbols read, never the truth about them."""

    @abstractmethod
    def predict(self, activations: Activations) -> Labels:
        """The state of every step of ``activations (..., unit)``; -1 is noise."""


def check_activity(activations: Activations, tokens: Tokens) -> None:
    """Check that activity and symbols belong together and are enough to fit an extractor.

    Raises:
        ExtractionError: the shapes do not match, or there are fewer than two sequences or steps.
    """
    if activations.ndim != 3 or activations.shape[:2] != tokens.shape:
        raise ExtractionError(
            f"activations: got shape {activations.shape} with tokens of shape {tokens.shape}; must "
            "be (sequence, time, unit) with (sequence, time); pass both of the same recording"
        )
    if min(tokens.shape) < 2:
        raise ExtractionError(
            f"activations: got {tokens.shape[0]} sequences of {tokens.shape[1]} steps; needs at "
            "least 2 of each (settings are compared on held-out sequences); record more"
        )


def check_units(activations: Activations, units: int) -> None:
    """Check that ``activations (..., unit)`` are of the width that an extractor was fitted to.

    Raises:
        ExtractionError: they are not.
    """
    if activations.shape[-1] != units:
        raise ExtractionError(
            f"activations: got {activations.shape[-1]} units; the extractor was fitted to {units}; "
            "pass activity of the same site"
        )


def check_states(n_states: int, rows: NDArray[np.floating]) -> None:
    """Check that ``rows (row, unit)`` can be parted into so many states.

    Raises:
        ExtractionError: there are fewer different rows.
    """
    different = len(np.unique(rows, axis=0))
    if not 1 <= n_states <= different:
        raise ExtractionError(
            f"n_states: got {n_states} for activity with {different} different rows; must be from "
            f"1 to {different}; ask for fewer states or record more"
        )
