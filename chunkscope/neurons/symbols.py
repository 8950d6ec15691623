"""Symbols as a person reads them."""

from __future__ import annotations

from tokenizers.decoders import ByteLevel

BYTES = ByteLevel()
NO_CHARACTER = "\ufffd"
WRITTEN = str.maketrans({"\u0120": " ", "\u010a": "\n", "\u2581": " "})
"""What tokenizers write for a space and a line break -> what it stands for."""


def readable(symbol: str) -> str:
    """A symbol as the text has it, in place of what a tokenizer writes for bytes and spaces.

    Bytes that are only a part of a character stay as they are written, as do symbols that stand
    for no bytes.
    """
    text = BYTES.decode([symbol])
    return (symbol if NO_CHARACTER in text else text).translate(WRITTEN)
