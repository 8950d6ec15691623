"""A small GPT: a decoder-only transformer in which every activity can be read and changed.

Its weights are drawn as GPT-2's are (Radford et al., 2019); see
:mod:`chunkscope.networks.transformer`.

Example:
    >>> gpt = build(GPTSettings(layers=2, width=32, heads=2, context=64), 512, seeds=[0, 1])
    >>> gpt(tokens, record=["blocks.*.hook_resid_post"]).activations
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import sqrt

from torch import Tensor
from torch.nn import functional

from chunkscope.networks.network import Weights, linear, weights_under
from chunkscope.networks.settings import GPTSettings
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

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": partial(functional.gelu, approximate="tanh"),
    "relu": functional.relu,
}
"""What an MLP makes of its hidden units, by name."""


class Attention(Gathering):
    """Causal self-attention."""

    weight_qkv: Tensor
    bias_qkv: Tensor | None
    optional = ("bias_qkv", "bias_out")

    def forward(
        self, inputs: Tensor, heads: int, rotary: bool, cache: Cache, tap: PassTap, at: str
    ) -> tuple[Tensor, Cache]:
        """What attention adds to the stream, and the cache with the steps of this pass."""
        projected = linear(inputs, self.weight_qkv, self.bias_qkv).chunk(3, -1)
        q, k, v = (tap(f"{at}hook_{name}", x) for name, x in zip("qkv", projected, strict=True))
        z, cache = self.gather(q, k, v, heads, cache, rotary)
        return self.add(tap(f"{at}hook_z", z), heads, tap, at), cache


class MLP(Weights):
    """One hidden layer."""

    weight_in: Tensor
    bias_in: Tensor | None
    weight_out: Tensor
    bias_out: Tensor | None
    optional = ("bias_in", "bias_out")

    def forward(self, inputs: Tensor, activation: str, tap: PassTap, at: str) -> Tensor:
        hidden = tap(f"{at}hook_pre", linear(inputs, self.weight_in, self.bias_in))
        hidden = tap(f"{at}hook_post", ACTIVATIONS[activation](hidden))
        return linear(hidden, self.weight_out, self.bias_out)


class GPTBlock(Block):
    """Attention and MLP, each of which reads the residual stream and adds to it."""

    settings: GPTSettings

    def __init__(self, weights: Mapping[str, Tensor], settings: GPTSettings) -> None:
        super().__init__(weights, settings)
        self.mlp = MLP(weights_under(weights, "mlp."))

    def gathering(self) -> type[Gathering]:
        return Attention

    def say(self, normal: Tensor, tap: PassTap, at: str) -> Tensor:
        return self.mlp(normal, self.settings.activation, tap, at)


class GPT(Transformer):
    """An ensemble of GPTs."""

    block_type = GPTBlock

    settings: GPTSettings

    @classmethod
    def draw(cls, settings: GPTSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """As GPT-2 draws them: what projects into the stream is the smaller, the more do so."""
        width, hidden, bias = settings.width, MLP_RATIO * settings.width, settings.bias
        sd, smaller = settings.initial_sd, settings.initial_sd / sqrt(2 * settings.layers)
        weights = draw_ends(settings, inputs, bias)
        for block in range(settings.layers):
            at = f"blocks.{block}."
            weights |= draw_norm(f"{at}ln1.", width, bias) | draw_norm(f"{at}ln2.", width, bias)
            weights |= draw_map(f"{at}attn.", "qkv", 3 * width, width, sd, bias)
            weights |= draw_map(f"{at}attn.", "out", width, width, smaller, bias)
            weights |= draw_map(f"{at}mlp.", "in", hidden, width, sd, bias)
            weights |= draw_map(f"{at}mlp.", "out", width, hidden, smaller, bias)
        return {name: value.unsqueeze(0) for name, value in weights.items()}
