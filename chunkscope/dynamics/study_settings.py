"""Settings of the dynamics study: what is compared. Imports no torch."""

from __future__ import annotations

from chunkscope.dynamics.attractors.settings import AttractorSettings
from chunkscope.dynamics.networks.settings import RunComparisonSettings
from chunkscope.dynamics.tasks.settings import TaskStudySettings
from chunkscope.settings import Settings


class DynamicsStudySettings(Settings):
    """Dynamical similarity beside geometric measures; what is null is not compared."""

    attractors: AttractorSettings | None = None
    """Known attractors: regimes of the Lorenz system, noise, compositions of motifs."""
    tasks: TaskStudySettings | None = None
    """Networks that learn a composed task after none, some or all of its parts."""
    runs: RunComparisonSettings = RunComparisonSettings()
    """How runs that take part in the study are compared."""
