"""Long short-term memory, as ``torch.nn.LSTM``.

    i_t, f_t, o_t = sigmoid(W_i. x_t + b_i. + W_h. h_{t-1} + b_h.)
    g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)
    c_t = f_t * c_{t-1} + i_t * g_t
    h_t = o_t * tanh(c_t),    logits_t = V h_t + c

The four gates are stacked i, f, g, o along the unit axis of the weights.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from chunkscope.networks.recurrent import Layer, Recurrent, Tap, project, stock_weights
from chunkscope.networks.settings import LSTMSettings
from chunkscope.networks.sites import GATES, STATES


class LSTMLayer(Layer):
    """One LSTM layer."""

    states = STATES["lstm"]
    gates = GATES["lstm"]

    bias_ih: Tensor
    bias_hh: Tensor

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        return project(inputs, self.weight_ih, self.bias_ih + self.bias_hh)

    def step(
        self, drive: Tensor, state: tuple[Tensor, ...], weight: Tensor, tap: Tap
    ) -> tuple[Tensor, ...]:
        hidden, cell = state
        i, f, g, o = torch.baddbmm(drive, hidden, weight).chunk(4, -1)
        i = tap("hook_gate_i", torch.sigmoid(i))
        f = tap("hook_gate_f", torch.sigmoid(f))
        g = tap("hook_gate_g", torch.tanh(g))
        o = tap("hook_gate_o", torch.sigmoid(o))
        cell = tap("hook_c", f * cell + i * g)
        return tap("hook_h", o * torch.tanh(cell)), cell


class LSTM(Recurrent):
    """An ensemble of LSTM networks."""

    layer_type = LSTMLayer

    @classmethod
    def draw(cls, settings: LSTMSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """A default ``nn.LSTM`` and then a default ``nn.Linear``."""
        rnn = nn.LSTM(inputs, settings.hidden, settings.layers)
        return stock_weights(rnn, nn.Linear(settings.hidden, vocabulary))
