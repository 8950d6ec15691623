"""Settings of a language model that explains units. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from chunkscope.settings import Settings


class LanguageSettings(Settings):
    """A language model behind an endpoint that speaks as OpenAI's does (`/chat/completions`)."""

    kind: Literal["language"] = "language"
    """Chooses this explainer."""
    url: str | None = Field(default=None, pattern=r"^https?://")
    """Where it is, up to the version, such as `http://localhost:8000/v1`."""
    url_from: str = Field(default="OPENAI_BASE_URL", min_length=1)
    """Environment variable that says so where `url` does not."""
    model: str = Field(min_length=1)
    """Which of its models."""
    key_from: str = Field(default="OPENAI_API_KEY", min_length=1)
    """Environment variable that holds the key; without it none is sent."""
    seed: int = 0
    """Sent with every question, beside temperature 0."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds that an answer may take."""
    tries: PositiveInt = 4
    """Times that a question is asked that is answered by an error, or too slowly."""
    pause: float = Field(default=1.0, ge=0)
    """Seconds before the second try; each further one waits twice as long."""
    units: PositiveInt | None = 16
    """Units of a site that it explains, evenly spread; null is all of them."""
