"""Settings of the comparison of rankings. Imports neither torch nor scikit-learn."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from chunkscope.probing.planted.settings import CodesSettings, SuppressorSettings
from chunkscope.settings import Settings

Size = Annotated[int, Field(ge=1)]


class GeluDraws(Settings):
    """Ranges of the synthetic data, smallest and largest; every draw is log-uniform in them.

    Published (arXiv 2305.01610): rows 500 to 30,000, units 400 to 6400, a support of 2 to 19, a
    shift of .05 to 5 and .01 to .5 of positives. Rows, units and positives are fewer here.
    """

    draws: int = Field(default=30, ge=2)
    """Data sets."""
    rows: tuple[Annotated[int, Field(ge=100)], Annotated[int, Field(ge=100)]] = (400, 1600)
    """Rows to fit, and as many to test."""
    units: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(ge=2)]] = (32, 128)
    """Units."""
    support: tuple[Size, Size] = (2, 19)
    """Units that carry the feature."""
    shift: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (0.05, 5.0)
    """What a positive row adds to the pre-activation of a carrier (standard deviations)."""
    positives: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=0, lt=1)]] = (
        0.02,
        0.5,
    )
    """Share of positive rows."""

    @model_validator(mode="after")
    def _are_ranges(self) -> Self:
        for name in ("rows", "units", "support", "shift", "positives"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: got [{low}, {high}]; the smaller must stand first")
        if self.support[1] > self.units[0]:
            raise ValueError(
                f"support: got up to {self.support[1]}; must be at most the fewest units, "
                f"{self.units[0]}"
            )
        return self


class SubsetSettings(Settings):
    """How the exact search for the best subset is bounded, as a ranking among the others."""

    gamma: float = Field(default=0.1, gt=0)
    """Ridge of its objective; the smaller, the easier the proof that nothing is better."""
    units: int = Field(default=50, ge=1)
    """Units that it searches, those of the largest mean difference, as published."""
    nodes: int = Field(default=50, ge=1)
    """Nodes of its tree. A limit in nodes, unlike one in seconds, gives the same answer on every
    machine."""


class ComparisonSettings(Settings):
    """Rankings compared on planted supports."""

    gelu: GeluDraws = GeluDraws()
    """Synthetic data as published: every carrier tells the feature by itself."""
    codes: CodesSettings = CodesSettings()
    """Random codes: every carrier tells several features."""
    suppressor: SuppressorSettings = SuppressorSettings(rows=3000)
    """The suppressor pair: two units tell the feature together alone."""
    seeds: int = Field(default=10, ge=2)
    """Draws of the codes and of the suppressor pair."""
    sizes: tuple[Size, ...] = Field((1, 2, 4, 8, 16), min_length=1)
    """Units of a probe; the size of the planted support is always added, and a size above the
    number of units to choose from left out."""
    penalty: float = Field(default=1.0, gt=0)
    """Inverse strength of the ridge of the probe that is refitted (scikit-learn's C), as
    published."""
    filter: int = Field(default=512, ge=1)
    """Units that are ranked, those of the largest mean difference, as published; with fewer units
    it keeps all."""
    subset: SubsetSettings = SubsetSettings()
    """The exact search."""

    @model_validator(mode="after")
    def _support_can_be_found(self) -> Self:
        largest = max(self.gelu.support[1], self.codes.code, 2)
        if largest > min(self.filter, self.subset.units):
            raise ValueError(
                f"filter: got {self.filter}, and subset.units {self.subset.units}; both must be at "
                f"least {largest}, the largest planted support"
            )
        return self
