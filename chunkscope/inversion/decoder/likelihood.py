"""What a decoder says of whole inputs: their exact probability, and draws."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from chunkscope.inversion.decoder.model import Cache, Decoder

ROWS_PER_PASS = 2048  # inputs drawn at once: so few that their cache stays near


def symbol_log_likelihood(
    decoder: Decoder, tokens: Tensor, length: Tensor, cache: Cache, temperature: float = 1.0
) -> Tensor:
    """(batch, time + 1) log probability in nats of each symbol and then the stop; 0 beyond it.

    Args:
        tokens: (batch, time); what stands beyond the length does not matter.
        length: (batch,) symbols of each.
        cache: what :meth:`Decoder.tell` gave.
        temperature: logits are divided by it.
    """
    logits, _ = decoder(tokens, cache)
    steps = torch.arange(logits.shape[1], device=tokens.device)
    said = functional.pad(tokens, (0, 1))
    said = torch.where(steps == length[:, None], decoder.stop, said)
    nats = functional.cross_entropy(logits.transpose(1, 2) / temperature, said, reduction="none")
    return -nats * (steps <= length[:, None])


def log_likelihood(
    decoder: Decoder, tokens: Tensor, length: Tensor, cache: Cache, temperature: float = 1.0
) -> Tensor:
    """(batch,) log q(input | activity) in nats, its stop included; arguments as above."""
    return symbol_log_likelihood(decoder, tokens, length, cache, temperature).sum(1)


@torch.no_grad()
def draw(
    decoder: Decoder,
    activity: Tensor,
    site: Tensor,
    samples: int,
    temperature: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """So many inputs for every activity, many at a time.

    Args:
        activity, site: (query, unit) and (query,), as for :meth:`Decoder.tell`.
        samples, temperature: as for :func:`sample`.

    Returns:
        (query, sample, longest) symbols and (query, sample) length, as :func:`sample` has them.
    """
    together, found = max(1, ROWS_PER_PASS // samples), []
    for first in range(0, len(site), together):
        rows = slice(first, first + together)
        cache = [
            (keys.repeat_interleave(samples, 0), values.repeat_interleave(samples, 0))
            for keys, values in decoder.tell(activity[rows], site[rows])
        ]
        found.append(sample(decoder, cache, temperature, generator))
    tokens, length = (torch.cat(parts) for parts in zip(*found, strict=True))
    return tokens.unflatten(0, (len(site), samples)), length.unflatten(0, (len(site), samples))


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
    going = torch.arange(batch, device=cache[0][0].device)
    tokens = torch.zeros(batch, longest, dtype=torch.long, device=going.device)
    length = torch.full_like(going, longest + 1)
    logits, cache = decoder.first(cache)
    for step in range(longest + 1):
        shares = torch.softmax(logits / temperature, dim=1)
        symbol = torch.multinomial(shares, 1, generator=generator)[:, 0]
        goes_on = symbol != decoder.stop
        length[going[~goes_on]] = step
        if step == longest or not goes_on.any():
            break
        going, symbol = going[goes_on], symbol[goes_on]
        tokens[going, step] = symbol
        cache = [(keys[goes_on], values[goes_on]) for keys, values in cache]
        logits, cache = decoder.following(symbol, cache)
    return tokens, length
