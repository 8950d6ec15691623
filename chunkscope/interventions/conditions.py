"""Conditions: the target intervention at every strength, and its controls at full strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chunkscope.interventions.controls import CONTROLS, Pairs, Values, draw_other_units
from chunkscope.interventions.intervention import Combination, Intervention, Kind

TARGET = "target"
NONE = "none"


@dataclass(frozen=True)
class Condition:
    """One row of a comparison, as the network is to run it.

    Attributes:
        kind: what is done.
        units: "all" or "constrained".
        control: ``target``, or the name of what stands in its place.
        strength: 0 for ``none``.
        combination: what to run.
        valid: (row, 1) or (row, lag) bool, where the condition is what it says.
    """

    kind: Kind
    units: str
    control: str
    strength: float
    combination: Combination
    valid: NDArray[np.bool_]


@dataclass(frozen=True)
class Builder:
    """Builds the conditions of one kind on one set of sites and units.

    Attributes:
        sites: changed together.
        units: "all" or "constrained".
        strengths: of the target.
        rng: for the controls.
    """

    sites: Sequence[str]
    units: str
    strengths: Sequence[float]
    rng: np.random.Generator

    def induce(
        self,
        kind: Kind,
        pairs: Pairs,
        differs: NDArray[np.bool_],
    ) -> list[Condition]:
        """Conditions of a graft or a steering.

        A graft sets the values themselves; steering adds what they are away from the mean
        activity, so that its identity adds nothing.

        Args:
            differs: (row, lag) where the wrong donor's target is not the donor's.
        """
        centre = pairs.centre if kind == "steer" else np.float32(0)
        values = {name: control(pairs, self.rng) - centre for name, control in CONTROLS.items()}
        if kind == "steer":
            values["identity"] = np.zeros_like(pairs.own)
        target = pairs.target - centre
        conditions = self._dose(kind, target, pairs.units)
        for name, value in values.items():
            control = self._condition(kind, name, 1.0, value, pairs.units)
            if name == "wrong donor":
                control = replace(control, valid=control.valid & differs)
            conditions.append(control)
        if self.units == "constrained":
            other = self._other(pairs.units)
            conditions.append(self._condition(kind, "random units", 1.0, target, other))
        return conditions

    def disrupt(self, kind: Kind, units: NDArray[np.bool_]) -> list[Condition]:
        """Conditions of a freeze or an ablation (to zero) of ``units`` (row, unit)."""
        conditions = self._dose(kind, None, units)
        if self.units == "constrained":
            other = self._other(units)
            conditions.append(self._condition(kind, "random units", 1.0, None, other))
        return conditions

    def _dose(self, kind: Kind, value: Values | None, units: NDArray[np.bool_]) -> list[Condition]:
        """The target at every strength, and no intervention."""
        dose = [self._condition(kind, TARGET, s, value, units) for s in self.strengths]
        return [*dose, replace(dose[0], control=NONE, strength=0.0, combination=())]

    def _condition(
        self,
        kind: Kind,
        control: str,
        strength: float,
        value: Values | None,
        units: NDArray[np.bool_],
    ) -> Condition:
        """Rows without a unit to change are not valid; without any such row, nothing is run."""
        valid = np.any(units, axis=1, keepdims=True)
        parts = np.split(units, len(self.sites), axis=1)
        values = [None] * len(parts) if value is None else np.split(value, len(parts), axis=1)
        combination = tuple(
            Intervention(kind, site, part, v, strength=strength)
            for site, part, v in zip(self.sites, parts, values, strict=True)
            if part.any()
        )
        return Condition(kind, self.units, control, strength, combination, valid)

    def _other(self, units: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """As many other units at every site; none at all where a site has too few."""
        parts = np.split(units, len(self.sites), axis=1)
        other = np.concatenate([draw_other_units(part, self.rng) for part in parts], axis=1)
        return other & (other.sum(axis=1) == units.sum(axis=1))[:, None]
