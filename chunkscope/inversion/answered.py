"""Which inputs a network answers rightly."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.grammars import Corpus
from chunkscope.networks.network import Network

SYMBOLS_PER_PASS = 20_000  # inputs x time run at once, which bounds memory


@torch.no_grad()
def answered(network: Network, corpus: Corpus) -> NDArray[np.bool_]:
    """(seed, input) whether each scored symbol is the likeliest, given all that is before it."""
    tokens, scored = corpus.tokens, corpus.scored
    asked = np.ones(tokens.shape, bool) if scored is None else scored
    size = max(1, SYMBOLS_PER_PASS // tokens.shape[1])
    right = np.empty((len(network.seeds), len(tokens)), bool)
    for first in range(0, len(tokens), size):
        rows = slice(first, first + size)
        symbols = torch.from_numpy(tokens[rows].astype(np.int64))
        likeliest = network(symbols[:, :-1]).logits.argmax(-1).cpu()
        left = torch.from_numpy(~asked[rows, 1:])
        right[:, rows] = ((likeliest == symbols[:, 1:]) | left).all(-1).numpy()
    return right
