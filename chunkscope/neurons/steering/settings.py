"""Settings of how a network is steered by its units and by states. Imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, field_validator

from chunkscope.settings import Settings


class SteeringSettings(Settings):
    """Which units and states a network is steered by, how far, and on how many prompts."""

    sites: tuple[str, ...] = Field(default=("blocks.1.mlp.hook_post",), min_length=1)
    """Patterns (fnmatch) of the sites, of those whose units are explained, that are steered; where
    none of them matches, the last one."""
    units: int = Field(default=5, ge=0)
    """Units of a site, evenly spread over the ranks of how well they are explained."""
    states: int = Field(default=5, ge=0)
    """States of a site, evenly spread over the ranks of how common they are."""
    cluster_size: int = Field(default=15, ge=2)
    """Least steps of a state, as HDBSCAN finds them."""
    subsample: int = Field(default=2000, ge=10)
    """Steps that are clustered."""
    strengths: tuple[Annotated[float, Field(gt=0)], ...] = Field((1.0, 2.0, 4.0), min_length=1)
    """How far: a unit is held at so many times what it does where it is very active; activity goes
    so many times the way to a state, beyond it above 1."""
    prompts: int = Field(default=16, ge=4)
    """Prompts that are steered; on the first half of them the symbols that are promoted are picked,
    on the second half it is measured whether they are."""
    prompt: PositiveInt = 24
    """Symbols of a prompt."""
    promoted: PositiveInt = 5
    """Symbols that are named as promoted."""

    @field_validator("strengths")
    @classmethod
    def _each_once(cls, strengths: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(strengths)))
