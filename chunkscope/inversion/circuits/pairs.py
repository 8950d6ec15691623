"""Pairs of inputs that differ in one feature, as the network itself tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InversionError, did_you_mean
from chunkscope.grammars import Inputs
from chunkscope.inversion.circuits.settings import CircuitSettings

Rows = NDArray[np.int64]
Answer = Callable[[Inputs], NDArray[np.int64]]

TRIED = 40  # receivers drawn for each pair that is asked for
LEAST = 4  # pairs: two to find a cut on, and two to verify it


@dataclass(frozen=True)
class Pairs:
    """Receivers, and for each a donor.

    Attributes:
        receivers, donors: (pair,) numbers of inputs.
        own, other: (pair,) the answer of each.
    """

    receivers: Rows
    donors: Rows
    own: Rows
    other: Rows


def draw_pairs(
    inputs: Inputs,
    settings: CircuitSettings,
    truth: NDArray[np.integer],
    answer: Answer,
    rng: np.random.Generator,
    alike: bool = False,
) -> Pairs:
    """Pairs that share what must match and differ in the feature and in their answers.

    As many as are asked for, or fewer where few are found.

    Args:
        alike: whether they share the feature and the answer instead, as a control.
        truth: (input,) the right answer after the last point.
        answer: what the network answers.

    Raises:
        InversionError: inputs have no such label, or there are too few such pairs.
    """
    labels = [_label(inputs, kind) for kind in (settings.feature, *settings.matched)]
    group = _groups(labels[1:], len(inputs))
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    receivers = rng.choice(len(inputs), TRIED * settings.pairs, p=inputs.weight)
    of = group[receivers]
    donors = order[starts[of] + (rng.random(len(of)) * sizes[of]).astype(np.int64)]
    same = labels[0][receivers] == labels[0][donors]
    chosen = (same == alike) & ((truth[receivers] == truth[donors]) == alike)
    chosen &= receivers != donors
    receivers, donors = receivers[chosen], donors[chosen]
    if len(receivers):
        own, other = (answer(inputs.take(rows)) for rows in (receivers, donors))
        right = (own == truth[receivers]) & (other == truth[donors])
        receivers, donors = receivers[right], donors[right]
    if len(receivers) < LEAST:
        matched = ", ".join(settings.matched) or "nothing"
        raise InversionError(
            f"circuits: found {len(receivers)} pairs that share {matched} and differ in "
            f"{settings.feature}, both answered rightly; must be {LEAST} at least: match fewer "
            "labels"
        )
    receivers, donors = receivers[: settings.pairs], donors[: settings.pairs]
    return Pairs(receivers, donors, truth[receivers], truth[donors])


def _label(inputs: Inputs, kind: str) -> NDArray[np.integer]:
    if kind not in inputs.labels:
        hint = did_you_mean(kind, inputs.labels)
        raise InversionError(
            f"circuits: got label {kind!r}; must be one of {', '.join(inputs.labels)}{hint}"
        )
    return inputs.labels[kind]


def _groups(labels: list[NDArray[np.integer]], count: int) -> Rows:
    """(input,) a number for every combination of labels."""
    if not labels:
        return np.zeros(count, np.int64)
    return np.unique(np.stack(labels, axis=1), axis=0, return_inverse=True)[1].ravel()
