"""One small corpus with its activations, and the writing of it, for the tests of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chunkscope.store import StoreWriter

N, TIME, UNITS = 23, 5, {"layers.0.hook_h": 4, "layers.0.hook_gate_i": 7}
SYMBOLS = list("abc")
SEEDS = (0, 3)
RNG = np.random.default_rng(7)
TOKENS = RNG.integers(0, 3, (N, TIME))
WORDS = RNG.integers(-1, 4, (N, TIME))
NEXT = RNG.dirichlet(np.ones(3), (N, TIME)).astype(np.float32)
SPLIT = RNG.integers(0, 2, N)
STATES = {
    (seed, site): RNG.standard_normal((N, TIME, units)).astype(np.float32)
    for seed in SEEDS
    for site, units in UNITS.items()
}
LOSS = RNG.random((N, TIME)).astype(np.float32)
LOSS[:, -1] = np.nan
CHUNK_MB = 0.0005  # five sequences of four units: several chunks, the last one short


def writer(path: Path, **changed: Any) -> StoreWriter:
    """A writer for the example's corpus."""
    corpus: dict[str, Any] = {
        "tokens": TOKENS,
        "symbols": SYMBOLS,
        "labels": {"word": WORDS, "position": np.zeros_like(WORDS)},
        "label_names": {"word": ["ab", "ba", "cc", "abc"]},
        "next_distribution": NEXT,
        "split": SPLIT,
        "attributes": {"config_hash": "c0ffee"},
        "chunk_mb": CHUNK_MB,
    }
    return StoreWriter(path, **{**corpus, **changed})


def fill(open_writer: StoreWriter, block: int = 4) -> None:
    """Write all seeds in blocks of ``block`` sequences."""
    for seed in SEEDS:
        open_writer.create(seed, UNITS)
        for first in range(0, N, block):
            rows = slice(first, first + block)
            states = {site: STATES[seed, site][rows] for site in UNITS}
            open_writer.write(seed, first, states, loss=LOSS[rows])


def write_example(path: Path, block: int = 4, **changed: Any) -> Path:
    """Write the example store whole."""
    with writer(path, **changed) as open_writer:
        fill(open_writer, block)
    return path
