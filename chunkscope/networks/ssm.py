"""A selective state-space model: the S6 layer of Mamba (Gu and Dao, arXiv 2312.00752), and no more.

Every unit u of a layer's input has ``state`` numbers h[n] of its own:

    delta_t = softplus(W_delta u_t + b_delta)
    B_t = W_B u_t + b_B,    C_t = W_C u_t + b_C
    h_t[n] = exp(delta_t A[n]) h_{t-1}[n] + delta_t B_t[n] u_t
    y_t = sum_n C_t[n] h_t[n] + D u_t

A is negative, so that a state decays; delta, B and C hang on the input, so that it says what is
kept and what is read (selection). u_t is the normalised stream, and y_t is what a layer says to it
(:mod:`chunkscope.networks.residual`). Of Mamba's block, the convolution and the gate are left out.
"""

from __future__ import annotations

from math import log

import torch
from torch import Tensor
from torch.nn import functional

from chunkscope.networks.network import linear
from chunkscope.networks.residual import Residual, ResidualLayer, map_weights, per_member, recur
from chunkscope.networks.settings import SSMSettings
from chunkscope.networks.taps import PassTap

SHORTEST, LONGEST = 0.001, 0.1  # initial delta, drawn evenly over its logarithm, as Mamba's


class SSMLayer(ResidualLayer):
    """One S6 layer."""

    log_rate: Tensor
    weight_delta: Tensor
    bias_delta: Tensor
    weight_bc: Tensor
    bias_bc: Tensor
    skip: Tensor

    @classmethod
    def draw(cls, settings: SSMSettings) -> dict[str, Tensor]:
        """Rates 1 .. ``state`` for every unit (S4D-real: arXiv 2206.11893), and D = 1."""
        units, state = settings.hidden, settings.state
        weights = {"gain": torch.ones(units), "skip": torch.ones(units)}
        weights["log_rate"] = torch.arange(1.0, state + 1).log().repeat(units)
        weights |= map_weights("delta", units, units)
        delta = torch.exp(torch.empty(units).uniform_(log(SHORTEST), log(LONGEST)))
        weights["bias_delta"] = delta + torch.log(-torch.expm1(-delta))  # softplus of it is delta
        weights |= map_weights("bc", 2 * state, units)
        return weights | map_weights("out", units, units)

    def run(self, inputs: Tensor, initial: Tensor, tap: PassTap, at: str) -> tuple[Tensor, Tensor]:
        units = inputs.shape[-1]
        delta = functional.softplus(linear(inputs, self.weight_delta, self.bias_delta))
        delta = tap(f"{at}hook_delta", delta)
        b, c = linear(inputs, self.weight_bc, self.bias_bc).unsqueeze(-2).chunk(2, -1)
        rate = per_member(self.log_rate.exp().unflatten(-1, (units, -1)))
        keep = torch.exp(-delta.unsqueeze(-1) * rate).flatten(-2)
        drive = ((delta * inputs).unsqueeze(-1) * b).flatten(-2)
        hidden = recur(keep, drive, initial, tap, f"{at}hook_h")
        read = (hidden.unflatten(-1, (units, -1)) * c).sum(-1)
        return read + per_member(self.skip) * inputs, hidden


class SSM(Residual):
    """An ensemble of selective state-space models."""

    layer_type = SSMLayer
