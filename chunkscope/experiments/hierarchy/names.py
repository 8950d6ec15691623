"""What the tables of the experiment call their readings and measures. Imports nothing."""

from __future__ import annotations

TRAINED, UNTRAINED, MATCHED = "trained", "untrained", "memory-matched"
"""Networks: trained, before training, and before training but with the trained one's memory."""
NETWORKS = (TRAINED, UNTRAINED, MATCHED)
SYMBOLS, WINDOWS, TRUTH = "symbols", "last symbols", "truth"
"""What needs no network: the raw symbols, a look-up of the last few, and the corpus itself."""

PARSE_LENGTH = "parse_length"
ENTROPY_RATE = "entropy_rate"
RADIUS = "radius"
EXCESS = {
    UNTRAINED: "trained - untrained",
    MATCHED: "trained - memory-matched",
}
"""Control -> what the trained network has more than it, network by network."""

DEFAULT = "default"
"""The way to merge that the settings give, among its variants."""
