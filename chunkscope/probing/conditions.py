"""What stands beside the probe of a trained network in every table of the study."""

from __future__ import annotations

import re
from collections.abc import Iterable

PROBE, UNTRAINED, ROTATED, SHUFFLED = "probe", "untrained", "rotated", "shuffled"
NETWORK_CONDITIONS = (PROBE, UNTRAINED, ROTATED, SHUFFLED)
"""Probes of a network: the trained one; the one before training; the trained one in a random
orthogonal basis; the trained one with the labels of the rows to fit shuffled."""

CEILING = "ceiling"
"""The ideal observer of a grammar: how likely the feature is, given all symbols so far."""

NATURAL, BALANCED = "natural", "balanced"
PREVALENCES = (NATURAL, BALANCED)
"""Prevalences that every probe is chosen, and measured, at: as the store has it, and as the rows
to fit are raised to."""


def lookup_name(m: int) -> str:
    """The condition that looks a feature up from the last ``m`` symbols."""
    return f"lookup {m}"


def lookups(conditions: Iterable[str]) -> list[str]:
    """Those of the conditions that look a feature up, the fewest symbols first."""
    found = [name for name in set(conditions) if re.fullmatch(r"lookup \d+", name)]
    return sorted(found, key=lambda name: int(name.split()[1]))
