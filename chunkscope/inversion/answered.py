"""Which inputs a network answers rightly."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.grammars import Corpus
from chunkscope.networks.network import Network
from chunkscope.networks.passes import passes


@torch.no_grad()
def answered(network: Network, corpus: Corpus) -> NDArray[np.bool_]:
    """(seed, input) whether each scored symbol is the likeliest, given all that is before it."""
    tokens, scored = corpus.tokens, corpus.scored
    asked = np.ones(tokens.shape, bool) if scored is None else scored
    right = np.empty((len(network.seeds), len(tokens)), bool)
    for rows in passes(network, tokens):
        symbols = torch.from_numpy(tokens[rows].astype(np.int64))
        likeliest = network(symbols[:, :-1]).logits.argmax(-1).cpu()
        left = torch.from_numpy(~asked[rows, 1:])
        right[:, rows] = ((likeliest == symbols[:, 1:]) | left).all(-1).numpy()
    return right
