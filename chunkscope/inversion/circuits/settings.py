"""Settings of the search for the sites that carry a feature."""

from __future__ import annotations

from pydantic import Field

from chunkscope.settings import Settings

PARTS = ("hook_embed", "blocks.*.attn.hook_result.*", "blocks.*.hook_mlp_out")
"""Sites whose sum is the residual stream, but for what is the same for all inputs."""


class CircuitSettings(Settings):
    """One feature, and the sites that may carry it.

    A donor has another value of the feature and shares what must match; its answer is another one.
    """

    feature: str
    """Label whose value differs between donor and receiver, such as `count`."""
    matched: tuple[str, ...] = ()
    """Labels that donor and receiver share."""
    points: tuple[str, ...] = Field(min_length=1)
    """Points at which sites are patched; the answer is what is said after the last one."""
    sites: tuple[str, ...] = Field(PARTS, min_length=1)
    """Patterns (fnmatch) of the sites that are patched at each point, one after the other."""
    cut: tuple[str, ...] = Field(("blocks.*.attn.hook_result.*",), min_length=1)
    """Patterns (fnmatch) of those among which the smallest cut is searched for; by default the
    heads, which alone bring anything from other steps."""
    pairs: int = Field(128, ge=4)
    """Pairs of a donor and a receiver, both of which the network answers rightly, at most."""
    most: int = Field(3, ge=1, le=4)
    """Sites of the smallest cut, at most."""
    enough: float = Field(0.95, gt=0, le=1)
    """Share of receivers that must take over the donor's answer."""


COUNT = CircuitSettings(feature="count", matched=("letter", "length"), points=("target", "colon"))
CARRY = CircuitSettings(feature="carry2", matched=("f1", "s1"), points=("equals",))
CIRCUITS = (COUNT, CARRY)
