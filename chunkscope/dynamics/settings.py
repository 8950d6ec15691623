"""Settings of delay embeddings and of dynamical similarity. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from chunkscope.settings import Settings

MeasureName = Literal["dsa", "wasserstein", "cka", "debiased_cka", "procrustes"]
"""A measure of how alike two systems are."""


class DelaySettings(Settings):
    """A linear operator of delayed activity (HAVOK), as dynamical similarity compares them."""

    delays: PositiveInt = 10
    """Copies of the activity side by side, the present one included."""
    interval: PositiveInt = 1
    """Steps between two of them."""
    rank: PositiveInt = 20
    """Leading directions of the delayed activity that are kept."""
    centred: bool = True
    """Whether every unit's mean is taken away first; without it an offset counts as dynamics, as in
    the reference implementation."""
    ridge: float = Field(default=1e-8, ge=0)
    """Penalty on the operator, where the whitened coordinates have variance 1 in sum over rows."""
    ahead: PositiveInt = 1
    """Steps from a row to the one that the operator predicts."""
    precision: Literal["double", "single"] = "double"
    """Numbers of the singular value decomposition. The reference implementation has single ones, in
    which a direction smaller than a ten-millionth of the first is rounding, yet counts in full."""


class GridSettings(Settings):
    """Delays, intervals and ranks to choose among, by how well they foretell held-out activity."""

    delays: tuple[PositiveInt, ...] = Field(default=(1, 3, 5, 10), min_length=1)
    """Copies of the activity side by side."""
    intervals: tuple[PositiveInt, ...] = Field(default=(1,), min_length=1)
    """Steps between two of them."""
    ranks: tuple[PositiveInt, ...] = Field(default=(5, 10, 20), min_length=1)
    """Directions of the delayed activity that are kept."""


class AlignmentSettings(Settings):
    """How the rotation is searched for that brings two operators together."""

    restarts: int = Field(default=6, ge=0, le=1000)
    """Random starts of each determinant, besides those that are worked out of the operators."""
    iterations: PositiveInt = 400
    """Steps of the starts that lead after the first few."""
