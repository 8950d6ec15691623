"""Chunks as discrete sequence chunking (DSC) finds them: merging in rounds, parsing by look-up.

The vocabulary begins as the single states. In each of a few rounds the adjacent pairs of the
parsed sequence are counted, the commonest are joined and put into the vocabulary, and the sequence
is parsed again from its beginning, by the longest entry that matches (Wu et al., arXiv 2502.01803).
The authors' code for merging and parsing was not published; what their text leaves open are named
variants here. The other readings merge by :class:`chunkscope.chunks.merging.ChunkMerger`.

Inside, every label is one character, so that a sequence is a text and a chunk a piece of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from chunkscope.chunks.extractors.base import NOISE
from chunkscope.errors import ExtractionError

Piece = str
"""A run of labels, one character each."""

FIRST = 0x10000  # the character of label 0; those before it hold the marks
MOST_LABELS = 0x110000 - FIRST
NOISE_MARK, END_MARK = "-", "\n"  # noise, and the end of a sequence: they merge with nothing
MARKS = frozenset((NOISE_MARK, END_MARK))


class RoundMerger(BaseEstimator):
    """Merges labels into chunks in rounds.

    Example:
        >>> merger = RoundMerger().fit(labels)      # labels (sequence, time), -1 is noise
        >>> merger.chunks_[7]                       # the labels that unit 7 runs through
        >>> units, boundary = merger.parse(labels)  # each (sequence, time)

    The parameters are those of :class:`chunkscope.chunks.settings.RoundSettings`.

    Attributes after ``fit``:
        n_labels_: units below are single labels, units from here on are chunks.
        chunks_: the label path of every unit, single labels first, then chunks as they were found.
        merges_: (chunk, 2) units that each chunk joined.
        counts_: (unit,) occurrences in the parse of the training stream.
        rounds_: rounds that found a chunk.
    """

    def __init__(
        self,
        *,
        rounds: int | Literal["convergence"] = 6,
        top: int = 5,
        min_count: int = 10,
        self_merge: bool = True,
        pairs: Literal["overlapping", "disjoint"] = "overlapping",
        matching: Literal["longest", "last_listed", "replay"] = "longest",
    ) -> None:
        self.rounds = rounds
        self.top = top
        self.min_count = min_count
        self.self_merge = self_merge
        self.pairs = pairs
        self.matching = matching

    def fit(
        self, labels: NDArray[np.integer], y: None = None, *, n_labels: int | None = None
    ) -> RoundMerger:
        """Find the chunks of ``labels (sequence, time)``.

        Args:
            n_labels: how many labels there are, occurring here or not; if not given, those up to
                the largest that occurs.

        Raises:
            ExtractionError: there are more labels than characters.
        """
        self.n_labels_ = int(labels.max(initial=NOISE)) + 1 if n_labels is None else n_labels
        if self.n_labels_ > MOST_LABELS:
            raise ExtractionError(
                f"labels: got {self.n_labels_} labels; merging in rounds takes at most "
                f"{MOST_LABELS}; cut the units into fewer levels"
            )
        self._joined: dict[Piece, tuple[Piece, Piece]] = {}
        text = _text(labels)
        tokens, self.rounds_ = list(text), 0
        while self.rounds_ != self.rounds and (found := self._best_pairs(tokens)):
            self._joined |= found
            tokens = self._tokens(text)
            self.rounds_ += 1
        self._number_units(tokens)
        return self

    def parse(self, labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Segment ``labels (sequence, time)`` as the training stream was segmented.

        Returns:
            units: (sequence, time) the unit each step belongs to (-1: noise).
            boundary: (sequence, time) whether a unit begins at the step.

        Raises:
            ExtractionError: a label is none of those fitted.
        """
        if labels.max(initial=NOISE) >= self.n_labels_:
            raise ExtractionError(
                f"labels: got label {labels.max()}; the merger was fitted on labels below "
                f"{self.n_labels_}; fit it on the stream of the same extractor"
            )
        tokens = [token for token in self._tokens(_text(labels)) if token != END_MARK]
        units = np.array([self._unit_of.get(token, NOISE) for token in tokens], dtype=np.int64)
        spans = np.array([len(token) for token in tokens], dtype=np.int64)
        boundary = np.zeros(labels.size, dtype=bool)
        boundary[np.cumsum(spans) - spans] = True
        return np.repeat(units, spans).reshape(labels.shape), boundary.reshape(labels.shape)

    def _number_units(self, tokens: list[Piece]) -> None:
        """Single labels come first, then chunks; ``tokens`` are the training stream's parse."""
        pieces = [*(chr(FIRST + label) for label in range(self.n_labels_)), *self._joined]
        self._unit_of = {piece: unit for unit, piece in enumerate(pieces)}
        self.chunks_ = [tuple(ord(letter) - FIRST for letter in piece) for piece in pieces]
        joined = [[self._unit_of[part] for part in pair] for pair in self._joined.values()]
        self.merges_ = np.array(joined, dtype=np.int64).reshape(-1, 2)
        occurrences = Counter(tokens)
        self.counts_ = np.array([occurrences[piece] for piece in pieces], dtype=np.int64)

    def _best_pairs(self, tokens: list[Piece]) -> dict[Piece, tuple[Piece, Piece]]:
        """The new chunks of a round: what each is called, and the pair that it joins.

        Of pairs that are equally common, the one that occurs first comes first.
        """
        counts = Counter(pairwise(tokens))
        if self.pairs == "disjoint":
            counts = _count_runs_once(counts, tokens)
        found: dict[Piece, tuple[Piece, Piece]] = {}
        for pair, count in counts.most_common():
            if count < self.min_count or len(found) == self.top:
                break
            if self._may_join(*pair):
                found.setdefault("".join(pair), pair)
        return found

    def _may_join(self, first: Piece, second: Piece) -> bool:
        """Whether two units of a parse are neither marks nor, together, a chunk already."""
        if first in MARKS or second in MARKS or first + second in self._joined:
            return False
        return self.self_merge or first != second

    def _tokens(self, text: str) -> list[Piece]:
        """The parse of a text: its chunks, single letters and marks in their order."""
        if self.matching == "replay":
            return _replay(text, self._joined.values())
        if self.matching == "last_listed":
            return _match(text, reversed(self._joined))
        return _match(text, sorted(self._joined, key=len, reverse=True))


def _count_runs_once(
    counts: Counter[tuple[Piece, Piece]], tokens: list[Piece]
) -> Counter[tuple[Piece, Piece]]:
    """``counts`` in which a unit beside itself does not share its occurrences: 3 in a row are 1."""
    twice: Counter[tuple[Piece, Piece]] = Counter()
    for token, run in groupby(tokens):
        twice[token, token] += len(list(run)) // 2
    return Counter({pair: twice.get(pair, count) for pair, count in counts.items()})


def _match(text: str, pieces: Iterable[Piece]) -> list[Piece]:
    """``text`` cut up from its beginning, each time by the first of ``pieces`` that fits."""
    by_letter: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_letter.setdefault(piece[0], []).append(piece)
    tokens, at = [], 0
    while at < len(text):
        token = text[at]
        for piece in by_letter.get(token, ()):
            if text.startswith(piece, at):
                token = piece
                break
        tokens.append(token)
        at += len(token)
    return tokens


def _replay(text: str, pairs: Iterable[tuple[Piece, Piece]]) -> list[Piece]:
    """``text`` with one pair after the other joined wherever it stands, as it was found."""
    tokens = list(text)
    for pair in pairs:
        joined: list[Piece] = []
        for token in tokens:
            if joined and (joined[-1], token) == pair:
                joined[-1] += token
            else:
                joined.append(token)
        tokens = joined
    return tokens


def _text(labels: NDArray[np.integer]) -> str:
    """All sequences one after the other, with a mark after each."""
    letters = np.where(labels < 0, ord(NOISE_MARK), labels.astype(np.int64) + FIRST)
    ended = np.pad(letters, ((0, 0), (0, 1)), constant_values=ord(END_MARK))
    return ended.astype("<u4").tobytes().decode("utf-32-le")
