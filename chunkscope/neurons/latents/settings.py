"""Settings of the sparse autoencoder of a site, and its name in tables. Imports no torch."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from chunkscope.settings import Settings


def coded(run: str) -> str:
    """The name under which the latents of a run stand beside its units in tables."""
    return f"{run}-latents"


class LatentSettings(Settings):
    """A sparse autoencoder: how many latents, what they cost, and how they are learnt.

    Those of arXiv 2410.16443 are `ratio: 16, learning_rate: 0.0004` and a penalty of 8e-5 on
    activity as it is.
    """

    ratio: PositiveInt = 2
    """Latents for each unit of the site."""
    penalty: float = Field(default=2.0, ge=0)
    """Weight of a code's sum against the squared error, in units in which rows of activity have a
    mean length of the root of the number of units."""
    steps: PositiveInt = 400
    """Steps of Adam."""
    batch: PositiveInt = 128
    """Rows in each of them."""
    learning_rate: float = Field(default=3e-3, gt=0)
    """Size of each."""
