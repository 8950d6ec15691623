"""The minimal gated recurrent unit (Feng et al., arXiv 2410.01201): gates of the input alone.

    z_t = sigmoid(W_z u_t + b_z)
    n_t = W_n u_t + b_n
    h_t = (1 - z_t) * h_{t-1} + z_t * n_t

u_t is the normalised stream, and h_t is what a layer says to it
(:mod:`chunkscope.networks.residual`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from chunkscope.networks.network import linear
from chunkscope.networks.residual import Residual, ResidualLayer, map_weights, recur
from chunkscope.networks.settings import MinGRUSettings
from chunkscope.networks.taps import PassTap


class MinGRULayer(ResidualLayer):
    """One minGRU layer."""

    weight_z: Tensor
    bias_z: Tensor
    weight_n: Tensor
    bias_n: Tensor

    @classmethod
    def draw(cls, settings: MinGRUSettings) -> dict[str, Tensor]:
        units = settings.hidden
        weights = {"gain": torch.ones(units)}
        for name in ("z", "n", "out"):
            weights |= map_weights(name, units, units)
        return weights

    def run(self, inputs: Tensor, initial: Tensor, tap: PassTap, at: str) -> tuple[Tensor, Tensor]:
        z = torch.sigmoid(linear(inputs, self.weight_z, self.bias_z))
        z = tap(f"{at}hook_gate_z", z)
        n = tap(f"{at}hook_gate_n", linear(inputs, self.weight_n, self.bias_n))
        hidden = recur(1 - z, z * n, initial, tap, f"{at}hook_h")
        return hidden, hidden


class MinGRU(Residual):
    """An ensemble of minGRU networks."""

    layer_type = MinGRULayer
