"""The affine recurrence over a whole window, in some sqrt(T) steps instead of T.

    h_t = h_{t-1} A + u_t,    t = 1 .. T,

is linear, so that time can be cut into about sqrt(T) blocks that are stepped side by side. The
state at the end of a block, had it begun at zero, is one product of its inputs with the powers of
A; a short loop carries the ends from block to block; then all blocks run at once from the states
in which they truly begin (linear recurrences as scans: Blelloch, *Prefix sums and their
applications*, CMU-CS-90-190).

The gradient g_t = dL/dh_t obeys g_t = g_{t+1} A' + dL/dh_t|direct, the same recurrence with time
reversed and A transposed, so that the backward pass is the same scan; dL/du_t is g_t, and dL/dA is
the sum over t of h_{t-1}' g_t.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def scan(drive: Tensor, initial: Tensor, weight: Tensor) -> Tensor:
    """All states (seed, time, batch, unit) of ``h_t = h_{t-1} A + u_t``.

    Args:
        drive: (seed, time, batch, unit), the inputs u_t.
        initial: (seed, batch, unit), the state before the first step.
        weight: (seed, unit, unit), A.
    """
    with torch.autocast(drive.device.type, enabled=False):  # rounding would add up over time
        hidden: Tensor = _Scan.apply(drive.to(weight), initial.to(weight), weight)
    return hidden


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, drive: Tensor, initial: Tensor, weight: Tensor) -> Tensor:
        hidden = _run(drive, initial, weight)
        ctx.save_for_backward(initial, weight, hidden)
        return hidden

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, direct: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        initial, weight, hidden = ctx.saved_tensors
        gradient = _run(direct.flip(1), torch.zeros_like(initial), weight.mT).flip(1)
        incoming = torch.cat([initial.unsqueeze(1), hidden[:, :-1]], 1)
        for_weight = incoming.flatten(1, 2).mT @ gradient.flatten(1, 2)
        return gradient, gradient[:, 0] @ weight.mT, for_weight


def _run(drive: Tensor, initial: Tensor, weight: Tensor) -> Tensor:
    """The scan itself; see the module."""
    members, time, batch, units = drive.shape
    size = math.isqrt(time - 1) + 1
    blocks = -(-time // size)
    padded = functional.pad(drive, (0, 0, 0, 0, 0, blocks * size - time))
    steps = padded.view(members, blocks, size, batch, units)

    across, within = _powers(weight, size).split([units, size * units], 1)
    starts = _carry(_ends(steps, within), initial, across)
    state = starts.flatten(1, 2)  # (seed, block * batch, unit)
    states = []
    for inputs in steps.transpose(2, 3).flatten(1, 2).unbind(2):
        state = torch.baddbmm(inputs, state, weight)
        states.append(state)
    hidden = torch.stack(states, 2).view(members, blocks, batch, size, units)
    return hidden.transpose(2, 3).flatten(1, 2)[:, :time]


def _ends(steps: Tensor, powers: Tensor) -> Tensor:
    """The state (seed, block, batch, unit) at the end of each block, had it begun at zero."""
    inputs = steps.transpose(2, 3).flatten(3).flatten(1, 2)
    return (inputs @ powers).unflatten(1, (steps.shape[1], steps.shape[3]))


def _carry(ends: Tensor, initial: Tensor, power: Tensor) -> Tensor:
    """The state (seed, block, batch, unit) in which each block begins."""
    starts = [initial]
    for end in ends.unbind(1)[:-1]:
        starts.append(torch.baddbmm(end, starts[-1], power))
    return torch.stack(starts, 1)


def _powers(weight: Tensor, size: int) -> Tensor:
    """A^size, ..., A, 1, stacked: (seed, (size + 1) * unit, unit).

    In double precision, since an error of A^size grows with every block that it carries across.
    """
    exact = weight.double()
    powers = [torch.eye(weight.shape[-1]).to(exact).expand_as(exact)]
    for _ in range(size):
        powers.append(powers[-1] @ exact)
    return torch.cat(powers[::-1], 1).to(weight.dtype)
