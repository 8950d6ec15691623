"""How a network's next symbol is drawn when it runs freely, with random numbers given beforehand.

Two runs that are given the same numbers differ by what was done to them alone (common random
numbers): as long as they expect the same, they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from chunkscope.errors import NetworkError


@dataclass(frozen=True)
class Sampling:
    """Draws symbols from a network's predictions.

    Args:
        uniforms: (batch, steps) or (seed, batch, steps) numbers from [0, 1), one for each symbol
            that is drawn.
        temperature: above 0; the power 1 / temperature of the probabilities is drawn from.
        top_p: in (0, 1]; the least likely symbols beyond this share are never drawn (nucleus
            sampling: Holtzman et al., arXiv 1904.09751).
    """

    uniforms: Tensor
    temperature: float = 1.0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise NetworkError(
                f"sampling: got temperature {self.temperature} and top_p {self.top_p}; the first "
                "must be above 0, the second above 0 and at most 1"
            )

    def draw(self, probabilities: Tensor, step: int) -> Tensor:
        """(seed, batch) symbols of one step, from (seed, batch, vocabulary)."""
        relative = probabilities / probabilities.amax(-1, keepdim=True)  # else powers may be all 0
        kept = nucleus(relative ** (1 / self.temperature), self.top_p)
        cumulative = kept.cumsum(-1, dtype=torch.double)  # so that the last symbol is never missed
        aim = self.uniforms[..., step].to(cumulative) * cumulative[..., -1]
        return torch.searchsorted(cumulative, aim.unsqueeze(-1), right=True).squeeze(-1)


def nucleus(weights: Tensor, top_p: float) -> Tensor:
    """``weights (..., symbol)`` with 0 for all but the fewest likeliest that reach ``top_p`` of
    their sum."""
    if top_p == 1:
        return weights
    ranked, order = weights.sort(dim=-1, descending=True, stable=True)
    before = ranked.cumsum(-1) - ranked
    ranked = ranked.where(before < top_p * weights.sum(-1, keepdim=True), 0)
    return torch.zeros_like(weights).scatter(-1, order, ranked)
