"""CRATE: a transformer whose blocks compress and sparsify, as a language model.

Bai & Ma (arXiv 2410.16443). A block first gathers in subspaces (MSSA): each head has one projection
U_k, which is its query, its key and its value,

    Z_half = Z + W [U_k' LN(Z) gathered by softmax of their own products] + b,

then codes what it has, x = LN(Z_half), in a dictionary D four times as wide as the stream, by a few
steps of ISTA from A = 0 towards the non-negative code that minimises |x - D A|^2 / 2 + lambda |A|_1
(``penalty``, with steps of ``step_size`` eta),

    A <- max(0, A + eta D' (x - D A) - eta lambda),

and goes on with what the code says, D A, in place of the stream: there is no residual around it.
The code's units are the counterpart of an MLP's hidden units, and stand at the same site
(``mlp.hook_post``). See :mod:`chunkscope.networks.transformer` for what both share.

Example:
    >>> crate = build(CRATESettings(layers=2, width=32, heads=2, context=64), 512, seeds=[0, 1])
    >>> crate(tokens, record=["blocks.*.mlp.hook_post"]).activations
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import torch
from torch import Tensor
from torch.nn import functional

from chunkscope.networks.gpt import Attention
from chunkscope.networks.network import Weights, linear, weights_under
from chunkscope.networks.settings import CRATESettings
from chunkscope.networks.sites import MLP_RATIO
from chunkscope.networks.taps import PassTap
from chunkscope.networks.transformer import (
    Block,
    Cache,
    Gathering,
    Transformer,
    draw_ends,
    draw_map,
    draw_norm,
)


class SubspaceAttention(Gathering):
    """Causal self-attention within subspaces (MSSA)."""

    weight_u: Tensor

    def forward(
        self, inputs: Tensor, heads: int, rotary: bool, cache: Cache, tap: PassTap, at: str
    ) -> tuple[Tensor, Cache]:
        """What attention adds to the stream, and the cache with the steps of this pass."""
        u = tap(f"{at}hook_u", linear(inputs, self.weight_u))
        z, cache = self.gather(u, u, u, heads, cache, rotary)
        return self.add(tap(f"{at}hook_z", z), heads, tap, at), cache


class SparseCode(Weights):
    """The code of an input in a dictionary, found by ISTA, and what it says."""

    dictionary: Tensor
    decoder: Tensor | None
    optional = ("decoder",)

    def forward(self, inputs: Tensor, settings: CRATESettings, tap: PassTap, at: str) -> Tensor:
        """What the code of ``inputs`` (seed, batch, time, unit) says, of the same shape."""
        eta, threshold = settings.step_size, settings.step_size * settings.penalty
        pre = eta * linear(inputs, self.dictionary.mT) - threshold  # of the first step, from A = 0
        for _ in range(settings.iterations - 1):
            code = functional.relu(pre)
            left = inputs - linear(code, self.dictionary)
            pre = code + eta * linear(left, self.dictionary.mT) - threshold
        code = tap(f"{at}hook_post", functional.relu(tap(f"{at}hook_pre", pre)))
        return linear(code, self.dictionary if self.decoder is None else self.decoder)


class CRATEBlock(Block):
    """Attention that adds to the stream, and a code that takes its place."""

    settings: CRATESettings

    def __init__(self, weights: Mapping[str, Tensor], settings: CRATESettings) -> None:
        super().__init__(weights, settings)
        self.mlp = SparseCode(weights_under(weights, "mlp."))
        self.adds = settings.skip

    def gathering(self) -> type[Gathering]:
        return SubspaceAttention if self.settings.attention == "subspace" else Attention

    def say(self, normal: Tensor, tap: PassTap, at: str) -> Tensor:
        return self.mlp(normal, self.settings, tap, at)


class CRATE(Transformer):
    """An ensemble of CRATEs."""

    block_type = CRATEBlock

    settings: CRATESettings

    @classmethod
    def draw(cls, settings: CRATESettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """As published: maps as GPT-2's, dictionaries evenly from +-sqrt(6 / width)."""
        width, hidden = settings.width, MLP_RATIO * settings.width
        sd, smaller = settings.initial_sd, settings.initial_sd / sqrt(2 * settings.layers)
        weights = draw_ends(settings, inputs, bias=True)
        for block in range(settings.layers):
            at = f"blocks.{block}."
            weights |= draw_norm(f"{at}ln1.", width) | draw_norm(f"{at}ln2.", width)
            if settings.attention == "subspace":
                weights |= draw_map(f"{at}attn.", "u", width, width, sd, bias=False)
            else:
                weights |= draw_map(f"{at}attn.", "qkv", 3 * width, width, sd, bias=False)
            weights |= draw_map(f"{at}attn.", "out", width, width, smaller)
            weights[f"{at}mlp.dictionary"] = _draw_dictionary(width, hidden)
            if not settings.tied:
                weights[f"{at}mlp.decoder"] = _draw_dictionary(width, hidden)
        return {name: value.unsqueeze(0) for name, value in weights.items()}


def _draw_dictionary(width: int, atoms: int) -> Tensor:
    """(width, atoms), Kaiming's uniform for a rectified input as wide as the stream."""
    return torch.empty(width, atoms).uniform_(-1, 1) * sqrt(6 / width)
