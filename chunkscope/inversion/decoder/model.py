"""The conditional decoder: a small GPT that is told an activation and says inputs that give it.

As in InversionView (Huang et al., arXiv 2405.17653), one decoder serves all sites of a network: it
is told the activity and which site it is of, by one key and value in every layer that every step
can attend to; or nothing, as if that were one more site, and then says inputs at large. After the
last symbol of an input it says that it stops, so that what it says of inputs are probabilities:
those of all of them sum to 1.
"""

from __future__ import annotations

from math import sqrt
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import InversionError
from chunkscope.inversion.decoder.settings import DecoderSettings

MLP_RATIO, READER_RATIO, READER_BLOCKS = 4, 2, 3
Cache = list[tuple[Tensor, Tensor]]
"""Keys and values of every layer so far, (batch, head, slot, unit) each; the first slot is what the
decoder was told."""


def expanded(cache: Cache, batch: int) -> Cache:
    """The cache of one row, for so many that are told the same."""
    return [
        (keys.expand(batch, -1, -1, -1), values.expand(batch, -1, -1, -1)) for keys, values in cache
    ]


class Decoder(nn.Module):
    """See the module.

    Attributes:
        vocabulary: symbols of inputs; the one after them says that an input stops.
        longest: symbols of the longest input.
        sites: how many sites it is told activity of; the number after the last one is nothing.
        units: of the widest of them.
        mean, spread: (site, unit) what activity is standardised by.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self, settings: DecoderSettings, vocabulary: int, longest: int, sites: int, units: int
    ) -> None:
        super().__init__()
        width = settings.width
        self.vocabulary, self.longest, self.sites, self.units = vocabulary, longest, sites, units
        self.register_buffer("mean", torch.zeros(sites + 1, units))
        self.register_buffer("spread", torch.ones(sites + 1, units))
        self.begin = nn.Parameter(torch.randn(width) / sqrt(width))
        self.symbols = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(longest + 1, width) / sqrt(width))
        self.told = Reader(units + sites + 1, READER_RATIO * width)
        self.blocks = nn.ModuleList(Block(width, settings.heads) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(width)
        self.readout = nn.Linear(width, vocabulary + 1)

    @property
    def stop(self) -> int:
        """What it says after the last symbol."""
        return self.vocabulary

    @property
    def nothing(self) -> int:
        """Number of the site at which it is told nothing: activity of zeros."""
        return self.sites

    def widened(self, activity: NDArray[np.floating]) -> Tensor:
        """Activity (batch, unit) of a site, with zeros up to the units of the widest.

        Raises:
            InversionError: the site has more units than any that the decoder knows.
        """
        batch, units = activity.shape
        if units > self.units:
            raise InversionError(
                f"decoder: got activity of {units} units; must be at most {self.units}, those of "
                "the widest site that it was trained on"
            )
        wide = torch.zeros(batch, self.units)
        wide[:, :units] = torch.from_numpy(np.asarray(activity, np.float32))
        return wide

    def tell(self, activity: Tensor, site: Tensor) -> Cache:
        """A cache that holds nothing but what the decoder is told.

        Args:
            activity: (batch, unit); 0 beyond the units of a narrower site.
            site: (batch,) number of the site.
        """
        activity = (activity - self.mean[site]) / self.spread[site]
        which = functional.one_hot(site, self.sites + 1).to(activity)
        told = self.told(torch.cat([activity, which], dim=1))
        return [cast("Block", block).tell(told) for block in self.blocks]

    def forward(self, tokens: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """Logits (batch, time + 1, vocabulary + 1) of what comes at every step of an input, and
        after it.

        Args:
            tokens: (batch, time) inputs from their first symbol on.
            cache: what :meth:`tell` gave.
        """
        batch = len(tokens)
        begin = self.begin.expand(batch, 1, -1)
        return self._run(torch.cat([begin, self.symbols(tokens)], dim=1), cache)

    def first(self, cache: Cache) -> tuple[Tensor, Cache]:
        """Logits (batch, vocabulary + 1) of the first symbol, and a cache that goes on."""
        logits, cache = self._run(self.begin.expand(len(cache[0][0]), 1, -1), cache)
        return logits[:, 0], cache

    def following(self, symbols: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """Logits of what comes after ``symbols (batch,)``, and a cache that goes on."""
        logits, cache = self._run(self.symbols(symbols)[:, None], cache)
        return logits[:, 0], cache

    def _run(self, stream: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        past = cache[0][0].shape[2] - 1
        stream = stream + self.positions[past : past + stream.shape[1]]
        kept = []
        for block, before in zip(self.blocks, cache, strict=True):
            stream, after = block(stream, before)
            kept.append(after)
        return self.readout(self.norm(stream)), kept


class Reader(nn.Module):
    """What is told, read by an MLP with residual connections, once for all layers."""

    def __init__(self, told: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Linear(told, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, MLP_RATIO * width // 2),
                nn.GELU(),
                nn.Linear(MLP_RATIO * width // 2, width),
            )
            for _ in range(READER_BLOCKS)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, told: Tensor) -> Tensor:
        """(batch, unit) of what is told (batch, unit)."""
        stream = self.enter(told)
        for block in self.blocks:
            stream = stream + block(stream)
        return cast("Tensor", self.norm(stream))


class Block(nn.Module):
    """Attention to the steps so far and to what the decoder was told, and an MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.slot = nn.Linear(READER_RATIO * width, 2 * width)
        self.mlp = nn.Sequential(
            nn.Linear(width, MLP_RATIO * width), nn.GELU(), nn.Linear(MLP_RATIO * width, width)
        )

    def tell(self, told: Tensor) -> tuple[Tensor, Tensor]:
        """Key and value (batch, head, 1, unit) of what the decoder is told (batch, unit)."""
        key, value = (self._by_head(part) for part in self.slot(told)[:, None].chunk(2, dim=-1))
        return key, value

    def forward(
        self, stream: Tensor, cache: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The stream (batch, time, unit) that leaves the block, and its cache."""
        q, k, v = (self._by_head(part) for part in self.qkv(self.ln1(stream)).chunk(3, dim=-1))
        keys, values = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
        time, slots = q.shape[2], keys.shape[2]
        seen = None  # of one step: all that was before
        if time > 1:
            seen = torch.ones(time, slots, dtype=torch.bool, device=q.device).tril(slots - time)
        found = functional.scaled_dot_product_attention(q, keys, values, attn_mask=seen)
        stream = stream + self.out(found.transpose(1, 2).flatten(2))
        return stream + self.mlp(self.ln2(stream)), (keys, values)

    def _by_head(self, part: Tensor) -> Tensor:
        return part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
