"""Checks on probabilities and on words, shared by the grammars' validators.

They raise ``ValueError`` as pydantic asks, so that a config reports them under their key.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chunkscope.grammars.process import TOLERANCE

Text = Annotated[str, StringConstraints(min_length=1)]
"""At least one symbol; each character is a symbol."""

Probability = Annotated[float, Field(gt=0, le=1)]
"""Above 0, since what never happens is no part of a grammar."""


def check_total(distribution: dict[str, float]) -> dict[str, float]:
    """The distribution itself if it sums to 1, or is empty."""
    total = sum(distribution.values())
    if distribution and abs(total - 1) > TOLERANCE:
        raise ValueError(
            f"the probabilities of {', '.join(map(repr, distribution))} sum to {total:.12g}; "
            "they must sum to 1"
        )
    return distribution


Distribution = Annotated[dict[Text, Probability], AfterValidator(check_total)]
"""String -> probability; they sum to 1."""


def check_shadows(words: Collection[str], fillers: Collection[str], adjacent: bool) -> None:
    """Refuse a word that can be read as other words and fillers in a row.

    Such a word's occurrences would have two parses and no truth. One that is itself a filler
    stands for that filler and hides nothing.

    Args:
        words: the words of one vocabulary.
        fillers: what may stand between two words.
        adjacent: whether two words may follow each other with nothing between.
    """
    for word in words:
        others = [other for other in words if other != word and other not in fillers]
        reading = None if word in fillers else _read(word, others, fillers, adjacent, False)
        if reading:
            raise ValueError(
                f"word {word!r} is shadowed: it can also be read as {' + '.join(reading)}; "
                "remove one of them or choose other symbols"
            )


def _read(
    text: str, words: Collection[str], fillers: Collection[str], adjacent: bool, after_word: bool
) -> tuple[str, ...] | None:
    """The first way to write ``text`` as words and fillers, or None."""
    if not text:
        return ()
    for piece in (*fillers, *(() if after_word and not adjacent else words)):
        if text.startswith(piece):
            rest = _read(text[len(piece) :], words, fillers, adjacent, piece in words)
            if rest is not None:
                return (piece, *rest)
    return None
