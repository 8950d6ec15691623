"""The store against ``np.save`` and ``np.load``: what checksums, a manifest and verifying cost.

Ours writes, reads everything back and compares checksums; NumPy writes bytes and trusts them. In
CPU seconds: ours also waits for the disk (fsync), which says more of the disk than of the code.
Aim: at most 10x (write) and 5x (read) slower.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from paired import paired

from chunkscope.store import ActivationStore, Codec, StoreWriter

SHAPE = (5000, 100, 24)
SITE = "layers.0.hook_h"
BLOCK = 20_000 // SHAPE[1]  # sequences that recording runs, and writes, at once
RUNS = 9


def run() -> list[dict[str, str | float | int]]:
    """One row for writing and one for reading, with every codec."""
    states = np.tanh(np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        array, store = Path(folder) / "states.npy", Path(folder) / "activations.zarr.zip"
        for codec in get_args(Codec):
            ways = partial(write, store, states, codec), partial(np.save, array, states)
            rows.append(_row(f"store write, {codec}", "np.save", *paired(*ways, RUNS)))
            ways = partial(read, store), partial(np.load, array)
            rows.append(_row(f"store read, {codec}", "np.load", *paired(*ways, RUNS)))
    return rows


def write(path: Path, states: np.ndarray, codec: Codec) -> None:
    """Stream the states into a store, as recording does."""
    tokens = np.zeros(SHAPE[:2], dtype=np.int32)
    loss = np.zeros(SHAPE[:2], dtype=np.float32)
    with StoreWriter(path, tokens=tokens, symbols="a", codec=codec) as writer:
        writer.create(0, {SITE: SHAPE[-1]})
        for first in range(0, SHAPE[0], BLOCK):
            rows = slice(first, first + BLOCK)
            writer.write(0, first, {SITE: states[rows]}, loss=loss[rows])


def read(path: Path) -> np.ndarray:
    """Open the store and read the one site."""
    with ActivationStore.open(path) as store:
        return store.activations(0, SITE)


def _row(
    benchmark: str, other: str, ours_s: float, other_s: float, ratio: float
) -> dict[str, str | float | int]:
    return {
        "benchmark": benchmark,
        "size": f"{' x '.join(map(str, SHAPE))} float32 (48 MB)",
        "ours_s": round(ours_s, 4),
        "other": other,
        "other_s": round(other_s, 4),
        "ratio": round(ratio, 3),
        "runs": RUNS,
    }


if __name__ == "__main__":
    for row in run():
        print(*row.values(), sep=", ")
