"""How the conditions of the probing study look, in every figure of it."""

from __future__ import annotations

from chunkscope.figures.style import BLUE, GREEN, GREY, ORANGE, Look
from chunkscope.probing.conditions import PROBE, ROTATED, SHUFFLED, UNTRAINED

PROBES = {
    PROBE: Look("units of the trained network", BLUE, "o"),
    UNTRAINED: Look("untrained network", ORANGE, "s"),
    ROTATED: Look("random rotation of the units", GREEN, "^"),
    SHUFFLED: Look("shuffled labels", GREY, "X"),
}
"""Condition -> its look; the order is that of the figures."""


def lookup_label(condition: str) -> str:
    """What a lookup is called in a legend."""
    m = int(condition.split()[1])
    return "lookup, present symbol" if m == 1 else f"lookup, last {m} symbols"


def words(kind: str) -> str:
    """The name of a kind, readable."""
    return kind.replace("_", " ")
