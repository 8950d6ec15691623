"""What a network's units do, read while it runs rather than from a store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from chunkscope.networks.network import Network
from chunkscope.networks.passes import passes
from chunkscope.networks.training import cross_entropy
from chunkscope.neurons.excerpts import Tokens, Values
from chunkscope.neurons.explainers.patterns import Activate


@torch.no_grad()
def run_over(
    network: Network, tokens: Tokens, sites: Sequence[str]
) -> tuple[dict[str, Values], float]:
    """Site -> (sequence, time, unit), and the mean loss on the next symbol (nats).

    Args:
        network: an ensemble of one.
        tokens: (sequence, time).
    """
    parts: dict[str, list[Values]] = {site: [] for site in sites}
    nats = 0.0
    for rows in passes(network, tokens):
        symbols = torch.from_numpy(tokens[rows].astype(np.int64))
        output = network(symbols, record=sites)
        for site in sites:
            parts[site].append(output.activations[site][0].cpu().numpy())
        targets = symbols[None, :, 1:].to(output.logits.device)
        nats += float(cross_entropy(output.logits[:, :, :-1], targets).double().sum())
    predicted = tokens[:, 1:].size
    return {site: np.concatenate(of) for site, of in parts.items()}, nats / predicted


def asker(network: Network, site: str) -> Activate:
    """How a network of one member is asked what the units of ``site`` do after prompts."""

    @torch.no_grad()
    def activate(prompts: Tokens) -> Values:
        output = network(torch.from_numpy(prompts.astype(np.int64)), record=[site])
        did: Values = output.activations[site][0, :, -1].cpu().numpy()
        return did

    return activate
