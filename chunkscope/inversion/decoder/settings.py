"""Settings of the conditional decoder. Imports no torch."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from chunkscope.settings import Settings


class DecoderSettings(Settings):
    """A small transformer that reads an activation and says inputs that may have given it."""

    layers: int = Field(default=2, ge=1, le=24)
    """Blocks of attention and MLP."""
    width: int = Field(default=64, ge=4, le=8192)
    """Units of its residual stream."""
    heads: int = Field(default=4, ge=1, le=64)
    """Attention heads per block."""
    steps: int = Field(default=4000, ge=1)
    """Updates of its weights."""
    batch: int = Field(default=128, ge=1)
    """Pairs of an input and an activation of it, per update."""
    learning_rate: float = Field(default=0.003, gt=0)
    """Largest step size; it falls by half a cosine to a tenth."""
    noise: float = Field(default=0.05, ge=0)
    """Standard deviation of the noise on what it is told, per unit, in lengths of the activity."""
    held_out: float = Field(default=0.1, gt=0, lt=1)
    """Share of the inputs that it never sees; queries that measure it are among them."""

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(
                f"width: got {self.width} for {self.heads} heads; must be a multiple of the heads"
            )
        return self
