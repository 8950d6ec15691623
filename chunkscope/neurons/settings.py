"""Settings of how units are explained and scored. Imports no torch."""

from __future__ import annotations

from typing import Self

from pydantic import Field, PositiveInt, model_validator

from chunkscope.neurons.explainers.settings import (
    EXPLAINERS,
    ExplainerSettings,
    PatternSettings,
)
from chunkscope.neurons.latents.settings import LatentSettings
from chunkscope.neurons.steering.settings import SteeringSettings
from chunkscope.settings import Name, Settings


class DrawSettings(Settings):
    """Which excerpts of a unit are looked at."""

    top: int = Field(default=0, ge=0)
    """Those in which it is most active."""
    per_band: int = Field(default=0, ge=0)
    """So many of each of `bands` bands of excerpts, by how active it is at most."""
    bands: PositiveInt = 11
    """Bands of equally many excerpts."""
    random: int = Field(default=0, ge=0)
    """Drawn whatever it does, the same for all units."""
    clipped: int = Field(default=0, ge=0)
    """Of the top ones, so many once more, of which only `clip` symbols about the most active one
    are left."""
    clip: PositiveInt = 3
    """Symbols of a clipped excerpt."""

    @property
    def excerpts(self) -> int:
        """All of them."""
        return self.top + self.bands * self.per_band + self.random + self.clipped

    @property
    def needed(self) -> int:
        """Excerpts that there must be to choose from."""
        return max(self.top + self.bands * self.per_band, self.random)

    @model_validator(mode="after")
    def _there_are_some(self) -> Self:
        if not self.excerpts:
            raise ValueError("got no excerpts; ask for some by top, per_band or random")
        if self.clipped > self.top:
            raise ValueError(
                f"clipped: got {self.clipped}; must be at most top = {self.top}, of which they are"
            )
        return self


class ProtocolSettings(Settings):
    """How a unit is explained and then scored, on excerpts of different documents."""

    length: PositiveInt = 64
    """Symbols of an excerpt."""
    explain: DrawSettings
    """What the explainer sees."""
    score: DrawSettings
    """What its explanation is scored on."""


PROTOCOLS = {
    "top_and_random": ProtocolSettings(
        explain=DrawSettings(top=5), score=DrawSettings(top=5, random=5)
    ),
    "random_only": ProtocolSettings(explain=DrawSettings(top=5), score=DrawSettings(random=50)),
    "quantiles": ProtocolSettings(
        length=8,
        explain=DrawSettings(top=15, per_band=2, random=5),
        score=DrawSettings(top=10, per_band=2, random=5, clipped=10),
    ),
    "wide": ProtocolSettings(
        explain=DrawSettings(top=20, random=80), score=DrawSettings(random=50)
    ),
}
"""The three protocols of arXiv 2410.16443 (after OpenAI and Anthropic), and one as wide as an
explainer without a language model can use."""


class NeuronSettings(Settings):
    """How the units of a run are explained and scored."""

    sites: tuple[str, ...] = Field(default=("blocks.*.mlp.hook_post",), min_length=1)
    """Patterns (fnmatch) of the sites whose units are explained."""
    protocols: dict[Name, ProtocolSettings] = Field(default=PROTOCOLS, min_length=1)
    """Which excerpts explain a unit, and which its explanation is scored on."""
    explainers: dict[Name, ExplainerSettings] = Field(default=EXPLAINERS, min_length=1)
    """What explains units, by name; `kind` says which explainer it is."""
    latents: LatentSettings = LatentSettings()
    """The sparse autoencoder that codes the units of runs of the study `latents`."""
    shown: int = Field(default=12, ge=0)
    """Units of a site that the report has a page of, evenly spread over the ranks of their
    scores."""
    steering: SteeringSettings = SteeringSettings()
    """Which units and states networks are steered by."""

    @model_validator(mode="after")
    def _patterns_fit_the_excerpts(self) -> Self:
        for name, how in self.explainers.items():
            if not isinstance(how, PatternSettings):
                continue
            for protocol, asked in self.protocols.items():
                if how.reach > asked.length:
                    raise ValueError(
                        f"explainers.{name}.reach: got {how.reach}; must be at most "
                        f"{asked.length}, the length of protocols.{protocol}"
                    )
                if not asked.explain.top:
                    raise ValueError(
                        f"protocols.{protocol}.explain.top: got 0; must be at least 1, since "
                        f"explainers.{name} finds patterns where a unit is most active"
                    )
        return self
