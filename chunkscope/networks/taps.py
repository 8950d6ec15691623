"""Taps of networks that run all steps of a pass at once: each site is edited and recorded whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

from chunkscope.networks.edits import BoundEdit


class PassTap:
    """Edits and records every activity of one pass.

    Attributes:
        edits: site -> its edits, in order.
        activations: recorded site -> (seed, batch, time, unit), after edits.
        last: edited site -> (seed, batch, unit), its activity at the last step, from which a
            ``hold`` in the next pass goes on.
    """

    def __init__(
        self, edits: Sequence[BoundEdit], record: Collection[str], before: Mapping[str, Tensor]
    ) -> None:
        """A tap; ``before`` is ``last`` of the pass before."""
        self.activations: dict[str, Tensor] = {}
        self.last: dict[str, Tensor] = {}
        self._record = frozenset(record)
        self._before = before
        self.edits: defaultdict[str, list[BoundEdit]] = defaultdict(list)
        for edit in edits:
            self.edits[edit.site].append(edit)

    @property
    def sites(self) -> frozenset[str]:
        """The sites that are edited or recorded."""
        return self._record.union(self.edits)

    def __call__(self, site: str, activity: Tensor) -> Tensor:
        """The activity (seed, batch, time, unit) of ``site``, after edits."""
        if site in self.edits:
            before = self._before.get(site, torch.zeros_like(activity[:, :, 0]))
            activity = edited(activity, self.edits[site], before)
        return self.note(site, activity)

    def note(self, site: str, activity: Tensor) -> Tensor:
        """Keeps what is asked for of activity that has been edited already."""
        if site in self.edits:
            self.last[site] = activity[:, :, -1]
        if site in self._record:
            self.activations[site] = activity
        return activity


def edited(activity: Tensor, edits: Sequence[BoundEdit], before: Tensor) -> Tensor:
    """(seed, batch, time, unit) after ``edits``, in order at each step.

    Steps wait for one another only where an edit holds on to the step before, of which ``before``
    (seed, batch, unit) is the first.
    """
    if any(edit.hold.any() for edit in edits):
        return _step_by_step(activity, edits, before)
    for edit in edits:
        keep, value = edit.keep.unsqueeze(-2), edit.value.unsqueeze(-2)
        cells = edit.cells.to(activity.device).unsqueeze(-1) & edit.units.unsqueeze(-2)
        activity = torch.where(cells, keep * activity + value, activity)
    return activity


def _step_by_step(activity: Tensor, edits: Sequence[BoundEdit], before: Tensor) -> Tensor:
    steps = []
    for step, now in enumerate(activity.unbind(2)):
        for edit in edits:
            now = edit(now, before, step)
        steps.append(before := now)
    return torch.stack(steps, 2)
