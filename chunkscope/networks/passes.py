"""Sequences that a network reads at once, which bounds the memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chunkscope.networks.network import Network

SYMBOLS_PER_PASS = 20_000  # sequences x time
LOGITS_PER_PASS = 40_000_000  # and, where the vocabulary is large, so does this


def passes(network: Network, tokens: NDArray[np.integer]) -> Iterator[slice]:
    """The rows of ``tokens (sequence, time)`` that the network reads in one pass after another."""
    sequences, time = tokens.shape
    symbols = min(SYMBOLS_PER_PASS, LOGITS_PER_PASS // network.vocabulary)
    rows = max(1, symbols // time)
    for first in range(0, sequences, rows):
        yield slice(first, min(first + rows, sequences))
