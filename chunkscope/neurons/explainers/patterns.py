"""Patterns of symbols at which a unit fires, found by asking the network (after Neuron to Graph).

Of each of a unit's top excerpts (Foote et al., arXiv 2305.19911, for transformers):

1. what stands before the most active symbol is cut to the shortest end that keeps :data:`KEEPS` of
   the activity,
2. every symbol of it is replaced by others; where the activity is lost on most, the symbol matters,
   and those others that keep it may stand there too; where it is not, anything may.

A pattern says of each place which symbols may stand there, or that any may, and what the unit does.
Shared ends make patterns a tree, the last symbol its root.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chunkscope.neurons.excerpts import NOTHING, Sample, Tokens, Values

Activate = Callable[[Tokens], Values]
"""(prompt, time) symbols -> (prompt, unit) what every unit does at the last of them."""

Places = tuple[frozenset[int] | None, ...]
"""Symbols that may stand at each place, the last place first; None is any."""

KEEPS = 0.5
PROMPTS = 4096  # that a network is asked about at once, which bounds the memory


@dataclass(frozen=True)
class Pattern:
    """Where a unit fires, and how much."""

    places: Places
    value: float


@dataclass(frozen=True)
class Patterns:
    """The patterns of all units.

    Attributes:
        elsewhere: (unit,) said where none matches: the least that the unit was seen to do.
        patterns: of every unit, the largest value first.
    """

    elsewhere: NDArray[np.float64]
    patterns: tuple[tuple[Pattern, ...], ...]

    @classmethod
    def explain(
        cls,
        sample: Sample,
        activate: Activate,
        substitutes: NDArray[np.int32],
        top: int = 3,
        reach: int = 4,
    ) -> Patterns:
        """Patterns of at most ``reach`` symbols, one of each of the first ``top`` excerpts.

        Args:
            sample: whose first excerpts are those in which a unit is most active.
            substitutes: (n,) symbols that are tried in each place.
        """
        units = sample.shape[0]
        elsewhere = np.where(sample.present, sample.values, np.inf).min((1, 2))
        owner, prompts = _ends(sample, top, reach)
        full = _asked(activate, prompts, owner)
        least = elsewhere[owner] + KEEPS * (full - elsewhere[owner])
        lengths = _shortest(activate, prompts, owner, least)
        found: list[list[Pattern]] = [[] for _ in range(units)]
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            ends = prompts[rows, -length:]
            places = _places(activate, ends, owner[rows], least[rows], substitutes)
            for row, where in zip(rows, places, strict=True):
                if full[row] > elsewhere[owner[row]]:
                    found[owner[row]].append(Pattern(where, float(full[row])))
        return cls(
            elsewhere.astype(np.float64),
            tuple(tuple(sorted(of, key=lambda one: -one.value)) for of in found),
        )

    def simulate(self, tokens: Tokens) -> Values:
        """(unit, excerpt, time) the largest value of the patterns that match."""
        said = np.broadcast_to(self.elsewhere[:, None, None], tokens.shape).astype(np.float32)
        for unit, patterns in enumerate(self.patterns):
            for pattern in reversed(patterns):  # the largest value has the last word
                said[unit][_matches(pattern.places, tokens[unit])] = pattern.value
        return said

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(unit,) symbols that the patterns of each unit name."""
        named = [
            sum(len(place) for one in of for place in one.places if place) for of in self.patterns
        ]
        return np.array(named, dtype=np.int64)

    def as_json(self, unit: int, symbols: Sequence[str]) -> dict[str, Any]:
        """The tree of one unit, the last symbol first."""
        root: dict[str, Any] = {}
        for pattern in self.patterns[unit]:
            node = root
            for place in pattern.places:
                node = node.setdefault("before", {}).setdefault(_written(place, symbols), {})
            node.setdefault("value", round(pattern.value, 6))
        return {"elsewhere": round(float(self.elsewhere[unit]), 6), **root}

    def sentence(self, unit: int, symbols: Sequence[str]) -> str:
        """What a person would say of one unit."""
        said = []
        for pattern in self.patterns[unit]:
            last, *before = (_written(place, symbols) for place in pattern.places)
            after = f" after {' '.join(reversed(before))}" if before else ""
            said.append(f"{last}{after} ({pattern.value:.2f})")
        return f"active on {'; '.join(dict.fromkeys(said))}" if said else "never seen active"


def _ends(sample: Sample, top: int, reach: int) -> tuple[NDArray[np.intp], Tokens]:
    """Owners (prompt,) and the ``reach`` symbols up to the most active one of their top excerpts.

    Excerpts in which it stands too early are left out.
    """
    units, excerpts, _ = sample.shape
    peaks = np.where(sample.present, sample.values, -np.inf)[:, :top, reach - 1 :].argmax(2)
    owner = np.repeat(np.arange(units), min(top, excerpts))
    excerpt = np.tile(np.arange(min(top, excerpts)), units)
    steps = peaks.ravel()[:, None] + np.arange(reach)
    prompts = sample.tokens[owner[:, None], excerpt[:, None], steps]
    whole = (prompts != NOTHING).all(1)
    return owner[whole], prompts[whole]


def _asked(activate: Activate, prompts: Tokens, owner: NDArray[np.intp]) -> NDArray[np.float32]:
    """(prompt,) what the owner of each does at its last symbol."""
    parts = [np.zeros(0, np.float32)]
    for at in range(0, len(prompts), PROMPTS):
        own = owner[at : at + PROMPTS]
        did = activate(prompts[at : at + PROMPTS])
        parts.append(did[np.arange(len(own)), own])
    return np.concatenate(parts)


def _shortest(
    activate: Activate, prompts: Tokens, owner: NDArray[np.intp], least: NDArray[np.floating]
) -> NDArray[np.intp]:
    """(prompt,) symbols of the shortest end that keeps the activity; all where none does."""
    lengths = np.full(len(prompts), prompts.shape[1])
    for length in range(prompts.shape[1] - 1, 0, -1):
        kept = _asked(activate, prompts[:, -length:], owner) >= least
        lengths[kept] = length
    return lengths


def _places(
    activate: Activate,
    ends: Tokens,
    owner: NDArray[np.intp],
    least: NDArray[np.floating],
    substitutes: NDArray[np.int32],
) -> list[Places]:
    """What may stand at each place of each end, the last place first."""
    n, length = ends.shape
    allowed: list[list[frozenset[int] | None]] = [[] for _ in range(n)]
    for place in range(length - 1, -1, -1):
        tried = np.repeat(ends, len(substitutes), axis=0)
        tried[:, place] = np.tile(substitutes, n)
        kept = _asked(activate, tried, np.repeat(owner, len(substitutes))).reshape(n, -1)
        keeps = kept >= least[:, None]
        other = substitutes != ends[:, place, None]
        for row in range(n):
            any_may = keeps[row][other[row]].mean() > KEEPS
            same = {int(ends[row, place]), *substitutes[keeps[row]].tolist()}
            allowed[row].append(None if any_may else frozenset(same))
    return [_trimmed(places) for places in allowed]


def _trimmed(places: Sequence[frozenset[int] | None]) -> Places:
    """Without the places at the far end at which any symbol may stand."""
    length = len(places)
    while length > 1 and places[length - 1] is None:
        length -= 1
    return tuple(places[:length])


def _matches(places: Places, tokens: Tokens) -> NDArray[np.bool_]:
    """(excerpt, time) where the pattern ends."""
    found = np.ones(tokens.shape, bool)
    for back, place in enumerate(places):
        there = np.zeros(tokens.shape, bool)
        stands = tokens[:, : tokens.shape[1] - back]
        there[:, back:] = stands != NOTHING if place is None else np.isin(stands, [*place])
        found &= there
    return found


def _written(place: frozenset[int] | None, symbols: Sequence[str]) -> str:
    if place is None:
        return "anything"
    return " or ".join(repr(symbols[token]) for token in sorted(place))
