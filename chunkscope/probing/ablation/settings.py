"""Settings of the ablation of context units. Imports no torch."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from chunkscope.settings import Settings


class AblationSettings(Settings):
    """Which units are ablated, on what, and beside how many others."""

    sizes: tuple[PositiveInt, ...] = Field((1, 2, 4), min_length=1)
    """Numbers of units that are ablated together, the best readers of the context first."""
    controls: int = Field(20, ge=2)
    """Sets of other units, matched in their spread and in their weight in the readout, that each
    set of context units stands beside."""
    sequences: int = Field(50, ge=2)
    """Test sequences that are run under every ablation, at most."""
    informative: float = Field(0.1, gt=0)
    """A step is informative if the context, beside the symbol and its position in the word, tells
    at least this much of the next symbol (nats; of two contexts at most .69)."""

    @field_validator("sizes")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(value)))
