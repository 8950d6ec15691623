"""Effects of an intervention on what the network predicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

MEASURES = {
    "probability": "mean probability of the donor's target, 0..1",
    "success": "share in which the target is the likeliest symbol (in free mode: is said), 0..1",
    "kl_recipient": "nats, KL(natural || intervened): how much the prediction changed",
    "kl_donor": "nats, KL(the donor's own mean natural prediction || intervened): how far it is "
    "from what the donor's state predicts",
}
"""Name of each measure -> its meaning."""


def measure(
    intervened: Floats, natural: Floats, own: Floats, targets: NDArray[np.int64]
) -> dict[str, Floats]:
    """Every measure as (condition, row, lag).

    Args:
        intervened: (condition, row, lag, symbol) probabilities.
        natural: (row, lag, symbol) the same rows without an intervention.
        own: (row, lag, symbol) mean natural prediction of each row's donor.
        targets: (row, lag) the donor's likeliest symbols.
    """
    return {
        "probability": np.take_along_axis(intervened, targets[None, :, :, None], -1)[..., 0],
        "success": (intervened.argmax(-1) == targets).astype(np.float32),
        "kl_recipient": divergence(natural, intervened),
        "kl_donor": divergence(own, intervened),
    }


def divergence(p: Floats, q: Floats) -> Floats:
    """KL(p || q) in nats over the last axis, finite where ``q`` has underflowed to 0."""
    tiny = np.finfo(np.float32).tiny
    return (p * (np.log(np.maximum(p, tiny)) - np.log(np.maximum(q, tiny)))).sum(-1)


def donor_means(
    values: NDArray[np.generic],
    donor: NDArray[np.int64],
    n_donors: int,
    counted: NDArray[np.bool_],
) -> Floats:
    """(condition, donor, lag) means over the counted rows of each donor; NaN where there is none.

    Args:
        values: (condition, row, lag).
        donor: (row,).
        counted: (condition, row, lag) bool.
    """
    n = donor_sums(counted, donor, n_donors)
    total = donor_sums(np.where(counted, values, 0), donor, n_donors)
    return np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)


def donor_sums(values: NDArray[np.generic], donor: NDArray[np.int64], n_donors: int) -> Floats:
    """(condition, donor, lag) sums of ``values`` (condition, row, lag) over each donor's rows."""
    belongs = (donor == np.arange(n_donors)[:, None]).astype(np.float64)
    return belongs @ values.astype(np.float64)
