"""Settings of prototypes (UCD), of the sparse autoencoder, and of the study of prototypes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, field_validator, model_validator

from chunkscope.settings import Settings

Count = Annotated[int, Field(ge=2)]


class PrototypeSettings(Settings):
    """Unsupervised chunk discovery: directions that activity is nearest to, by gradient descent.

    The published settings are `epochs: 100, batch: 64`; the defaults reach at least as low a loss
    in a tenth of the time.
    """

    epochs: PositiveInt = 30
    """Passes over the rows."""
    batch: PositiveInt = 512
    """Rows in each step of descent."""
    learning_rate: float = Field(1e-2, gt=0)
    """Step size of Adam, as published."""
    revive_every: PositiveInt | None = None
    """Every so many epochs, prototypes that are the nearest of no row move onto the rows that fit
    worst; never if not set, as published."""
    subsample: int = Field(10_000, ge=3)
    """Rows fitted; the rest are only labelled."""


class AutoencoderSettings(Settings):
    """A sparse autoencoder whose code keeps the largest latents of a step (TopK)."""

    latents: Count = 64
    """Latents in the dictionary."""
    active: PositiveInt = 4
    """Latents that may be active at one step."""
    epochs: PositiveInt = 30
    """Passes over the rows."""
    batch: PositiveInt = 256
    """Rows in each step of descent."""
    learning_rate: float = Field(3e-3, gt=0)
    """Step size of Adam."""
    held_out: float = Field(0.25, gt=0, lt=1)
    """Share of the training sequences kept for the explained variance."""
    subsample: int = Field(10_000, ge=3)
    """Rows fitted; the rest are only encoded."""

    @model_validator(mode="after")
    def _fewer_active_than_latents(self) -> AutoencoderSettings:
        if self.active > self.latents:
            raise ValueError(f"got {self.active} active of {self.latents} latents; take fewer")
        return self


class PrototypeStudySettings(Settings):
    """The study of prototypes: what they align with, for how many of them."""

    sites: tuple[str, ...] = Field(("*",), min_length=1)
    """Patterns (fnmatch) of the recorded sites that are read; the default is all of them."""
    sizes: tuple[Count, ...] = Field((8, 16, 32, 64, 128, 256), min_length=1)
    """Numbers of prototypes; those above the number of different rows are left out."""
    compared: PositiveInt = 3
    """Members of a run that are read, the first ones; each before training too."""
    fit: PrototypeSettings = PrototypeSettings()
    """How prototypes are found."""
    revive_every: PositiveInt = 5
    """Epochs between revivals in the rows that show what dead prototypes cost."""
    permutations: PositiveInt = 100
    """Permutations of the null; p cannot be smaller than 1 / (permutations + 1)."""
    min_members: PositiveInt = 20
    """Test steps that a class needs to be scored by itself; rarer classes count as one."""

    @field_validator("sizes")
    @classmethod
    def _ascending_sizes(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(value)))
