"""Other units that a set of context units is compared with: as lively, and as much listened to.

A unit that hardly moves, or that the readout hardly weighs, can be ablated without harm whatever
it stands for. Controls are therefore the units nearest in both: the standard deviation of their
activity, and the length of their column in the readout.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.errors import ProbingError
from chunkscope.networks.recurrent import Recurrent

Units = NDArray[np.int64]
Values = NDArray[np.float64]


@torch.no_grad()
def readout_weights(network: Recurrent) -> Values:
    """(unit, symbol) what one unit of activity adds to the logits, of a network of one member.

    Readouts are affine in the hidden state, so that their answer to each unit alone, less that to
    none, is its column; an affine network's reads the state of the step before, hence two steps.
    """
    units = network.settings.hidden
    alone = torch.cat([torch.eye(units), torch.zeros(1, units)])
    hidden = alone[None, :, None].expand(1, -1, 2, -1)
    logits = network.read_out(torch.zeros(units + 1, 2, dtype=torch.long), hidden)[0, :, 1]
    return (logits[:-1] - logits[-1:]).cpu().numpy().astype(np.float64)


def nearest_units(spread: Values, length: Values, of: int, among: Units, count: int) -> Units:
    """(count,) the units most like unit ``of``, the most alike first.

    Alike is the Euclidean distance of the logarithms of spread and length, each divided by its
    standard deviation over all units.

    Args:
        spread: (unit,) standard deviation of the activity.
        length: (unit,) Euclidean norm of its readout weights.
        among: units to choose from.
    """
    features = np.log(np.maximum(np.stack([spread, length], axis=1), 1e-12))
    features /= np.maximum(features.std(axis=0), 1e-12)
    distance = np.square(features[among] - features[of]).sum(axis=1)
    nearest: Units = among[np.argsort(distance, kind="stable")[:count]]
    return nearest


def matched_sets(
    spread: Values, length: Values, units: Units, count: int, rng: np.random.Generator
) -> Units:
    """(count, len(units)) sets of other units: each unit is replaced by one of its nearest.

    A single unit's controls are its ``count`` nearest units, each once. Of a larger set every unit
    draws among as many, and no set holds a unit twice.

    Raises:
        ProbingError: there are too few other units.
    """
    others = np.setdiff1d(np.arange(len(spread)), units)
    if len(others) < count + len(units) - 1:
        raise ProbingError(
            f"probing.ablation.controls: got {count} for sets of {len(units)} of {len(spread)} "
            f"units; must be at most {len(others) - len(units) + 1}: ask for fewer, or for a wider "
            "network"
        )
    sets = np.empty((count, len(units)), np.int64)
    for place, unit in enumerate(units):
        nearest = nearest_units(spread, length, unit, others, count + len(units) - 1)
        order = rng.permutation(nearest[:count])
        for draw in range(count):
            taken = sets[draw, :place]
            free = [u for u in (*np.roll(order, -draw), *nearest[count:]) if u not in taken]
            sets[draw, place] = free[0]
    return sets
