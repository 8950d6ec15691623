"""Settings of the figures."""

from __future__ import annotations

from pydantic import Field

from chunkscope.settings import Settings


class FigureSettings(Settings):
    """How figures look; no setting here changes a number."""

    width: float = Field(default=7.0, ge=6, le=20)
    """Width of a full-width figure (inches)."""
    dpi: int = Field(default=200, ge=50, le=600)
    """Resolution of the PNG copies (dots per inch)."""
    steps: int = Field(default=60, ge=10, le=400)
    """Steps of a sequence that activity panels show."""
    run: str | None = None
    """Run whose activity, decoding and grafts are drawn; the first run of the study if not set."""
    overview: str | None = None
    """Run that page one is drawn of; `run` if not set."""
