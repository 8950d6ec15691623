"""Settings of the conditional decoder. Imports no torch."""

from __future__ import annotations

from typing import Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from chunkscope.settings import Settings

DECODED = ("*@target", "*@colon", "blocks.0.*@equals", "layers.*@equals", "*@last")
"""Places that decoders are told, if the configuration names none."""

TRAINS = ("layers", "width", "heads", "steps_per_site", "batch", "learning_rate")
"""Keys of a decoder's settings that its training follows; the others are of what is drawn."""


class DrawSettings(Settings):
    """One way of drawing inputs from a decoder."""

    temperature: float = Field(1.0, gt=0)
    """Logits are divided by it; 1 draws from what the decoder says."""
    noise: float = Field(0.0, ge=0)
    """Standard deviation of the noise on what it is told, over that of the query's activity."""


class TrustSettings(Settings):
    """Where draws are trusted: how a decoder must do on validation queries, apart from the test."""

    precision: float = Field(0.5, ge=0, le=1)
    """Least share of the draws that lie in the ball."""
    coverage: float = Field(0.8, ge=0, le=1)
    """Least coverage by 1,000 draws, over that of as many from the ball itself."""


class DecoderSettings(Settings):
    """A small transformer that reads an activation and says inputs that give nearly the same."""

    layers: int = Field(default=2, ge=1, le=24)
    """Blocks of attention and MLP."""
    width: int = Field(default=64, ge=4, le=8192)
    """Units of its residual stream."""
    heads: int = Field(default=4, ge=1, le=64)
    """Attention heads per block."""
    sites: tuple[str, ...] = Field(DECODED, min_length=1)
    """Patterns (fnmatch) of the places, `{site}@{point}`, that it is told, of those that are
    read."""
    steps_per_site: int = Field(default=600, ge=1)
    """Updates of its weights, for each of its sites."""
    longer: dict[str, PositiveInt] = Field(default_factory=dict)
    """Run -> updates for each site of its decoder, instead of `steps_per_site`."""
    batch: int = Field(default=128, ge=1)
    """Pairs of an activation and an input of its ball, per update."""
    learning_rate: float = Field(default=0.006, gt=0)
    """Largest step size; it falls by half a cosine to a tenth."""
    samples: PositiveInt = 256
    """Inputs drawn for every query, site and way of drawing."""
    draws: tuple[DrawSettings, ...] = Field(
        (
            DrawSettings(),
            DrawSettings(temperature=0.5),
            DrawSettings(temperature=2),
            DrawSettings(temperature=2, noise=0.1),
        ),
        min_length=1,
    )
    """Ways of drawing, as published; the first is the one that is scored in full."""
    cells: tuple[str, ...] = (
        "count",
        "letter",
        "length",
        "last",
        "causal",
        "carry1",
        "carry2",
        "carry3",
    )
    """Labels whose joint values divide a ball into cells that draws should reach; those that the
    inputs have count."""
    scored: PositiveInt = 256
    """Members of a ball whose probability is computed, at most; of more, so many are drawn."""
    trusted: TrustSettings = TrustSettings()
    """Where draws are trusted; elsewhere the report warns of them."""
    shown: int = Field(6, ge=0)
    """Queries of every site whose draws the explorer shows."""

    def of_run(self, run: str) -> DecoderSettings:
        """Those of the decoder of one run."""
        return self.model_copy(
            update={"steps_per_site": self.longer.get(run, self.steps_per_site), "longer": {}}
        )

    @field_validator("draws")
    @classmethod
    def _first_without_noise(cls, value: tuple[DrawSettings, ...]) -> tuple[DrawSettings, ...]:
        if value[0].noise:
            raise ValueError(
                f"got noise {value[0].noise:g} in the first one; must be 0: what a decoder says is "
                "exact only of what it is told"
            )
        return value

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(
                f"width: got {self.width} for {self.heads} heads; must be a multiple of the heads"
            )
        return self
