"""The control of a count of states: an untrained network that remembers as long as a trained one.

An affine network's state is a fading sum of its past inputs, and the longer it fades the more
pasts leave states apart, whatever they are. (To scale the inputs of an untrained network to the
trained one's variance would control for nothing: units are cut into levels of their own range, so
that the strings are the same at any scale.)
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]
"""State-dict name -> weights of an ensemble, (seed, ...)."""

RECURRENT = "layers.0.weight_hh"


def match_memory(untrained: Weights, trained: Weights) -> dict[str, Tensor]:
    """An affine network's weights, its recurrent ones scaled to another's spectral radius.

    The spectral radius is what the slowest part of the state is multiplied by at every step.
    """
    ratio = spectral_radius(trained) / spectral_radius(untrained)
    scaled = untrained[RECURRENT] * ratio.to(untrained[RECURRENT])[:, None, None]
    return {**untrained, RECURRENT: scaled}


def spectral_radius(weights: Weights) -> Tensor:
    """(seed,) largest modulus of an eigenvalue of the recurrent weights."""
    return torch.linalg.eigvals(weights[RECURRENT].double()).abs().max(dim=1).values
