"""Whether a network has learned its task: of one that has not, nothing is read."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.grammars import Inputs
from chunkscope.networks.network import Network

SYMBOLS_PER_PASS = 20_000  # inputs x time run at once, which bounds memory


@torch.no_grad()
def answered(network: Network, inputs: Inputs) -> NDArray[np.bool_]:
    """(seed, input) whether each scored symbol is the likeliest, given all that is before it."""
    size = max(1, SYMBOLS_PER_PASS // inputs.tokens.shape[1])
    right = np.empty((len(network.seeds), len(inputs)), bool)
    for first in range(0, len(inputs), size):
        rows = slice(first, first + size)
        tokens = torch.from_numpy(inputs.tokens[rows].astype(np.int64))
        likeliest = network(tokens[:, :-1]).logits.argmax(-1).cpu()
        asked = torch.from_numpy(inputs.scored[rows, 1:])
        right[:, rows] = ((likeliest == tokens[:, 1:]) | ~asked).all(-1).numpy()
    return right
