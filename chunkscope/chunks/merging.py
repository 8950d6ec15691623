"""Chunks: recurring paths of states, found by merging while the description gets shorter.

The stream of labels is coded by a dictionary of units: each unit costs ``-log2`` of its frequency
in the parse, and each dictionary entry costs the letters that spell it plus half a ``log2 n`` for
its frequency (two-part minimum description length: Rissanen 1978; de Marcken 1996 for dictionaries
of nested units). The best adjacent pair is merged again and again until no merge pays. Over raw
symbols the same procedure is byte-pair encoding with a stopping rule.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from chunkscope.chunks.extractors.base import NOISE
from chunkscope.errors import ExtractionError

Stream = NDArray[np.int64]

GAP = -2  # stands between sequences; like NOISE, it merges with nothing


class ChunkMerger(BaseEstimator):
    """Merges labels into chunks.

    Example:
        >>> merger = ChunkMerger().fit(labels)      # labels (sequence, time), -1 is noise
        >>> merger.chunks_[7]                       # the states that chunk 7 runs through
        >>> units, boundary = merger.parse(labels)  # each (sequence, time)

    Attributes after ``fit``:
        n_labels_: units below are single labels, units from here on are chunks.
        chunks_: the label path of every unit, single labels first, then merges in order.
        merges_: (merge, 2) units joined by each merge.
        savings_: (merge,) bits that each merge saved on the training stream.
        counts_: (unit,) occurrences in the parse of the training stream.
    """

    def __init__(
        self,
        *,
        min_count: int = 10,
        min_saving: float = 0.0,
        max_length: int = 32,
        self_merge: bool = False,
    ) -> None:
        self.min_count = min_count
        self.min_saving = min_saving
        self.max_length = max_length
        self.self_merge = self_merge

    def fit(
        self, labels: NDArray[np.integer], y: None = None, *, n_labels: int | None = None
    ) -> ChunkMerger:
        """Find the chunks of ``labels (sequence, time)``.

        Args:
            n_labels: how many labels there are, occurring here or not; if not given, those up to
                the largest that occurs.
        """
        stream = _stream(labels)
        self.n_labels_ = int(stream.max(initial=-1)) + 1 if n_labels is None else n_labels
        chunks: list[tuple[int, ...]] = [(label,) for label in range(self.n_labels_)]
        merges: list[tuple[int, int]] = []
        savings: list[float] = []
        while (best := self._best_pair(stream, chunks)) is not None:
            first, second, saving = best
            stream = _join(stream, first, second, len(chunks))
            chunks.append(chunks[first] + chunks[second])
            merges.append((first, second))
            savings.append(saving)
        self.chunks_ = chunks
        self.merges_ = np.array(merges, dtype=np.int64).reshape(-1, 2)
        self.savings_ = np.array(savings, dtype=np.float64)
        self.counts_ = np.bincount(stream[stream >= 0], minlength=len(chunks))
        return self

    def parse(self, labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Segment ``labels (sequence, time)`` by replaying the merges.

        Returns:
            units: (sequence, time) the unit each step belongs to (-1: noise).
            boundary: (sequence, time) whether a unit begins at the step.

        Raises:
            ExtractionError: a label is none of those fitted.
        """
        labels = labels.astype(np.int64)
        if labels.max(initial=-1) >= self.n_labels_:
            raise ExtractionError(
                f"labels: got label {labels.max()}; the merger was fitted on labels below "
                f"{self.n_labels_}; fit it on the stream of the same extractor"
            )
        stream = _stream(labels)
        for new, (first, second) in enumerate(self.merges_, start=self.n_labels_):
            stream = _join(stream, int(first), int(second), new)
        lengths = np.array([len(chunk) for chunk in self.chunks_], dtype=np.int64)
        units = stream[stream != GAP]
        spans = np.append(lengths, 1)[units]  # noise, -1, is one step long
        boundary = np.zeros(labels.size, dtype=bool)
        boundary[np.cumsum(spans) - spans] = True
        return np.repeat(units, spans).reshape(labels.shape), boundary.reshape(labels.shape)

    def _best_pair(
        self, stream: Stream, chunks: list[tuple[int, ...]]
    ) -> tuple[int, int, float] | None:
        """The pair whose merge saves most bits, or None where none pays."""
        first, second, count = _count_pairs(stream, len(chunks))
        allowed = count >= self.min_count
        if not self.self_merge:
            allowed &= first != second
        lengths = np.array([len(chunk) for chunk in chunks])
        allowed &= lengths[first] + lengths[second] <= self.max_length
        if not allowed.any():
            return None
        first, second, count = first[allowed], second[allowed], count[allowed]
        occurrences = np.bincount(stream[stream >= 0], minlength=len(chunks))
        noise = int((stream == NOISE).sum())
        spelling = (lengths[first] + lengths[second]) * np.log2(self.n_labels_ + 1)
        saving = _data_saving(first, second, count, occurrences, noise) - spelling
        best = int(saving.argmax())
        if saving[best] <= self.min_saving:
            return None
        return int(first[best]), int(second[best]), float(saving[best])


def _stream(labels: NDArray[np.integer]) -> Stream:
    """All sequences in one line with a gap after each."""
    gap = np.full((len(labels), 1), GAP, dtype=np.int64)
    return np.concatenate([labels.astype(np.int64), gap], axis=1).ravel()


def _matches(stream: Stream, first: int, second: int) -> NDArray[np.int64]:
    """Where the pair stands, left to right without overlap."""
    at = np.flatnonzero((stream[:-1] == first) & (stream[1:] == second))
    if first != second or not at.size:
        return at
    run = np.cumsum(np.r_[True, np.diff(at) != 1])
    start = np.r_[0, np.flatnonzero(np.diff(run)) + 1][run - 1]
    return at[(np.arange(at.size) - start) % 2 == 0]


def _join(stream: Stream, first: int, second: int, new: int) -> Stream:
    """The stream with unit ``new`` wherever the pair stood."""
    at = _matches(stream, first, second)
    joined = stream.copy()
    joined[at] = new
    return np.delete(joined, at + 1)


def _count_pairs(stream: Stream, units: int) -> tuple[Stream, Stream, Stream]:
    """First unit, second unit and count of every adjacent pair of units."""
    left, right = stream[:-1], stream[1:]
    whole = (left >= 0) & (right >= 0)
    pairs, count = np.unique(left[whole] * units + right[whole], return_counts=True)
    first, second = pairs // units, pairs % units
    for i in np.flatnonzero(first == second):
        count[i] = _matches(stream, int(first[i]), int(second[i])).size
    return first, second, count


def _data_saving(
    first: Stream, second: Stream, count: Stream, occurrences: Stream, noise: int
) -> NDArray[np.float64]:
    """Bits saved in the parse, less the half ``log2 n`` of one more frequency.

    The parse of n units with frequencies c costs ``n log2 n - sum c log2 c``.
    """
    total = occurrences.sum() + noise
    same = first == second
    left = occurrences[first]
    right = occurrences[second]
    before = _xlog2x(total) - _xlog2x(left) - np.where(same, 0.0, _xlog2x(right))
    left_after = left - np.where(same, 2 * count, count)
    right_after = np.where(same, 0, right - count)
    after = _xlog2x(total - count) - _xlog2x(left_after) - _xlog2x(right_after) - _xlog2x(count)
    return before - after - 0.5 * np.log2(total)


def _xlog2x(count: NDArray[np.integer] | int) -> NDArray[np.float64]:
    count = np.asarray(count, dtype=np.float64)
    return count * np.log2(np.maximum(count, 1.0))
