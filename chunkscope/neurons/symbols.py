"""Symbols as a person reads them."""

from __future__ import annotations

WRITTEN = str.maketrans({"\u0120": " ", "\u010a": "\n", "\u2581": " "})
"""What tokenizers write for a space and a line break -> what it stands for."""


def readable(symbol: str) -> str:
    """A symbol with spaces and line breaks in place of what a tokenizer writes for them."""
    return symbol.translate(WRITTEN)
