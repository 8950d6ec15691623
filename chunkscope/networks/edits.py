"""Edits: what an intervention does to a network's activity while it runs.

An edit acts on one site right when its activity is computed, so everything downstream feels it:
the same step's cell and readout, the next step's state, the layers above. On the chosen units,
at the chosen steps,

    h'_t = keep * h_t + hold * h'_{t-1} + value,

and nowhere else. With strength ``s``: a graft of ``v`` is ``keep=1-s, value=s*v``; an ablation
``keep=1-s``; a freeze ``keep=1-s, hold=s``; steering along ``v`` is ``keep=1, value=s*v``. Every
row of a batch has an edit of its own, so that all combinations run in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from chunkscope.errors import InterventionError

Array = np.ndarray | Tensor


@dataclass(frozen=True)
class Edit:
    """A change of one site's activity; see the module for the formula.

    Gradients flow through the edited pass, and into ``keep``, ``hold`` and ``value`` where they
    are tensors that require them.

    Args:
        site: where, e.g. ``layers.0.hook_h``.
        when: (batch, time) bool, or (seed, batch, time) where members differ; the steps at which
            the edit acts.
        units: (batch, unit) bool; the units it acts on.
        keep: (batch,) factor of the activity as computed.
        hold: (batch,) factor of the site's edited activity one step before. At the first step
            that is the given state; for a gate without one it is 0.
        value: (batch, unit), or (seed, batch, unit) where members differ; added.
    """

    site: str
    when: Array
    units: Array
    keep: Array
    hold: Array
    value: Array


class BoundEdit:
    """An edit checked against one pass and laid out for its step loop."""

    def __init__(self, edit: Edit, shape: tuple[int, int, int, int], like: Tensor) -> None:
        """Binds ``edit`` to a pass of ``shape`` (seed, batch, time, unit), typed as ``like``.

        Raises:
            InterventionError: a field's shape does not fit, or a number is not finite.
        """
        seeds, batch, time, unit = shape
        when = _mask(edit, "when", [(batch, time), (seeds, batch, time)])
        units = _mask(edit, "units", [(batch, unit)])
        self.site = edit.site
        self.cells = when & units.any(-1, keepdim=True)  # as ``when``
        self.units = units.to(like.device)
        self.keep = _numbers(edit, "keep", [(batch,)], like).unsqueeze(-1)
        self.hold = _numbers(edit, "hold", [(batch,)], like).unsqueeze(-1)
        self.value = _numbers(edit, "value", [(batch, unit), (seeds, batch, unit)], like)
        self._acts = self.cells.flatten(0, -2).any(0).tolist()
        self._when = self.cells.to(like.device).unsqueeze(-1).unbind(-2)

    @property
    def fired(self) -> int:
        """Cells of ``when`` in which at least one unit is edited."""
        return int(self.cells.sum())

    def __call__(self, now: Tensor, before: Tensor, step: int) -> Tensor:
        """The edited activity (seed, batch, unit) of ``step``."""
        if not self._acts[step]:
            return now
        edited = self.keep * now + self.hold * before + self.value
        return torch.where(self._when[step] & self.units, edited, now)


def _mask(edit: Edit, name: str, shapes: Sequence[tuple[int, ...]]) -> Tensor:
    mask = torch.as_tensor(getattr(edit, name), device="cpu")
    if mask.dtype != torch.bool or mask.shape not in shapes:
        raise InterventionError(
            f"edit of {edit.site}: {name}: got {_kind(mask)}; must be bool of shape "
            f"{_either(shapes)}"
        )
    return mask


def _numbers(edit: Edit, name: str, shapes: Sequence[tuple[int, ...]], like: Tensor) -> Tensor:
    numbers = torch.as_tensor(getattr(edit, name), dtype=like.dtype, device=like.device)
    if numbers.shape not in shapes:
        raise InterventionError(
            f"edit of {edit.site}: {name}: got {_kind(numbers)}; must have shape {_either(shapes)}"
        )
    if not torch.isfinite(numbers).all():
        raise InterventionError(f"edit of {edit.site}: {name}: got a NaN or infinite number")
    return numbers


def _either(shapes: Sequence[tuple[int, ...]]) -> str:
    return " or ".join(map(str, shapes))


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"
