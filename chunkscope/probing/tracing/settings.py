"""Settings of the probes through training."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from chunkscope.settings import Settings


class TracingSettings(Settings):
    """Probes of a run at every kept checkpoint of its training."""

    size: int = Field(4, ge=2)
    """Units of a probe that stands between the single unit and the dense one."""
    most: PositiveInt = 2
    """Features of a kind, the commonest of those that are probed."""
    compared: PositiveInt = 5
    """Members of a run that are followed, the first ones."""
