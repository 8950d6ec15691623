"""Settings of the intervention study. Imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, field_validator

from chunkscope.settings import Settings


class InterventionSettings(Settings):
    """What is changed in a network, where, how strongly, and how long its answer is followed."""

    sites: tuple[tuple[str, ...], ...] = Field(
        (("layers.*.hook_h",), ("layers.*.hook_[hc]",)), min_length=1
    )
    """Sets of patterns (fnmatch) of sites; those that one set matches are changed together. The
    default is the hidden state, and the whole recurrent state where that is more."""
    recipients: PositiveInt = 32
    """Steps (per donor, lag and mode) into which a donor is grafted; fewer where fewer do not
    predict the donor's target anyway."""
    lags: PositiveInt = 4
    """Symbols after the intervention that are judged."""
    strengths: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (0.25, 0.5, 1.0)
    """Strengths of the intervention (1: the donor's value replaces the recipient's); controls
    stand at 1, which is therefore needed."""
    unit_shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (0.1, 0.25, 0.5, 1.0)
    """Shares of the hidden units to which a graft is limited: those that vary least within the
    donor's state, beside as many random ones."""
    informative_share: float = Field(0.9, gt=0, le=1)
    """A donor is judged at the lags where one symbol follows it with at least this share."""
    min_members: PositiveInt = 20
    """Steps of the training split that a state needs to be a donor."""
    max_donors: PositiveInt = 64
    """Donors at most; those with the most members are kept."""

    @field_validator("sites")
    @classmethod
    def _sets_name_sites_once(
        cls, sites: tuple[tuple[str, ...], ...]
    ) -> tuple[tuple[str, ...], ...]:
        for together in sites:
            if not together or len(set(together)) != len(together):
                raise ValueError(f"got {list(together)}; a set names one or more sites, each once")
        return sites

    @field_validator("lags")
    @classmethod
    def _follow_the_matrix(cls, lags: int) -> int:
        if lags < 2:
            raise ValueError(
                f"got {lags}; must be at least 2: the graft matrix replaces the symbol after a "
                "donor and asks for the next"
            )
        return lags

    @field_validator("strengths")
    @classmethod
    def _reach_full_strength(cls, strengths: tuple[float, ...]) -> tuple[float, ...]:
        if 1.0 not in strengths:
            raise ValueError(f"got {list(strengths)}; must hold 1.0, where the controls stand")
        return tuple(sorted(set(strengths)))
