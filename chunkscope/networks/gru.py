"""The gated recurrent unit, as ``torch.nn.GRU``.

    r_t = sigmoid(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)
    z_t = sigmoid(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)
    n_t = tanh(W_in x_t + b_in + r_t * (W_hn h_{t-1} + b_hn))
    h_t = (1 - z_t) * n_t + z_t * h_{t-1},    logits_t = V h_t + c

The three gates are stacked in that order along the unit axis of the weights.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from chunkscope.networks.recurrent import Layer, Recurrent, Tap, project, stock_weights
from chunkscope.networks.settings import GRUSettings
from chunkscope.networks.sites import GATES


class GRULayer(Layer):
    """One GRU layer."""

    gates = GATES["gru"]

    bias_ih: Tensor
    bias_hh: Tensor

    def drive(self, inputs: Tensor) -> Iterable[Tensor]:
        return project(inputs, self.weight_ih, self.bias_ih)

    def step(
        self, drive: Tensor, state: tuple[Tensor, ...], weight: Tensor, tap: Tap
    ) -> tuple[Tensor, ...]:
        (hidden,) = state
        recurrent = torch.baddbmm(self.bias_hh.unsqueeze(1), hidden, weight)
        recurrent = recurrent.to(hidden)  # from bfloat16 where precision is mixed
        units = hidden.shape[-1]
        drive_rz, drive_n = drive.split([2 * units, units], -1)
        recurrent_rz, recurrent_n = recurrent.split([2 * units, units], -1)
        r, z = torch.sigmoid(drive_rz + recurrent_rz).chunk(2, -1)
        r, z = tap("hook_gate_r", r), tap("hook_gate_z", z)
        n = tap("hook_gate_n", torch.tanh(drive_n + r * recurrent_n))
        return (tap("hook_h", torch.lerp(n, hidden, z)),)


class GRU(Recurrent):
    """An ensemble of GRU networks."""

    layer_type = GRULayer

    @classmethod
    def draw(cls, settings: GRUSettings, inputs: int, vocabulary: int) -> dict[str, Tensor]:
        """A default ``nn.GRU`` and then a default ``nn.Linear``."""
        rnn = nn.GRU(inputs, settings.hidden, settings.layers)
        return stock_weights(rnn, nn.Linear(settings.hidden, vocabulary))
