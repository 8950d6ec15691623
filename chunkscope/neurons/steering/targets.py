"""What a network is steered by, at every step of a prompt: a unit or a state, and what stands in
its place.

A unit is held at a value, whatever it would do. With a state, all units of the site go a part of
the way from what they do to what they do on average in that state; above strength 1 they go beyond
it. Nothing is clipped: a strength above 1, or a direction drawn at random, can make units negative
that never are by themselves, such as those of a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import NeuronError
from chunkscope.interventions.conditions import TARGET
from chunkscope.interventions.intervention import Combination, Intervention
from chunkscope.neurons.excerpts import Values

ANOTHER, DIRECTION, ZERO = "another", "random direction", "zero"
CONDITIONS = (TARGET, ANOTHER, DIRECTION, ZERO)
"""The target itself; another unit held at the same value, or a state seen at a random step; the
target's change of activity, turned to a random direction; the unit, or all units, held at 0."""

VERY_ACTIVE = 99  # percentile, among the steps at which a unit is above 0: its strength 1


@dataclass(frozen=True, eq=False)
class Target:
    """A unit or a state of one site.

    Attributes:
        kind: which of both.
        index: which unit of the site, or which state of the dictionary.
        site: where.
        units: (unit,) bool, those that are changed.
        value: (unit,) what they are led to at strength 1.
    """

    kind: Literal["unit", "state"]
    index: int
    site: str
    units: NDArray[np.bool_]
    value: Values

    def way(self, strength: float) -> tuple[float, Values]:
        """The share of the way that activity goes, and (unit,) where to."""
        return (1.0, strength * self.value) if self.kind == "unit" else (strength, self.value)

    def led(self, strength: float, time: int) -> Combination:
        """The change of all ``time`` steps of a prompt."""
        share, goal = self.way(strength)
        steps = tuple(range(time))
        return (Intervention("graft", self.site, self.units, goal, steps, share),)


def unit_targets(site: str, values: Values, units: Iterable[int]) -> list[Target]:
    """Units by number; strength 1 is the 99th percentile of what each does where it is above 0.

    Args:
        values: (sequence, time, unit) what all units of the site do.

    Raises:
        NeuronError: a unit that the site does not have, or that is never above 0.
    """
    flat = values.reshape(-1, values.shape[-1])
    targets = []
    for unit in units:
        _check_index("unit", unit, flat.shape[1], site)
        active = flat[flat[:, unit] > 0, unit]
        if not len(active):
            raise NeuronError(
                f"steering at {site}: got unit {unit}, which is never above 0 in the "
                f"{len(flat)} steps given; choose units that are"
            )
        mask = np.arange(flat.shape[1]) == unit
        value = np.where(mask, np.percentile(active, VERY_ACTIVE), 0).astype(np.float32)
        targets.append(Target("unit", int(unit), site, mask, value))
    return targets


def state_targets(site: str, prototypes: Values, states: Iterable[int]) -> list[Target]:
    """States by number; strength 1 is the whole way to the prototype, of ``(state, unit)``.

    Raises:
        NeuronError: a state that there is not.
    """
    targets = []
    for state in states:
        _check_index("state", state, len(prototypes), site)
        value = prototypes[state].astype(np.float32)
        targets.append(Target("state", int(state), site, np.ones(len(value), bool), value))
    return targets


def spread_over_ranks(by: ArrayLike, wanted: int) -> NDArray[np.intp]:
    """At most so many of all, evenly spread from the one with the most of ``by`` to the least.

    Args:
        by: (item,) say scores of units, or how common states are; NaN where one is not to be
            chosen.
    """
    numbers = np.asarray(by, np.float64)
    ranked = np.argsort(-numbers, kind="stable")[: np.isfinite(numbers).sum()]
    places = np.linspace(0, len(ranked) - 1, min(wanted, len(ranked))).round().astype(np.intp)
    return ranked[places]


def conditions(
    target: Target,
    strengths: Sequence[float],
    own: Values,
    observed: Values,
    rng: np.random.Generator,
) -> Iterator[tuple[str, list[tuple[float, Combination]]]]:
    """Each of :data:`CONDITIONS` with its strengths and what to run.

    What is drawn for a target is the same on all prompts, at all steps and strengths, as the target
    is. Another unit's change is not quite as long as the target's, and a state seen at a random
    step is farther away than a mean; a random direction has exactly the target's length at every
    step. ``zero`` stands at strength 1 alone.

    Args:
        own: (prompt, time, unit) what the site does unsteered.
        observed: (state, unit) what it does at random steps.
    """
    time, other = own.shape[1], _another(target, observed, rng)
    turn = _draw_turn(target.units, rng)
    zero = Intervention("ablate", target.site, target.units, when=tuple(range(time)))
    yield TARGET, [(s, target.led(s, time)) for s in strengths]
    yield ANOTHER, [(s, other.led(s, time)) for s in strengths]
    yield DIRECTION, [(s, _turned(target, s, own, turn)) for s in strengths]
    yield ZERO, [(1.0, (zero,))]


def _another(target: Target, observed: Values, rng: np.random.Generator) -> Target:
    if target.kind == "state":
        return replace(target, value=observed[rng.integers(len(observed))])
    away = int(rng.integers(1, len(target.units)))
    return replace(target, units=np.roll(target.units, away), value=np.roll(target.value, away))


def _draw_turn(units: NDArray[np.bool_], rng: np.random.Generator) -> Values:
    """(unit, changed unit) orthonormal columns, uniform: where each changed unit's axis goes."""
    turn, triangle = np.linalg.qr(rng.standard_normal((len(units), int(units.sum()))))
    signed: Values = (turn * np.sign(np.diag(triangle))).astype(np.float32)
    return signed


def _turned(target: Target, strength: float, own: Values, turn: Values) -> Combination:
    """What the target adds at every step, turned; it differs by step, so each has its own."""
    share, goal = target.way(strength)
    added = share * (goal - own)[..., target.units] @ turn.T
    return tuple(
        Intervention("steer", target.site, value=added[:, step], when=(step,))
        for step in range(own.shape[1])
    )


def _check_index(kind: str, index: int, n: int, site: str) -> None:
    if not 0 <= index < n:
        raise NeuronError(f"steering at {site}: got {kind} {index}; must be one of 0..{n - 1}")
