"""The Elman network, as ``torch.nn.RNN`` with tanh.

h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh),    logits_t = V h_t + c
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from chunkscope.networks.recurrent import Layer, Recurrent, Tap, project, stock_weights
from chunkscope.networks.settings import TanhSettings


class TanhLayer(Layer):
    """One tanh layer."""

    bias_ih: Tensor
    bias_hh: Tensor

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        return project(inputs, self.weight_ih, self.bias_ih + self.bias_hh)

    def step(
        self, drive: Tensor, state: tuple[Tensor, ...], weight: Tensor, tap: Tap
    ) -> tuple[Tensor, ...]:
        (hidden,) = state
        return (tap("hook_h", torch.tanh(torch.baddbmm(drive, hidden, weight))),)


class Tanh(Recurrent):
    """An ensemble of tanh networks."""

    layer_type = TanhLayer

    @classmethod
    def draw(cls, settings: TanhSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """A default ``nn.RNN`` and then a default ``nn.Linear``."""
        rnn = nn.RNN(inputs, settings.hidden, settings.layers)
        return stock_weights(rnn, nn.Linear(settings.hidden, vocabulary))
