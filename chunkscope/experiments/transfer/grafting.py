"""A graft of the incoming state: what a network carries into a step is replaced at the cue.

In the paper's network the logits of a step read the *incoming* state, in others the state after
the step; an edit of ``hook_h`` one step early would then also move the prediction of the cue
itself, which must not be. So a step is put in before each grafted cue. Its own activity is thrown
away: every state site becomes

    h' = (1 - s) h_before + s v

with strength ``s`` and donor ``v``, its logits are never read, and the cue's step takes h' in as
it would any state. That is the published graft, and the same operation in every architecture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network


@dataclass(frozen=True)
class Graft:
    """What the members of an ensemble are given wherever they read the cue.

    Attributes:
        cue: token.
        values: state site -> (member, unit), the state that replaces the incoming one.
        reads: (member,) token read in place of the cue, or the cue itself.
    """

    cue: int
    values: dict[str, Tensor]
    reads: Tensor


@dataclass(frozen=True)
class Grafted:
    """A pass with grafts.

    Attributes:
        logits: (member, batch, time, vocabulary), of the steps that were asked for.
        fired: (member,) grafts.
    """

    logits: Tensor
    fired: Tensor


def run_grafted(network: Network, symbols: Tensor, graft: Graft, strength: Tensor) -> Grafted:
    """Run an ensemble with its grafts.

    Args:
        symbols: (member, batch, time), before any stand-in.
        strength: (member,) from 0, which leaves a member wholly alone, to 1.
    """
    grafted = (symbols == graft.cue) & (strength > 0).view(-1, 1, 1)
    read = torch.where(grafted, graft.reads.view(-1, 1, 1), symbols)
    place = torch.arange(symbols.shape[-1]) + grafted.cumsum(-1)  # of each step among all
    steps = (*read.shape[:2], int(place.max()) + 1)
    longer = read.new_zeros(steps).scatter(-1, place, read)  # zeros fill shorter rows up
    inserted = torch.zeros(steps, dtype=torch.bool)
    inserted.scatter_(-1, (place - 1).clamp(min=0), grafted)
    logits = network(longer, intervene=_edits(graft, inserted, strength)).logits
    asked = place.unsqueeze(-1).expand(*place.shape, logits.shape[-1])
    return Grafted(logits.gather(2, asked), grafted.sum((1, 2)))


def _edits(graft: Graft, inserted: Tensor, strength: Tensor) -> list[Edit]:
    """One edit per state site and strength, since an edit's factors are those of all members.

    Args:
        inserted: (member, batch, time) the steps that were put in.
    """
    batch = inserted.shape[1]
    edits = []
    for level in strength[strength > 0].unique().tolist():
        when = inserted & (strength == level).view(-1, 1, 1)
        for site, value in graft.values.items() if when.any() else ():
            edits.append(
                Edit(
                    site=site,
                    when=when,
                    units=torch.ones(batch, value.shape[-1], dtype=torch.bool),
                    keep=torch.zeros(batch),
                    hold=torch.full((batch,), 1 - level),
                    value=level * value.unsqueeze(1).expand(-1, batch, -1),
                )
            )
    return edits
