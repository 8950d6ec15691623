"""Settings of the comparison of known attractors. Imports no torch."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from chunkscope.dynamics.settings import (
    AlignmentSettings,
    DelaySettings,
    GridSettings,
    MeasureName,
)
from chunkscope.settings import Settings

PUBLISHED = DelaySettings(delays=33, interval=6, rank=20, centred=False, precision="single")
"""As the public code of arXiv 2410.24070 has them."""

Variant = Literal["published", "double", "chosen"]
"""By which delays systems are compared: the published ones, with the reference's single precision;
the same in double precision; or those that foretell held-out activity best."""


Initial = Literal["own", "shared"]
"""Whether every system has initial points of its own, as published, or all the same."""
INITIAL: tuple[Initial, ...] = get_args(Initial)


class AttractorSettings(Settings):
    """Trajectories of known systems (arXiv 2410.24070), and what they are compared by."""

    repeats: int = Field(default=5, ge=2)
    """Times that all of it is drawn anew; intervals are over them."""
    trials: int = Field(default=200, ge=8)
    """Trajectories of each system, from random initial points."""
    steps: int = Field(default=200, ge=10)
    """Steps of each."""
    triples: int = Field(default=15, ge=4, le=60)
    """Sequences of three motifs, of the 60 that there are."""
    measures: tuple[MeasureName, ...] = ("dsa", "wasserstein", "cka", "debiased_cka", "procrustes")
    """How they are compared."""
    published: DelaySettings = PUBLISHED
    """Delays of the published comparison; `variant` published."""
    motifs: DelaySettings = DelaySettings(delays=10, interval=2, rank=20, centred=False)
    """Delays by which compositions are compared, besides those that are chosen."""
    grid: GridSettings = GridSettings(delays=(1, 3, 10, 33), intervals=(1, 6), ranks=(5, 10, 20))
    """Delays among which those that foretell best are chosen; `variant` chosen."""
    alignment: AlignmentSettings = AlignmentSettings()
    """The search for the best rotation."""

    def double(self) -> DelaySettings:
        """The published delays in double precision."""
        return self.published.model_copy(update={"precision": "double"})
