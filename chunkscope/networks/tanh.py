"""The Elman network, as ``torch.nn.RNN`` with tanh, of which a state may leak away step by step.

    n_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)
    h_t = (1 - leak) h_{t-1} + leak n_t,    logits_t = V h_t + c

With a leak of 1 the state is n_t. A smaller one makes the network that models of cortex use: the
leak is then the length of a step over the time constant of a unit (Yang et al., 2019,
doi:10.1038/s41593-018-0310-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from chunkscope.networks.recurrent import Layer, Recurrent, Tap, project, stock_weights
from chunkscope.networks.settings import TanhSettings


class TanhLayer(Layer):
    """One tanh layer."""

    bias_ih: Tensor
    bias_hh: Tensor

    def __init__(self, weights: Mapping[str, Tensor], leak: float) -> None:
        super().__init__(weights)
        self.leak = leak

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        return project(inputs, self.weight_ih, self.bias_ih + self.bias_hh)

    def step(
        self, drive: Tensor, state: tuple[Tensor, ...], weight: Tensor, tap: Tap
    ) -> tuple[Tensor, ...]:
        (hidden,) = state
        reached = torch.tanh(torch.baddbmm(drive, hidden, weight))
        if self.leak < 1:
            reached = torch.lerp(hidden, reached.to(hidden), self.leak)  # bfloat16 where mixed
        return (tap("hook_h", reached),)


class Tanh(Recurrent):
    """An ensemble of tanh networks."""

    layer_type = TanhLayer

    settings: TanhSettings

    def make_layer(self, weights: Mapping[str, Tensor]) -> TanhLayer:
        """The layer that holds ``weights``."""
        return TanhLayer(weights, self.settings.leak)

    @classmethod
    def draw(cls, settings: TanhSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """A default ``nn.RNN`` and then a default ``nn.Linear``."""
        rnn = nn.RNN(inputs, settings.hidden, settings.layers)
        return stock_weights(rnn, nn.Linear(settings.hidden, vocabulary))
