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

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.inversion.distances import Activity
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network

SYMBOLS_PER_PASS = 20_000  # inputs x time run at once, which bounds memory
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


@torch.no_grad()
def answers(
    network: Network, inputs: Inputs, point: str, patches: Sequence[Patch] = ()
) -> NDArray[np.int64]:
    """(input,) the symbol that a network of one member thinks likeliest after a point.

    Raises:
        InversionError: the network has several members.
        InterventionError, SiteError: a patch does not fit the network.
    """
    if len(network.seeds) != 1:
        raise InversionError(
            f"network: got {len(network.seeds)} members; patches are of one: select it"
        )
    read = inputs.tokens[:, : inputs.points[point].max() + 1].astype(np.int64)
    size = max(1, SYMBOLS_PER_PASS // read.shape[1])
    found = np.empty(len(inputs), np.int64)
    for first in range(0, len(inputs), size):
        rows = slice(first, first + size)
        tokens = torch.from_numpy(read[rows])
        edits = [_edit(patch, inputs.points[patch.point], rows, read.shape[1]) for patch in patches]
        logits = network(tokens, intervene=edits).logits[0].cpu()
        at = torch.from_numpy(inputs.points[point][rows].astype(np.int64))
        found[rows] = logits[torch.arange(len(at)), at].argmax(-1).numpy()
    return found


def functional_radius(
    distance: NDArray[np.floating], kept: NDArray[np.bool_], share: float = KEPT
) -> float:
    """The largest radius within which so large a share of patched members keeps the answer.

    Args:
        distance: (member,) of the donors from a query.
        kept: (member,) whether the answer stayed with their activity in place of the query's.

    Returns:
        The distance of the farthest member within it; NaN if not even the nearest are enough.
    """
    order = np.argsort(distance, kind="stable")
    far = distance[order]
    ends = np.append(far[1:] > far[:-1], True)  # equal distances are in or out together
    enough = ends & (np.cumsum(kept[order]) >= share * np.arange(1, len(order) + 1))
    return float(far[np.flatnonzero(enough)[-1]]) if enough.any() else float("nan")


def smallest_cut(
    sites: Sequence[str], carried: Callable[[tuple[str, ...]], float], enough: float, most: int
) -> tuple[tuple[str, ...], float]:
    """The fewest sites whose joint patch carries a feature to enough receivers.

    Of as many sites those that carry it furthest; if no set of at most ``most`` carries it to
    enough, the best of all.

    Args:
        carried: sites -> share of receivers that take over the donor's value.

    Returns:
        The sites, and the share.
    """
    best: tuple[tuple[str, ...], float] = (), 0.0
    for count in range(1, most + 1):
        for together in combinations(sites, count):
            share = carried(together)
            if share > best[1]:
                best = together, share
        if best[1] >= enough:
            break
    return best


def cumulative(sites: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
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
