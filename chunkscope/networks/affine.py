"""The affine network of the chunk papers (Wu et al., arXiv 2502.01803 and 2505.11576).

    h_t = W [x_t; h_{t-1}] + b,    logits_t = V [x_t; h_{t-1}] + c

There is no nonlinearity, and the readout sees the *incoming* hidden state: an edit of the hidden
state at one step moves the logits of the next.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from chunkscope.networks.network import Weights, linear, one_hot
from chunkscope.networks.recurrent import Layer, Recurrent, Tap, project, read
from chunkscope.networks.scan import scan
from chunkscope.networks.settings import AffineSettings


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

    def forward(
        self, inputs: Tensor, state: tuple[Tensor, ...], tap: Tap
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As every layer's; by blocks of time where no edit acts in between.

        Blocks double the arithmetic to save steps, which pays while a step is small: measured,
        for batches shorter than a block, the square root of the time.
        """
        _, time, batch = inputs.shape
        if tap.edits or batch**2 >= time:
            return super().forward(inputs, state, tap)
        drive = linear(one_hot(inputs, self.weight_ih), self.weight_ih, self.bias)
        hidden = scan(drive, state[0], self.weight_hh.mT)
        tap.records = {hook: [*hidden.unbind(1)] for hook in tap.records}
        return hidden, (hidden[:, -1],)


class AffineReadout(Weights):
    """``logits_t = V_x x_t + V_h h_{t-1} + c``."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias: Tensor

    def forward(self, symbols: Tensor, initial: Tensor, hidden: Tensor) -> Tensor:
        incoming = torch.cat([initial.unsqueeze(1), hidden[:, :-1]], 1)
        from_symbol = read(one_hot(symbols, self.weight_ih), self.weight_ih, self.bias.unsqueeze(2))
        return read(incoming, self.weight_hh, from_symbol.flatten(2))


class Affine(Recurrent):
    """An ensemble of affine networks."""

    layer_type = AffineLayer
    readout_type = AffineReadout
    reads_channels = False

    @classmethod
    def draw(cls, settings: AffineSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """Two default ``nn.Linear``, W and then V, split into their columns for x and for h."""
        weights = {}
        for part, outputs in ("layers.0.", settings.hidden), ("readout.", vocabulary):
            stock = nn.Linear(inputs + settings.hidden, outputs)
            for_symbol, for_state = stock.weight.split([inputs, settings.hidden], 1)
            weights[part + "weight_ih"] = for_symbol
            weights[part + "weight_hh"] = for_state
            weights[part + "bias"] = stock.bias
        return {name: value.detach().unsqueeze(0) for name, value in weights.items()}
