"""Draws of a decoder, many queries at once with a cache, against one query at a time without.

A decoder of the default size says inputs of up to 18 symbols for 64 activations, 1,024 for each;
some of so many draws reach the end on both sides. Without a cache every step reads the input again
from its first symbol on. ``quality`` is the largest difference of a log odds between the two. CPU
seconds on one thread. Aim: at least 5x.
"""

from __future__ import annotations

from functools import partial

import torch
from paired import paired
from torch import Tensor

from chunkscope.inversion.decoder.likelihood import draw
from chunkscope.inversion.decoder.model import Decoder
from chunkscope.inversion.decoder.settings import DecoderSettings

QUERIES, SAMPLES, LONGEST, VOCABULARY, UNITS = 64, 1024, 18, 11, 32


def run() -> list[dict[str, str | float | int]]:
    """One row."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    decoder = Decoder(DecoderSettings(), VOCABULARY, LONGEST, 1, UNITS).eval()
    activity, site = torch.randn(QUERIES, UNITS), torch.zeros(QUERIES, dtype=torch.long)
    ours_s, other_s, ratio = paired(
        partial(draw, decoder, activity, site, SAMPLES, 1.0, torch.Generator()),
        partial(one_by_one, decoder, activity, site),
        runs=3,
    )
    return [
        {
            "benchmark": "draws from a decoder",
            "size": f"{QUERIES} queries x {SAMPLES} inputs of {LONGEST} symbols",
            "ours_s": ours_s,
            "other": "one query at a time, no cache",
            "other_s": other_s,
            "ratio": ratio,
            "runs": 3,
            "quality": difference(decoder, activity, site),
        }
    ]


@torch.no_grad()
def one_by_one(decoder: Decoder, activity: Tensor, site: Tensor) -> Tensor:
    """(query, sample, time) symbols, as if no input stopped before the longest."""
    generator, found = torch.Generator(), []
    for query in range(len(site)):
        told = activity[query].expand(SAMPLES, -1), site[query].expand(SAMPLES)
        tokens = torch.zeros(SAMPLES, 0, dtype=torch.long)
        for _ in range(LONGEST):
            logits, _ = decoder(tokens, decoder.tell(*told))
            shares = torch.softmax(logits[:, -1], dim=1)[:, :VOCABULARY]
            tokens = torch.cat([tokens, torch.multinomial(shares, 1, generator=generator)], dim=1)
        found.append(tokens)
    return torch.stack(found)


@torch.no_grad()
def difference(decoder: Decoder, activity: Tensor, site: Tensor) -> float:
    """The largest difference of a log odds, with the cache and without."""
    tokens = torch.randint(VOCABULARY, (QUERIES, LONGEST))
    whole, _ = decoder(tokens, decoder.tell(activity, site))
    logits, cache = decoder.first(decoder.tell(activity, site))
    apart = [(logits - whole[:, 0]).abs().max()]
    for step in range(LONGEST):
        logits, cache = decoder.following(tokens[:, step], cache)
        apart.append((logits - whole[:, step + 1]).abs().max())
    return float(torch.stack(apart).max())
