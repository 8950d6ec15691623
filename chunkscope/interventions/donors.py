"""Donors: states to graft, each with what the network reads after it.

A donor is a set of steps that some method calls the same; its value at every site is the mean
over those steps, so that sites the method never saw (say an LSTM's cells) have one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InterventionError


@dataclass(frozen=True)
class Donors:
    """States to graft, the one with most members first.

    Attributes:
        names: what tables call each donor.
        values: site -> (donor, unit), mean activity over the members.
        members: per donor, (member, 2) the sequence and time of its steps in the training split.
        continuation: (donor, lag, symbol) share of each symbol among those read 1, 2, ... steps
            after a member; zeros where no member is followed by that many.
        units: site -> (donor, unit) bool, the units a donor constrains; empty if not known.
        reads: (donor,) the symbol most often read at a member.
    """

    names: tuple[str, ...]
    values: dict[str, NDArray[np.float32]]
    members: tuple[NDArray[np.int64], ...]
    continuation: NDArray[np.float64]
    units: dict[str, NDArray[np.bool_]]
    reads: NDArray[np.int64]

    @property
    def targets(self) -> NDArray[np.int64]:
        """(donor, lag) the likeliest symbol."""
        return self.continuation.argmax(-1)

    def informative(self, share: float) -> NDArray[np.bool_]:
        """(donor, lag) where the likeliest symbol has at least this share."""
        return self.continuation.max(-1) >= share


def donors_from_labels(
    labels: NDArray[np.integer],
    activations: Mapping[str, NDArray[np.floating]],
    tokens: NDArray[np.integer],
    lags: int,
    min_members: int,
    max_donors: int,
    units: Mapping[str, NDArray[np.bool_]] | None = None,
    names: Sequence[str] | None = None,
) -> Donors:
    """A donor per label that is common enough, from a training split.

    Args:
        labels: (sequence, time) state of each step; negative is none.
        activations: site -> (sequence, time, unit).
        tokens: (sequence, time) symbols read.
        lags: steps of the continuation.
        min_members: steps that a label needs.
        max_donors: donors at most.
        units: site -> (label, unit), the units that each label constrains.
        names: per label; its number if None.

    Raises:
        InterventionError: arrays that do not fit one another.
    """
    _check(labels, activations, tokens, units or {})
    counts = np.bincount(labels[labels >= 0])
    common = np.argsort(-counts, kind="stable")[:max_donors]
    chosen = common[counts[common] >= min_members]
    members = tuple(np.argwhere(labels == label) for label in chosen)
    return Donors(
        names=tuple(str(label) if names is None else names[label] for label in chosen),
        values={site: _means(activity, members) for site, activity in activations.items()},
        members=members,
        continuation=_continuation(tokens, members, lags),
        units={site: constrained[chosen] for site, constrained in (units or {}).items()},
        reads=np.array([_commonest(tokens, steps) for steps in members], dtype=np.int64),
    )


def _commonest(tokens: NDArray[np.integer], steps: NDArray[np.int64]) -> int:
    """The symbol most often read at ``steps``."""
    return int(np.bincount(tokens[steps[:, 0], steps[:, 1]].astype(np.intp)).argmax())


def _means(
    activity: NDArray[np.floating], members: Sequence[NDArray[np.int64]]
) -> NDArray[np.float32]:
    means = np.zeros((len(members), activity.shape[-1]), np.float32)
    for donor, steps in enumerate(members):
        means[donor] = activity[steps[:, 0], steps[:, 1]].mean(axis=0, dtype=np.float64)
    return means


def _continuation(
    tokens: NDArray[np.integer], members: Sequence[NDArray[np.int64]], lags: int
) -> NDArray[np.float64]:
    symbols = int(tokens.max()) + 1
    shares = np.zeros((len(members), lags, symbols))
    for donor, steps in enumerate(members):
        for lag in range(1, lags + 1):
            followed = steps[steps[:, 1] + lag < tokens.shape[1]]
            read = tokens[followed[:, 0], followed[:, 1] + lag].astype(np.intp)
            counts = np.bincount(read, minlength=symbols)
            shares[donor, lag - 1] = counts / max(1, len(followed))
    return shares


def _check(
    labels: NDArray[np.integer],
    activations: Mapping[str, NDArray[np.floating]],
    tokens: NDArray[np.integer],
    units: Mapping[str, NDArray[np.bool_]],
) -> None:
    shapes = {"tokens": tokens.shape} | {site: a.shape[:2] for site, a in activations.items()}
    for name, shape in shapes.items():
        if shape != labels.shape:
            raise InterventionError(
                f"donors: {name}: got (sequence, time) = {shape}; the labels have {labels.shape}"
            )
    for site, constrained in units.items():
        if site not in activations:
            raise InterventionError(
                f"donors: units: got site {site!r}; the activations are of {list(activations)}"
            )
        shape = (int(labels.max()) + 1, activations[site].shape[-1])
        if constrained.shape[0] < shape[0] or constrained.shape[1:] != shape[1:]:
            raise InterventionError(
                f"donors: units: {site}: got shape {constrained.shape}; must be (label, unit) "
                f"= {shape}"
            )
