"""Settings of iterative pruning."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from chunkscope.settings import Settings


class PruningSettings(Settings):
    """Iterative pruning: what a probe loses with the best single units."""

    size: int = Field(5, ge=2)
    """Units that a probe may use in every round, as published."""
    rounds: PositiveInt = 10
    """Rounds, as published; each takes one unit away. Fewer where units run out."""
    units: int = Field(50, ge=2)
    """Units that take part, those of the largest F, as published; all where there are fewer."""
    penalty: float = Field(1.0, gt=0)
    """Inverse strength of the ridge penalty (scikit-learn's C), as published."""
    most: PositiveInt = 2
    """Features of a kind, the commonest of those that are probed."""
    compared: PositiveInt = 3
    """Members of a run that are pruned, the first ones."""
