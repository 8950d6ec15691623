"""What the tables of the experiment call their conditions and readings. Imports nothing."""

from __future__ import annotations

UNTRAINED, TRAINED, SHUFFLED, MATCHED = "untrained", "trained", "shuffled", "matched"
"""Networks; :mod:`.study` says what each is."""
SYMBOLS, WINDOWS, TRUTH = "symbols", "last symbols", "truth"
"""What needs no network: the raw symbols, the last few of them, and the true parse."""

VECTOR, NOISY, STRINGS, DICTIONARY = "vector", "noisy vector", "strings", "dictionary"
"""Readings of a state: linear, linear under noise, strings of levels, HDBSCAN states."""
MAJORITY, LAST, IDEAL = "majority", "last {}", "ideal observer"
"""Readings of the symbols: none, the last so many, and all."""

ALL = "all"
"""As symbol, the mean over the shared symbols; as position, every position."""
