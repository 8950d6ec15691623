"""Settings of population averaging."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from chunkscope.settings import Settings

PUBLISHED_TOLERANCES = (100.0, 30.0, 20.0, 10.0, 3.0, *(0.8**power for power in range(35)))
"""The grid of the authors' code, in the unit of the activity; its least is 0.0005."""


class AveragingSettings(Settings):
    """Population averaging: a concept is the mean of a few of its occurrences."""

    examples: int = Field(5, ge=2)
    """Occurrences that are averaged."""
    min_occurrences: int = Field(10, ge=3)
    """Occurrences that a concept needs in the training split; those in sequences without an
    example choose the tolerance."""
    tolerances: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        PUBLISHED_TOLERANCES, min_length=1
    )
    """Largest distances of a unit from its mean (unit of the activity) that are tried; the default
    is the authors' grid."""

    @field_validator("tolerances")
    @classmethod
    def _descending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(value), reverse=True))
