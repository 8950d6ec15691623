"""What is true of every token of a text, from the characters that it covers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
"""A word: letters, digits and underscores without a gap; case does not count."""

NO_WORD, OTHER_WORD = "(none)", "(other)"

DOCTEST = re.compile(
    r"^(?P<indent>[^\S\n]*)>>>(?: .*)?(?:\n|\Z)"
    r"(?:(?P=indent)\.\.\.(?: .*)?(?:\n|\Z))*",
    re.MULTILINE,
)
"""The source of an example as Python's own doctest reads it: a prompt's line, and those after it
that begin with three dots. What it prints is not part of it: where that ends, nothing says."""

PRODUCTION = re.compile(
    r"^(?P<indent>[^\S\n]*)<?[\w-]+>?[^\S\n]*::=.*(?:\n|\Z)"
    r"(?:(?P=indent)[^\S\n]+\S.*(?:\n|\Z))*",
    re.MULTILINE,
)
"""A rule of a grammar in Backus-Naur form: ``name ::= ...``, and the lines after it that are
indented deeper."""

CLASSES = (
    "lower",
    "capitalised",
    "upper",
    "uncased",
    "digit",
    "punctuation",
    "mixed",
    "space",
    "newline",
)
"""Classes of a token's characters; spaces around other characters do not count."""

Labels = dict[str, NDArray[np.int32]]


def common_words(texts: Iterable[str], count: int) -> tuple[str, ...]:
    """The ``count`` commonest words, or as many as there are."""
    counts = Counter(word for text in texts for word in WORD.findall(text.casefold()))
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:count])


def label_tokens(text: str, spans: Sequence[tuple[int, int]], words: Sequence[str]) -> Labels:
    """The labels of a document's tokens.

    Args:
        spans: per token, its first character and the one after its last.
        words: words with an id of their own, by which they are numbered; then come all others,
            and then tokens outside words.

    Returns:
        Kind -> (time,) int32. ``word``: the first word that a token covers any of; ``position``:
        0-based token in that word, -1 outside; ``boundary``: 1 where a word begins;
        ``character_class``: index into ``CLASSES``; ``line_start``: 1 where a line's first
        character that is no space lies; ``doctest`` and ``production``: 1 where a token's first
        character that is no space (of blank ones, the first) lies in a ``DOCTEST`` or in a
        ``PRODUCTION``, whose first lines count from after their indentation.
    """
    starts, ends = np.array(spans, np.int64).reshape(-1, 2).T
    found = list(WORD.finditer(text))
    which = _first_word(starts, ends, found)
    inside = which >= 0
    boundary = inside & (np.diff(which, prepend=-1) != 0)
    begun = np.maximum.accumulate(np.where(boundary, np.arange(len(which)), 0))
    ids = {word: at for at, word in enumerate(words)}
    word_ids = np.array([ids.get(m[0].casefold(), len(words)) for m in found] + [len(words) + 1])
    begins = np.array([_first_character(text, *span) for span in spans], np.int64)
    labels = {
        "word": word_ids[which],  # -1 is the last, outside words
        "position": np.where(inside, np.arange(len(which)) - begun, -1),
        "boundary": boundary,
        "character_class": [character_class(text[start:end]) for start, end in spans],
        "line_start": _line_starts(text, ends),
        "doctest": _within(DOCTEST, text, begins),
        "production": _within(PRODUCTION, text, begins),
    }
    return {kind: np.asarray(values).astype(np.int32) for kind, values in labels.items()}


@lru_cache(maxsize=100_000)
def character_class(piece: str) -> int:
    """Index into ``CLASSES`` of the characters of one token."""
    core = piece.strip()
    if not core:
        kind = "newline" if "\n" in piece else "space"
    elif not any(map(str.isalnum, core)):
        kind = "punctuation"
    elif core.isdigit():
        kind = "digit"
    elif not core.isalpha():
        kind = "mixed"
    elif core.lower() == core.upper():
        kind = "uncased"
    elif core.islower():
        kind = "lower"
    elif core.isupper():
        kind = "upper"
    else:
        kind = "capitalised" if core.istitle() else "mixed"
    return CLASSES.index(kind)


def _first_word(
    starts: NDArray[np.int64], ends: NDArray[np.int64], words: Sequence[re.Match[str]]
) -> NDArray[np.int64]:
    """(time,) index of the first word that each token covers any of; -1 where it covers none."""
    begins = np.array([word.start() for word in words] + [np.iinfo(np.int64).max])
    stops = np.array([word.end() for word in words])
    first = np.searchsorted(stops, starts, side="right")  # the first that ends after the start
    return np.where(begins[first] < ends, first, -1)


def _line_starts(text: str, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    firsts = [match.start(1) for match in re.finditer(r"^[^\S\n]*(\S)", text, re.MULTILINE)]
    starts = np.zeros(len(ends) + 1, bool)  # the last place takes what no token covers
    starts[np.searchsorted(ends, firsts, side="right")] = True
    return starts[:-1]


def _first_character(text: str, start: int, end: int) -> int:
    """Where a token's first character is that is no space; of a blank token, its start."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()) if piece.strip() else start


def _within(pattern: re.Pattern[str], text: str, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(place,) whether a match covers it, its indentation not counted."""
    spans = [(match.end("indent"), match.end()) for match in pattern.finditer(text)]
    starts, ends = np.array([(-1, -1), *spans], np.int64).T
    return places < ends[np.searchsorted(starts, places, side="right") - 1]
