"""Settings of the causal check of balls."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from chunkscope.settings import Settings


class DonorSettings(Settings):
    """Activity of other inputs in the place of a query's."""

    inside: PositiveInt = 16
    """Members of every ball that are donors, at most."""
    outside: PositiveInt = 2
    """Donors beyond the ball, drawn from every stratum of inputs by their distance: the nearer the
    thinner, none of more than 5 % of all inputs."""
    searched: PositiveInt = 4000
    """Random inputs that these are taken from."""
    kept: float = Field(0.95, gt=0, le=1)
    """Share of members that must keep the answer within the functional radius."""
