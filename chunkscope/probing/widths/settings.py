"""Settings of the comparison of networks that differ in width."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from chunkscope.settings import Settings


class WidthsSettings(Settings):
    """Probes of the runs of the study `widths`, which differ in their width alone."""

    sizes: tuple[PositiveInt, ...] = Field((2, 4, 8, 16, 32), min_length=1)
    """Numbers of units beside the best single one; all units (dense) are always added, sizes above
    them left out."""
    most: PositiveInt = 2
    """Features of a kind, the commonest."""
    compared: PositiveInt = 5
    """Members of each run, the first ones."""

    @field_validator("sizes")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(value)))
