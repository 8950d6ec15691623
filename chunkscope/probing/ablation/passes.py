"""The loss of a network some of whose units are ablated, in two ways.

*Readout only*: the readout sees the ablated activity, and the recurrence goes on undisturbed; what
is lost is what those units told the prediction of this very step. *Recurrent*: the unit is held at
the value at every step, and everything downstream feels it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from chunkscope.interventions.intervene import intervene
from chunkscope.interventions.intervention import Intervention
from chunkscope.networks.recurrent import Recurrent

Tokens = NDArray[np.integer]
Masks = NDArray[np.bool_]  # (set, unit)
Nats = NDArray[np.float64]  # (set, sequence, time - 1)


def top_state(network: Recurrent) -> str:
    """The site that the readout sees."""
    return f"layers.{network.settings.layers - 1}.hook_h"


@torch.no_grad()
def readout_losses(
    network: Recurrent,
    tokens: Tokens,
    hidden: NDArray[np.float32],
    sets: Masks,
    value: NDArray[np.float32],
) -> Nats:
    """The loss on each next symbol where only the readout sees the ablation.

    Args:
        network: of one member.
        tokens: (sequence, time).
        hidden: (sequence, time, unit), its activity at :func:`top_state`.
        sets: (set, unit) the units that are ablated together.
        value: (unit,) what they are set to.

    Returns:
        (set, sequence, time - 1) nats.
    """
    symbols, states = torch.as_tensor(tokens.astype(np.int64)), torch.as_tensor(hidden)
    losses = []
    for mask in torch.as_tensor(sets):
        ablated = torch.where(mask, torch.as_tensor(value), states)
        logits = network.read_out(symbols, ablated[None])[0]
        losses.append(_cross_entropy(logits.cpu(), symbols))
    return np.stack(losses)


def recurrent_losses(
    network: Recurrent, tokens: Tokens, sets: Masks, value: NDArray[np.float32]
) -> Nats:
    """The loss on each next symbol where everything downstream feels the ablation.

    Arguments and result are those of :func:`readout_losses`.
    """
    always = tuple(range(tokens.shape[1]))
    combinations = [
        (Intervention("ablate", top_state(network), units=mask, value=value, when=always),)
        for mask in sets
    ]
    answered = intervene(network, tokens.astype(np.int64), combinations).probabilities[0]
    realised = np.take_along_axis(answered[:, :, :-1], tokens[None, :, 1:, None].astype(int), -1)
    tiny = np.finfo(np.float32).tiny  # a probability that underflowed counts 87 nats
    return -np.log(np.maximum(realised[..., 0], tiny).astype(np.float64))


def _cross_entropy(logits: Tensor, symbols: Tensor) -> NDArray[np.float64]:
    """(sequence, time - 1) nats of logits (sequence, time, vocabulary)."""
    nats = functional.cross_entropy(
        logits[:, :-1].double().permute(0, 2, 1), symbols[:, 1:], reduction="none"
    )
    return nats.numpy()
