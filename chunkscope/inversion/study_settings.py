"""Settings of the whole inversion study: of preimages, and of everything that is made with them.

They are apart from :mod:`chunkscope.inversion.settings`, so that a key of one part reruns that part
alone.
"""

from __future__ import annotations

from pydantic import Field

from chunkscope.inversion.circuits.settings import CIRCUITS, CircuitSettings
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.inversion.donor_settings import DonorSettings
from chunkscope.inversion.settings import InversionSettings
from chunkscope.settings import Settings


class LearnedSettings(Settings):
    """When a network has learned its task; of one that has not, nothing is read."""

    answers: float = Field(0.995, ge=0, le=1)
    """Share of fresh inputs of a task of which it must say every symbol of the answer."""
    excess: float = Field(0.05, ge=0)
    """Largest loss above the ideal observer's, on fresh sequences of a grammar (nats per
    symbol)."""


class InversionStudySettings(InversionSettings):
    """The inversion study."""

    learned: LearnedSettings = LearnedSettings()
    """When a network has learned its task."""
    donors: DonorSettings = DonorSettings()
    """Members of balls in the place of their queries."""
    circuits: tuple[CircuitSettings, ...] = CIRCUITS
    """Features whose carriers are searched for, of runs whose inputs have them."""
    decoder: DecoderSettings = DecoderSettings()
    """The conditional decoder of each run."""
