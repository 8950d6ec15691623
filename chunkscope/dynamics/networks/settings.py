"""Settings of the comparison of runs. Imports no torch."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from chunkscope.dynamics.settings import (
    AlignmentSettings,
    DelaySettings,
    GridSettings,
    MeasureName,
)
from chunkscope.settings import Settings


class RunComparisonSettings(Settings):
    """How the runs of the dynamics study are compared: all read the sequences of the first."""

    site: str = "layers.0.hook_h"
    """Where they are compared."""
    measures: tuple[MeasureName, ...] = ("dsa", "wasserstein", "cka", "debiased_cka", "procrustes")
    """The measures."""
    settle: int = Field(default=10, ge=0)
    """Steps at the beginning of every sequence that are left out."""
    units: PositiveInt = 12
    """Leading principal components of each network, in which it is compared."""
    delays: DelaySettings = DelaySettings()
    """How activity is delayed, but for what the grid names."""
    grid: GridSettings = GridSettings(delays=(1, 3, 5), ranks=(5, 10, 15))
    """Delays and ranks, of which those that foretell the first run, trained, best are chosen."""
    alignment: AlignmentSettings = AlignmentSettings()
    """The search for the best rotation."""
