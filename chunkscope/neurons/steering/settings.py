"""Settings of how a network is steered by its units and by states. Imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, field_validator

from chunkscope.settings import Settings


class SteeringSettings(Settings):
    """Which units and states a network is steered by, how far, and on how many prompts."""

    units: int = Field(default=8, ge=0)
    """Units of a site, evenly spread over the ranks of how well they are explained."""
    states: int = Field(default=8, ge=0)
    """States of a site, evenly spread over the ranks of how common they are."""
    strengths: tuple[Annotated[float, Field(gt=0)], ...] = Field((0.5, 1.0, 2.0), min_length=1)
    """How far: a unit is held at so many times what it does where it is very active; activity goes
    so many times the way to a state, beyond it above 1."""
    prompts: int = Field(default=32, ge=4)
    """Prompts that are steered; on the first half of them the symbols that are promoted are picked,
    on the second half it is measured whether they are."""
    prompt: PositiveInt = 32
    """Symbols of a prompt."""
    promoted: PositiveInt = 5
    """Symbols that are named as promoted."""

    @field_validator("strengths")
    @classmethod
    def _each_once(cls, strengths: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(strengths)))
