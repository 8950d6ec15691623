"""The causal check: what becomes of an answer when an activation is replaced by that of a donor.

Where members of a ball stand for the query, the network must answer as before with their activity
in the place of its own; with that of an input outside the ball it need not. The sites whose joint
replacement carries a feature from donor to receiver are looked for in each network, never taken
from a paper (Huang et al., arXiv 2405.17653, patch by hand along circuits).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.inversion.distances import Activity
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.passes import passes

Place = TypeVar("Place")
"""Whatever names a place that is patched."""

KEPT = 0.95  # share of patched members that must answer as before


@dataclass(frozen=True)
class Patch:
    """Activity to be put in the place of what a network computes.

    Attributes:
        site: where.
        point: at which step of each input, one of its points.
        activity: (input, unit), what is put there.
    """

    site: str
    point: str
    activity: Activity


def answer_steps(inputs: Inputs, point: str) -> NDArray[np.int64]:
    """(input,) the step at which a network says the first scored symbol after a point.

    Where nothing is scored after it, as at the end of a prefix, it is the point itself.
    """
    steps = inputs.points[point].astype(np.int64)
    asked = inputs.scored & (np.arange(inputs.scored.shape[1]) > steps[:, None])
    return np.where(asked.any(axis=1), asked.argmax(axis=1) - 1, steps)


@torch.no_grad()
def answer_logits(
    network: Network, inputs: Inputs, point: str, patches: Sequence[Patch] = ()
) -> NDArray[np.float32]:
    """(input, symbol) the logits of a network of one member where it answers after a point.

    Raises:
        InversionError: the network has several members.
        InterventionError, SiteError: a patch does not fit the network.
    """
    if len(network.seeds) != 1:
        raise InversionError(
            f"network: got {len(network.seeds)} members; patches are of one: select it"
        )
    steps = answer_steps(inputs, point)
    read = inputs.tokens[:, : steps.max() + 1].astype(np.int64)
    found = np.empty((len(inputs), network.vocabulary), np.float32)
    for rows in passes(network, read):
        tokens = torch.from_numpy(read[rows])
        edits = [_edit(patch, inputs.points[patch.point], rows, read.shape[1]) for patch in patches]
        logits = network(tokens, intervene=edits).logits[0].cpu()
        at = torch.from_numpy(steps[rows])
        found[rows] = logits[torch.arange(len(at)), at].numpy()
    return found


def answers(
    network: Network, inputs: Inputs, point: str, patches: Sequence[Patch] = ()
) -> NDArray[np.int64]:
    """(input,) the symbol that a network thinks likeliest there; see :func:`answer_logits`."""
    return answer_logits(network, inputs, point, patches).argmax(axis=1)


@torch.no_grad()
def recorded(
    network: Network, tokens: NDArray[np.integer], sites: Sequence[str]
) -> Iterator[tuple[slice, dict[str, NDArray[np.float32]]]]:
    """Pass by pass, its inputs and, by site, their activity (input, time, unit).

    Args:
        network: of one member.
        tokens: (input, time).
    """
    for rows in passes(network, tokens):
        symbols = torch.from_numpy(tokens[rows].astype(np.int64))
        found = network(symbols, record=list(sites)).activations
        yield rows, {site: found[site][0].cpu().numpy() for site in sites}


def activity_at(
    network: Network, inputs: Inputs, point: str, sites: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Site -> (input, unit) of a network of one member, at a point."""
    steps = inputs.points[point]
    found: dict[str, list[NDArray[np.float32]]] = {site: [] for site in sites}
    for rows, activity in recorded(network, inputs.tokens[:, : steps.max() + 1], sites):
        for site, values in activity.items():
            found[site].append(values[np.arange(len(values)), steps[rows]])
    return {site: np.concatenate(parts) for site, parts in found.items()}


def functional_radius(
    distance: NDArray[np.floating],
    kept: NDArray[np.bool_],
    weight: NDArray[np.floating] | None = None,
    share: float = KEPT,
    least: int = 1,
) -> float:
    """The radius up to which so large a share of patched members keeps the answer.

    Args:
        distance: (member,) of the donors from a query.
        kept: (member,) whether the answer stayed with their activity in place of the query's.
        weight: (member,) what each donor stands for, where some parts of the ball are sampled more
            densely than others; equal if None.
        least: donors that a ball must hold for its share to count against it; fewer may miss it
            by luck.

    Returns:
        The distance of the farthest member within it; NaN if not even the nearest are enough.
    """
    order = np.argsort(distance, kind="stable")
    far, parts = distance[order], (np.ones(len(order)) if weight is None else weight[order])
    ends = np.append(far[1:] > far[:-1], True)  # equal distances are in or out together
    enough = np.cumsum(kept[order] * parts) >= share * np.cumsum(parts) * (1 - 1e-9)
    missed = np.flatnonzero(ends & ~enough & (np.arange(1, len(far) + 1) >= least))
    within = np.arange(len(far)) < (missed[0] if len(missed) else len(far))
    reached = np.flatnonzero(ends & enough & within)
    return float(far[reached[-1]]) if len(reached) else float("nan")


def smallest_cut(
    sites: Sequence[Place], carried: Callable[[tuple[Place, ...]], float], enough: float, most: int
) -> list[tuple[tuple[Place, ...], float]]:
    """The fewest sites whose joint patch carries a feature to enough receivers.

    Args:
        carried: sites -> share of receivers that take over the donor's value.

    Returns:
        All sets of that many sites with their shares, the best first; where no set of at most
        ``most`` carries it to enough, those of that many.
    """
    found: list[tuple[tuple[Place, ...], float]] = []
    for count in range(1, min(most, len(sites)) + 1):
        found = [(together, carried(together)) for together in combinations(sites, count)]
        found.sort(key=lambda tried: -tried[1])
        if found[0][1] >= enough:
            break
    return found


def cumulative(sites: Sequence[Place]) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """The sets of both orders: ``forward``, from none on adding the first, then ``backward``."""
    for order, along in (("forward", sites), ("backward", sites[::-1])):
        for count in range(len(along) + 1):
            yield order, tuple(along[:count])


def _edit(patch: Patch, steps: NDArray[np.integer], rows: slice, time: int) -> Edit:
    activity = np.asarray(patch.activity[rows], dtype=np.float32)
    n, units = activity.shape
    return Edit(
        patch.site,
        when=np.arange(time) == steps[rows, None],
        units=np.ones((n, units), bool),
        keep=np.zeros(n),
        hold=np.zeros(n),
        value=activity,
    )
