"""How many filler symbols stand between two words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from chunkscope.settings import Settings


class UniformGap(Settings):
    """Every number of fillers from ``low`` to ``high`` is equally likely."""

    kind: Literal["uniform"]
    """Which distribution."""
    low: int = Field(ge=0)
    """Fewest fillers after a word (symbols)."""
    high: int = Field(ge=0, le=1000)
    """Most fillers after a word (symbols), included."""

    @model_validator(mode="after")
    def _ordered(self) -> UniformGap:
        if self.low > self.high:
            raise ValueError(f"low is {self.low} and high {self.high}; low must not exceed high")
        return self

    def hazards(self) -> tuple[float, ...]:
        """P(the gap ends here | k fillers so far) for k = 0, 1, ...; the last holds ever after."""
        return tuple(0.0 if k < self.low else 1 / (self.high + 1 - k) for k in range(self.high + 1))


class GeometricGap(Settings):
    """k fillers with probability (1 - p)^k p: the gap ends with probability p at every step."""

    kind: Literal["geometric"]
    """Which distribution."""
    p: float = Field(gt=0, le=1)
    """Probability that the gap ends at any step; the mean gap is (1 - p) / p symbols."""

    def hazards(self) -> tuple[float, ...]:
        """P(the gap ends here | k fillers so far) for k = 0, 1, ...; the last holds ever after."""
        return (self.p,)


class FixedGap(Settings):
    """Always the same number of fillers."""

    kind: Literal["fixed"]
    """Which distribution."""
    count: int = Field(ge=0, le=1000)
    """Fillers after every word (symbols)."""

    def hazards(self) -> tuple[float, ...]:
        """P(the gap ends here | k fillers so far) for k = 0, 1, ...; the last holds ever after."""
        return (0.0,) * self.count + (1.0,)


Gap = Annotated[UniformGap | GeometricGap | FixedGap, Field(discriminator="kind")]
"""Any of the gap distributions, told apart by ``kind``."""
