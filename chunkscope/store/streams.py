"""The arrays of one seed while they are written: blocks of any size in, whole chunks out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

Block = NDArray[np.float32]


class ArrayStream:
    """One array, written chunk by chunk; at most one chunk waits to be whole.

    Attributes:
        array: ``(sequence, ...)``, where the chunks go.
        taken: How many sequences have come in.
    """

    def __init__(self, array: zarr.Array[Any]) -> None:
        self.array = array
        self.taken = 0
        self._written = 0
        self._chunk: Block | None = None  # made once a block does not end where a chunk does

    def chunk_ends(self, length: int) -> list[int]:
        """The sequences at which those chunks end that the next ``length`` sequences complete."""
        rows, total, last = self.array.chunks[0], self.array.shape[0], self.taken + length
        ends = list(range(self._written + rows, last + 1, rows))
        return [*ends, total] if last == total and total % rows else ends

    def emit(self, block: Block, end: int) -> None:
        """Write the chunk that ends at sequence ``end``, which lies within ``block``."""
        n_waiting = max(self.taken - self._written, 0)
        rows = block[max(self._written - self.taken, 0) : end - self.taken]
        if self._chunk is not None and n_waiting:
            self._chunk[n_waiting : n_waiting + len(rows)] = rows
            rows = self._chunk[: n_waiting + len(rows)]
        self.array[self._written : end] = rows
        self._written = end

    def keep(self, block: Block) -> None:
        """Put by what is left of ``block`` once its whole chunks are written."""
        n_waiting = max(self.taken - self._written, 0)
        rest = block[max(self._written - self.taken, 0) :]
        if len(rest):
            if self._chunk is None:
                self._chunk = np.empty(self.array.chunks, dtype=np.float32)
            self._chunk[n_waiting : n_waiting + len(rest)] = rest
        self.taken += len(block)


class ConstantUnits:
    """Which units have never changed so far."""

    def __init__(self, n_units: int) -> None:
        self.units = np.arange(n_units)
        self._value: NDArray[np.float32] | None = None

    def update(self, block: Block) -> None:
        """Forget the units that change within ``block``, ``(sequence, time, unit)``."""
        if self._value is None:
            self._value = block[0, 0].copy()
        # the first sequence rules out nearly every unit, so that the rest costs next to nothing
        for part in (block[:1], block[1:]):
            same = part[..., self.units] == self._value[self.units]
            self.units = self.units[same.all(axis=(0, 1))]


def advance(streams: Mapping[str, ArrayStream], blocks: Mapping[str, Block]) -> None:
    """Feed every stream its block, all of one length.

    Chunks are written in the order of their ends, then of the streams, so that the order does not
    depend on how the sequences were cut into blocks.
    """
    due = sorted(
        (end, place, name)
        for place, (name, stream) in enumerate(streams.items())
        for end in stream.chunk_ends(len(blocks[name]))
    )
    for end, _, name in due:
        streams[name].emit(blocks[name], end)
    for name, stream in streams.items():
        stream.keep(blocks[name])
