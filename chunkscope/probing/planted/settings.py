"""Settings of activity with a planted support. Imports neither torch nor scikit-learn."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from chunkscope.settings import Settings


class GeluSettings(Settings):
    """Gaussian pre-activations through GELU; those of the support are shifted by the feature.

    The synthetic data of arXiv 2305.01610.
    """

    rows: int = Field(default=1000, ge=20)
    """Rows."""
    units: int = Field(default=50, ge=2)
    """Units."""
    support: int = Field(default=3, ge=1)
    """Units that carry the feature."""
    shift: float = Field(default=0.8, gt=0)
    """What a positive row adds to the pre-activation of a carrier (standard deviations)."""
    positives: float = Field(default=0.2, gt=0, lt=1)
    """Share of positive rows."""
    correlation: float = Field(default=0.0, ge=0, lt=1)
    """Correlation of the pre-activations, by noise that all units share; 0 as published."""

    @model_validator(mode="after")
    def _support_within_units(self) -> Self:
        if self.support > self.units:
            raise ValueError(
                f"support: got {self.support}; must be at most units, which is {self.units}"
            )
        return self


class CodesSettings(Settings):
    """Random codes: each of many features drives a few units, so that every unit has several."""

    rows: int = Field(default=6000, ge=20)
    """Rows."""
    features: int = Field(default=256, ge=1)
    """Features; the first is the one asked for."""
    units: int = Field(default=64, ge=1)
    """Units."""
    code: int = Field(default=4, ge=1)
    """Units that a feature drives, drawn at random."""
    noise: float = Field(default=0.2, ge=0)
    """Standard deviation of the noise before the ReLU; a feature adds 1."""
    active: float = Field(default=0.005, ge=0, le=1)
    """Probability that one of the other features is active."""
    positives: float = Field(default=0.2, gt=0, lt=1)
    """Share of rows in which the feature asked for is active."""

    @model_validator(mode="after")
    def _code_within_units(self) -> Self:
        if self.code > self.units:
            raise ValueError(f"code: got {self.code}; must be at most units, which is {self.units}")
        return self


class SuppressorSettings(Settings):
    """A pair that carries the feature together, of which one unit alone tells nothing."""

    rows: int = Field(default=1500, ge=20)
    """Rows."""
    units: int = Field(default=24, ge=3)
    """Units: the pair, then `decoys`, then noise alone."""
    decoys: int = Field(default=6, ge=0)
    """Units that tell the feature nearly as well alone, but not with another of them."""
    positives: float = Field(default=0.2, gt=0, lt=1)
    """Share of positive rows."""
    noise: float = Field(default=0.3, gt=0)
    """Standard deviation of each unit's own noise; that of the shared noise is 1."""
    shift: float = Field(default=0.9, gt=0)
    """What a positive row adds to the first unit of the pair; the second has the shared noise."""
    decoy_shift: float = Field(default=0.8, ge=0)
    """What a positive row adds to a decoy."""
    decoy_share: float = Field(default=0.9, ge=0)
    """Share of the shared noise in a decoy."""

    @model_validator(mode="after")
    def _decoys_within_units(self) -> Self:
        if self.decoys + 2 > self.units:
            raise ValueError(
                f"decoys: got {self.decoys}; must leave 2 of the {self.units} units to the pair"
            )
        return self
