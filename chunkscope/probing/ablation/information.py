"""How much the context tells of the next symbol at each step: where an ablation of it must show.

In a word whose end only its context decides, the context matters at one step and nowhere else. A
mean over all steps would hide that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]  # (step,)
Nats = NDArray[np.float64]


def context_information(
    next_distribution: NDArray[np.floating], tokens: Labels, position: Labels, context: Labels
) -> Nats:
    """(step,) nats that the context tells of the next symbol, beside symbol and position.

    Steps that share the symbol and its position in the word are taken together: the Jensen-Shannon
    divergence of the contexts' mean predictions there, all contexts that have such steps weighing
    the same; 0 where only one has them, and at most log(contexts). It is the information between
    context and next symbol, given that much, of a reader who takes every context to be as likely.

    Args:
        next_distribution: (step, symbol) of the ideal observer, who knows the context.
        tokens, position, context: (step,), >= 0.
    """
    keys = np.stack([tokens, position], axis=1)
    _, place = np.unique(keys, axis=0, return_inverse=True)
    contexts = int(context.max()) + 1
    cell = place * contexts + context
    n_places = int(place.max()) + 1
    counts = np.bincount(cell, minlength=n_places * contexts)
    by_symbol = next_distribution.T.astype(np.float64)
    totals = np.stack([np.bincount(cell, p, minlength=len(counts)) for p in by_symbol], axis=1)
    means = totals / np.maximum(counts, 1)[:, None]
    by_place = means.reshape(n_places, contexts, -1)
    present = (counts > 0).reshape(n_places, contexts)
    return jensen_shannon(by_place, present)[place]


def jensen_shannon(distributions: Nats, present: NDArray[np.bool_]) -> Nats:
    """(place,) Jensen-Shannon divergence (nats) of the distributions present, weighed equally.

    Args:
        distributions: (place, distribution, symbol).
        present: (place, distribution) which of them there are, at least one of every place.
    """
    weights = present / present.sum(axis=1, keepdims=True)
    mixture = np.einsum("pd,pds->ps", weights, distributions)
    return _entropy(mixture) - (weights * _entropy(distributions)).sum(axis=1)


def _entropy(probabilities: Nats) -> Nats:
    logs = np.log(np.where(probabilities > 0, probabilities, 1.0))
    return np.asarray(-(probabilities * logs).sum(axis=-1))
