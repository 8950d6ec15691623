"""The affine network of the chunk papers (Wu et al., arXiv 2502.01803 and 2505.11576).

    h_t = W [x_t; h_{t-1}] + b,    logits_t = V [x_t; h_{t-1}] + c

There is no nonlinearity, and the readout sees the *incoming* hidden state: an edit of the hidden
state at one step moves the logits of the next.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.networks.recurrent import Layer, Recurrent, Tap, Weights, project, read
from chunkscope.networks.settings import NetworkSettings


class AffineLayer(Layer):
    """``h_t = W_x x_t + W_h h_{t-1} + b``."""

    bias: Tensor

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        return project(inputs, self.weight_ih, self.bias)

    def step(
        self, drive: Tensor, state: tuple[Tensor, ...], weight: Tensor, tap: Tap
    ) -> tuple[Tensor, ...]:
        (hidden,) = state
        return (tap("hook_h", torch.baddbmm(drive, hidden, weight)),)


class AffineReadout(Weights):
    """``logits_t = V_x x_t + V_h h_{t-1} + c``."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias: Tensor

    def forward(self, symbols: Tensor, initial: Tensor, hidden: Tensor) -> Tensor:
        incoming = torch.cat([initial.unsqueeze(1), hidden[:, :-1]], 1)
        one_hot = functional.one_hot(symbols, self.weight_ih.shape[-1]).to(incoming)
        weight = torch.cat([self.weight_ih, self.weight_hh], -1)
        return read(torch.cat([one_hot, incoming], -1), weight, self.bias)


class Affine(Recurrent):
    """An ensemble of affine networks."""

    layer_type = AffineLayer
    readout_type = AffineReadout

    @classmethod
    def draw(cls, settings: NetworkSettings, vocabulary: int) -> dict[str, Tensor]:
        """Two default ``nn.Linear``, W and then V, split into their columns for x and for h."""
        weights = {}
        for part, outputs in ("layers.0.", settings.hidden), ("readout.", vocabulary):
            linear = nn.Linear(vocabulary + settings.hidden, outputs)
            for_symbol, for_state = linear.weight.split([vocabulary, settings.hidden], 1)
            weights[part + "weight_ih"] = for_symbol
            weights[part + "weight_hh"] = for_state
            weights[part + "bias"] = linear.bias
        return {name: value.detach().unsqueeze(0) for name, value in weights.items()}
