"""Controls: what stands in a donor's place, to tell its effect from that of any change.

A control is a function of the pairs of donor and recipient and of a generator; it gives the value
that each recipient gets. Sites that are changed together stand side by side in one vector, so that
one observed state, one direction and one covariance serve them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]  # (row, unit)


@dataclass(frozen=True)
class Pairs:
    """Donors and recipients, a row each; what a control may draw on.

    Attributes:
        own: (row, unit) the recipient's own activity.
        observed: (state, unit) activity at random steps of the recording.
        donors: (donor, unit) their values.
        donor: (row,) the donor of each row.
        wrong: (row,) another donor; see :func:`draw_wrong_donors`.
        units: (row, unit) bool, the units that are changed.
    """

    own: Values
    observed: Values
    donors: Values
    donor: NDArray[np.int64]
    wrong: NDArray[np.int64]
    units: NDArray[np.bool_]

    @property
    def target(self) -> Values:
        """(row, unit) the donor's own value."""
        return self.donors[self.donor]

    @property
    def centre(self) -> Values:
        """(unit,) mean of the observed activity."""
        return self.observed.mean(axis=0)


def identity(pairs: Pairs, rng: np.random.Generator) -> Values:
    """The recipient's own value: the machinery without a change."""
    return pairs.own


def wrong_donor(pairs: Pairs, rng: np.random.Generator) -> Values:
    """The value of a donor that other symbols follow."""
    return pairs.donors[pairs.wrong]


def random_state(pairs: Pairs, rng: np.random.Generator) -> Values:
    """The activity at a random step."""
    return pairs.observed[rng.integers(len(pairs.observed), size=len(pairs.own))]


def random_direction(pairs: Pairs, rng: np.random.Generator) -> Values:
    """The mean activity plus a step in a uniformly random direction, as long as the donor's.

    The donor's step is ``target - centre``. Both steps are taken within the changed units alone,
    so that their lengths (L2) are equal there.
    """
    direction = np.where(pairs.units, rng.standard_normal(pairs.own.shape, np.float32), 0)
    step = np.where(pairs.units, pairs.target - pairs.centre, 0)
    length = np.linalg.norm(direction, axis=1, keepdims=True)
    scale = np.linalg.norm(step, axis=1, keepdims=True) / np.maximum(length, 1e-12)
    return pairs.centre + scale * direction


def gaussian(pairs: Pairs, rng: np.random.Generator) -> Values:
    """A draw from the Gaussian with the mean and covariance of the observed activity."""
    covariance = np.cov(pairs.observed, rowvar=False).reshape(2 * pairs.observed.shape[1:])
    drawn = rng.multivariate_normal(
        pairs.centre,
        covariance,
        size=len(pairs.own),
        method="eigh",  # units that never move make it singular, which Cholesky does not take
        check_valid="ignore",
    )
    return drawn.astype(np.float32)


def zero(pairs: Pairs, rng: np.random.Generator) -> Values:
    """Nothing."""
    return np.zeros_like(pairs.own)


CONTROLS: dict[str, Callable[[Pairs, np.random.Generator], Values]] = {
    "identity": identity,
    "wrong donor": wrong_donor,
    "random observed state": random_state,
    "random direction": random_direction,
    "gaussian": gaussian,
    "zero": zero,
}
"""Values in the donor's place; ``none`` and ``random units`` change something else."""


def draw_wrong_donors(
    donor: NDArray[np.int64],
    targets: NDArray[np.int64],
    informative: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """(row,) a donor for each row whose targets differ at as many informative lags as possible.

    Uniform among those that tie. At lags where even its target is the same it is no control, and
    where nothing differs it is any donor at all.

    Args:
        donor: (row,) the right donor.
        targets: (donor, lag) likeliest symbols.
        informative: (donor, lag) where the right donor is judged.
    """
    differs = (targets[:, None] != targets) & informative[:, None]  # (right, wrong, lag)
    lags = differs.sum(-1)
    best = lags == lags.max(axis=1, keepdims=True)
    return np.where(best[donor], rng.random((len(donor), len(targets))), -1).argmax(axis=1)


def draw_other_units(units: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """(row, unit) as many random units as each row of ``units`` has, and none of them.

    A row without that many others gets none.
    """
    count = units.sum(axis=1, keepdims=True)
    order = np.where(units, 2.0, rng.random(units.shape)).argsort(axis=1).argsort(axis=1)
    return (order < count) & (2 * count <= units.shape[1])
