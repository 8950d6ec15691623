"""What a decoder says of whole inputs: their exact probability, and draws."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from chunkscope.inversion.decoder.model import Cache, Decoder


def log_likelihood(decoder: Decoder, tokens: Tensor, length: Tensor, cache: Cache) -> Tensor:
    """(batch,) log q(input | activity) in nats, its stop included.

    Args:
        tokens: (batch, time); what stands beyond the length does not matter.
        length: (batch,) symbols of each.
        cache: what :meth:`Decoder.tell` gave.
    """
    logits, _ = decoder(tokens, cache)
    steps = torch.arange(logits.shape[1], device=tokens.device)
    said = functional.pad(tokens, (0, 1))
    said = torch.where(steps == length[:, None], decoder.stop, said)
    nats = functional.cross_entropy(logits.transpose(1, 2), said, reduction="none")
    return -(nats * (steps <= length[:, None])).sum(1)


@torch.no_grad()
def sample(
    decoder: Decoder, cache: Cache, temperature: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """An input for every row of a cache.

    Args:
        temperature: logits are divided by it; 1 draws from what the decoder says.

    Returns:
        (batch, longest) symbols, 0 beyond the length; (batch,) length, one more than the longest
        where the decoder did not stop.
    """
    batch, longest = len(cache[0][0]), decoder.longest
    tokens = torch.zeros(batch, longest, dtype=torch.long, device=cache[0][0].device)
    length = torch.full((batch,), longest + 1, device=tokens.device)
    logits, cache = decoder.first(cache)
    for step in range(longest + 1):
        shares = torch.softmax(logits / temperature, dim=1)
        symbol = torch.multinomial(shares, 1, generator=generator)[:, 0]
        going = length > longest
        length[going & (symbol == decoder.stop)] = step
        if step == longest or not (length > longest).any():
            break
        symbol = torch.where(length > longest, symbol, 0)
        tokens[:, step] = symbol
        logits, cache = decoder.following(symbol, cache)
    return tokens, length
