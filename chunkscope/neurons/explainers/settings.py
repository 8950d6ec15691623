"""Settings of what explains units. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from chunkscope.neurons.language.settings import LanguageSettings
from chunkscope.settings import Settings


class GramSettings(Settings):
    """Tables of symbols and of what came before them."""

    kind: Literal["grams"] = "grams"
    """Chooses this explainer."""
    order: int = Field(default=1, ge=1, le=5)
    """Longest context, in symbols; 1 is the symbol alone."""
    least: PositiveInt = 2
    """Times that a context of more than one symbol must have been seen to count."""
    units: PositiveInt | None = None
    """Units of a site that it explains, evenly spread; null is all of them."""


class TreeSettings(Settings):
    """Shallow decision trees over kinds of symbols, named ones, the one before, and the place."""

    kind: Literal["tree"] = "tree"
    """Chooses this explainer."""
    depth: int = Field(default=4, ge=1, le=20)
    """Questions one after the other, at most."""
    least: PositiveInt = 5
    """Symbols that an answer must be a mean of."""
    units: PositiveInt | None = 16
    """Units of a site that it explains, evenly spread; null is all of them."""


class PatternSettings(Settings):
    """Patterns of symbols, found by asking the network (after Neuron to Graph)."""

    kind: Literal["patterns"] = "patterns"
    """Chooses this explainer."""
    top: PositiveInt = 3
    """Excerpts of a unit that a pattern is made of, those in which it is most active."""
    reach: int = Field(default=4, ge=1, le=64)
    """Symbols of a pattern, at most."""
    substitutes: PositiveInt = 8
    """Symbols that are tried in each place, drawn from those of the excerpts."""
    units: PositiveInt | None = 16
    """Units of a site that it explains, evenly spread; null is all of them."""


ExplainerSettings = Annotated[
    GramSettings | TreeSettings | PatternSettings | LanguageSettings, Field(discriminator="kind")
]
"""Settings of an explainer; ``kind`` says which."""

EXPLAINERS: dict[str, ExplainerSettings] = {
    "symbols": GramSettings(),
    "contexts": GramSettings(order=3, units=64),
    "tree": TreeSettings(),
    "patterns": PatternSettings(),
}
"""Those that need no language model."""
