"""Settings of preimages and of what their members share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, field_validator

from chunkscope.errors import did_you_mean
from chunkscope.inversion.distances import MetricName
from chunkscope.settings import Settings

Radius = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]

STATE = "layers.*.hook_h"  # of recurrent networks
POINTS: dict[str, tuple[str, ...]] = {
    "target": ("blocks.0.hook_attn_out", "blocks.0.hook_mlp_out", STATE),
    "colon": (
        "blocks.0.hook_attn_out", "blocks.1.hook_attn_out", "blocks.1.hook_resid_post", STATE
    ),
    "equals": ("blocks.*.attn.hook_result.*", STATE),
    "a1": ("blocks.1.attn.hook_result.*", STATE),
    "last": ("blocks.*.hook_resid_post", STATE),
}  # fmt: skip
"""Point -> sites that are read there, if the configuration names none."""


KNOWN = ("target", "colon", "equals", *(f"a{digit}" for digit in range(1, 7)), "last")
"""Points of counting, of addition with up to six digits, and of grammars."""


class InputSettings(Settings):
    """The inputs among which preimages are found."""

    longest: PositiveInt = 12
    """Symbols of the longest prefix of a grammar; a task says itself how long its inputs are."""
    enumerated: int = Field(400_000, ge=1, le=2_000_000)
    """Inputs that are enumerated at most, so that preimages are exact."""
    sample: int = Field(50_000, ge=100, le=2_000_000)
    """Random inputs among which preimages are searched for, where there are more."""


class InversionSettings(Settings):
    """Preimages of a run, and what their members share."""

    sites: dict[str, tuple[str, ...]] = Field(POINTS, min_length=1)
    """Point of an input -> patterns (fnmatch) of the sites that are read there. `target` and
    `colon` are of counting; `equals`, `a1`, `a2` ... of addition; `last` of a grammar."""
    compared: PositiveInt = 3
    """Members of a run that are read, the first ones; those that have not learned their task are
    left out."""
    inputs: InputSettings = InputSettings()
    """What is read."""
    queries: int = Field(64, ge=2)
    """Inputs whose preimages are found, drawn as they occur."""
    held_out: Share = 0.1
    """Share of the inputs whose activity the decoder is never told."""
    metrics: tuple[MetricName, ...] = Field(("euclidean", "cosine", "centred"), min_length=1)
    """Distances: `euclidean` over the length of the query's activity, as published for these tasks;
    `cosine`, one minus the cosine; `centred`, as euclidean after the mean activity is taken
    away."""
    radius: Radius = 0.1
    """Of the balls that are drawn from, patched and judged, euclidean; as published."""
    radii: tuple[Radius, ...] = (0.05, 0.2, 0.5)
    """Further radii at which retention is measured, in every metric."""
    quantiles: tuple[Share, ...] = (0.001, 0.01)
    """Radii that hold this share of random inputs in a ball, on average over queries."""

    searched: PositiveInt = 4000
    """Random inputs among which balls are searched for at the point alone, and at any step."""

    @field_validator("sites")
    @classmethod
    def _known_points(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for point in value:
            if point not in KNOWN:
                known, hint = ", ".join(KNOWN), did_you_mean(point, KNOWN)
                raise ValueError(f"got the point {point!r}; must be one of {known}{hint}")
        return value

    @field_validator("metrics")
    @classmethod
    def _euclidean_first(cls, value: tuple[MetricName, ...]) -> tuple[MetricName, ...]:
        if value[0] != "euclidean":
            raise ValueError(
                f"got {', '.join(value)}; must begin with euclidean, in which balls are drawn "
                "from, patched and judged"
            )
        return value

    @property
    def fixed(self) -> list[float]:
        """All radii that are set, in order."""
        return sorted({self.radius, *self.radii})
