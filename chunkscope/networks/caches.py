"""What a Hugging Face model carries over from pass to pass, whatever its family calls it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Carried:
    """A model's own cache.

    Attributes:
        cache: as the model gave it; never changed.
        batch: rows.
        steps: symbols read so far.
    """

    cache: Any
    batch: int
    steps: int

    def repeat(self, times: int) -> Carried:
        """The batch ``times`` over, one after the other."""

        def tile(tensor: Tensor) -> Tensor:
            by_row = tensor.ndim > 0 and tensor.shape[0] == self.batch
            return tensor.repeat(times, *[1] * (tensor.ndim - 1)) if by_row else tensor.clone()

        return Carried(mapped(self.cache, tile), times * self.batch, self.steps)


class LastStep:
    """RWKV's activity at the step before, (batch, unit, block), which is read as one step.

    RWKV itself (transformers 5.23) adds it as (batch, unit) to the activity (batch, 1, unit) of a
    single step, so that the rows of a batch are taken for steps of one another.
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __getitem__(self, index: Any) -> Tensor:
        return self.tensor[index].unsqueeze(1).clone()

    def __setitem__(self, index: Any, value: Tensor) -> None:
        self.tensor[index] = value


def lend(cache: Any) -> Any:
    """A copy of ``cache`` for a model to use up in one step."""
    copied = mapped(cache, Tensor.clone)
    if isinstance(copied, list):  # RWKV's; all others are objects
        copied[:2] = map(LastStep, copied[:2])
    return copied


def take_back(cache: Any) -> Any:
    """The cache that a model gives after a pass."""
    if isinstance(cache, list):
        return [item.tensor if isinstance(item, LastStep) else item for item in cache]
    return cache


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A copy of a cache with every tensor in it changed; what is no container is shared."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(mapped(item, change) for item in value)
    if isinstance(value, dict):
        return {key: mapped(item, change) for key, item in value.items()}
    if type(value).__module__.startswith("transformers.") and hasattr(value, "__dict__"):
        twin = copy.copy(value)
        twin.__dict__ = mapped(vars(value), change)
        return twin
    return value
