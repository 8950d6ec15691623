"""Settings of the concepts study. Imports neither torch nor scikit-learn."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from chunkscope.chunks.averaging_settings import AveragingSettings
from chunkscope.chunks.prototype_settings import AutoencoderSettings
from chunkscope.settings import Settings


class GraftSettings(Settings):
    """Grafts of a concept into a running network, and the text that it then says."""

    sites: tuple[str, ...] = Field(("*",), min_length=1)
    """Patterns (fnmatch) of the sites that are changed, among those of the study."""
    offsets: tuple[Annotated[int, Field(ge=-8, le=8)], ...] = Field((0,), min_length=1)
    """Which states are grafted: those this many steps from a concept's occurrence, which must be
    offsets of the study too. 0 is the published graft; after the state at -1 the concept's last
    symbol is due."""
    prompts: PositiveInt = 32
    """Prompts that every concept is grafted into."""
    prompt: int = Field(24, ge=2)
    """Length of a prompt (tokens)."""
    steps: PositiveInt = 24
    """Tokens said after a prompt."""
    positions: PositiveInt = 3
    """Last tokens of the prompt at which a graft acts."""
    generating: bool = False
    """Whether it goes on acting at every token that the network reads of what it says."""
    strength: float = Field(1.0, ge=0, le=1)
    """1 puts the concept's state in the place of the network's own, 0 changes nothing."""
    temperature: float = Field(1.0, gt=0)
    """Divides the logits before a token is drawn."""
    top_p: float = Field(0.9, gt=0, le=1)
    """Tokens are drawn from the likeliest ones that together have this probability."""
    narrow_top_p: float = Field(0.5, gt=0, le=1)
    """The same for one more control that is left alone: the published comparison drew its control
    with 0.5 and its grafts with 0.9, so that sampling alone makes a difference."""

    @model_validator(mode="after")
    def _positions_within_the_prompt(self) -> Self:
        if self.positions > self.prompt:
            raise ValueError(
                f"positions: got {self.positions}; must be at most {self.prompt}, the tokens of a "
                "prompt"
            )
        return self


class ConceptSettings(Settings):
    """The concepts study: finding words by population averaging, and putting them in."""

    sites: tuple[str, ...] = Field(("*",), min_length=1)
    """Patterns (fnmatch) of the recorded sites to read."""
    compared: PositiveInt = 3
    """Members of a run that are read."""
    offsets: tuple[Annotated[int, Field(ge=-8, le=8)], ...] = Field((-2, -1, 0, 1, 2), min_length=1)
    """Steps from the occurrence to the state that is read: below 0 the concept is still to come,
    above 0 it has been."""
    words: tuple[str, ...] = ()
    """The words of a text to read, e.g. [python, object]; the commonest content words if empty. A
    grammar's own words and symbols are always read."""
    most: int = Field(20, ge=2)
    """Words and symbols that are read at most; the commonest are, a grammar's words before its
    symbols."""
    averaging: AveragingSettings = AveragingSettings()
    """The detectors."""
    autoencoder: AutoencoderSettings = AutoencoderSettings(latents=256, active=8)
    """The sparse autoencoder of every site, one of whose latents stands beside each detector."""
    grafts: GraftSettings = GraftSettings()
    """The grafts, on runs that read text."""

    @field_validator("offsets")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _read_all_that_is_named(self) -> Self:
        if len(self.words) > self.most:
            raise ValueError(
                f"words: got {len(self.words)}; must be at most {self.most}, the value of most"
            )
        return self

    @model_validator(mode="after")
    def _graft_what_is_read(self) -> Self:
        missing = [offset for offset in self.grafts.offsets if offset not in self.offsets]
        if missing:
            raise ValueError(
                f"grafts.offsets: got {missing}, which offsets does not hold; it holds "
                f"{list(self.offsets)}"
            )
        return self

    @property
    def margin(self) -> int:
        """Steps at either end of a sequence from which not every offset can look."""
        return max(map(abs, self.offsets))
