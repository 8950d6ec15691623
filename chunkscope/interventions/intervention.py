"""One change of one site, independent of the network and of the method that chose it.

With strength ``s``, on the chosen units, at the chosen steps:

=========  ==========================  =======================================
kind       h' =                        value ``v``
=========  ==========================  =======================================
graft      h + s (v - h)               another state, needed
steer      h + s v                     a direction, needed
ablate     (1 - s) h + s v             0 if None, or say a mean
freeze     (1 - s) h + s h'_before     none: the site's own value one step before
=========  ==========================  =======================================

A freeze of strength 1 over successive steps so holds the value from before the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InterventionError, did_you_mean

Kind = Literal["graft", "freeze", "ablate", "steer"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, eq=False)
class Intervention:
    """A change of one site; see the module for the formulas.

    Example:
        >>> Intervention("graft", "layers.0.hook_h", value=state_after_a)

    Args:
        kind: what is done.
        site: where, e.g. ``layers.0.hook_h``.
        units: (unit,) bool, or (sequence, unit) where sequences differ; all units if None.
        value: (unit,), or (sequence, unit) where sequences differ.
        when: steps of the pass at which it acts; 0 is the first.
        strength: 0 changes nothing, 1 is the whole change.

    Raises:
        InterventionError: an unknown kind, a value that is missing or too much, or a number
            that is not finite.
    """

    kind: Kind
    site: str
    units: NDArray[np.bool_] | None = None
    value: NDArray[np.floating] | None = None
    when: tuple[int, ...] = (0,)
    strength: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InterventionError(
                f"intervention at {self.site}: kind: got {self.kind!r}; must be one of "
                f"{', '.join(KINDS)}{did_you_mean(self.kind, KINDS)}"
            )
        if self.value is None and self.kind in ("graft", "steer"):
            raise InterventionError(f"{self}: value: got None; a {self.kind} needs one")
        if self.value is not None and self.kind == "freeze":
            raise InterventionError(f"{self}: value: a freeze holds the site's own; give None")
        if self.value is not None and not np.isfinite(self.value).all():
            raise InterventionError(f"{self}: value: got a NaN or infinite number")
        if not (np.isfinite(self.strength) and self.strength >= 0):
            raise InterventionError(
                f"{self}: strength: got {self.strength}; must be finite and at least 0"
            )

    def __str__(self) -> str:
        return f"{self.kind} at {self.site}"

    @property
    def keep(self) -> float:
        """Factor of the activity as computed."""
        return 1.0 if self.kind == "steer" else 1.0 - self.strength

    @property
    def hold(self) -> float:
        """Factor of the activity one step before."""
        return self.strength if self.kind == "freeze" else 0.0


Combination = tuple[Intervention, ...]
"""Interventions applied together, in order; the empty one leaves the network alone."""
