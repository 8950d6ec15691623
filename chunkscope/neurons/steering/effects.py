"""What steering does to next-symbol predictions.

A change of log-probability is a change of logit less a constant, which depends on the prompt, since
probabilities sum to 1. Prompts are therefore compared by the correlation of their changes over the
vocabulary, centred, every symbol counting alike: the constant is gone. Left in, it would make any
two prompts alike in which some symbol gains much and all others lose a little, whichever gains.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.interventions.effects import divergence

Floats = NDArray[np.floating]

MEASURES = {
    "kl": "nats, mean KL(steered || unsteered)",
    "log_rise": "nats, mean rise of the log-probability of the promoted symbols",
    "probability": "mean probability of all promoted symbols together, 0..1",
    "probability_before": "the same, unsteered",
    "consistency": "mean correlation of two prompts' changes of log-probability; 1: the same "
    "change whatever the context; NaN: fewer than two prompts in which anything changes",
}
"""Name of each measure -> its meaning. Promoted symbols are picked on other prompts than those that
``log_rise`` and both probabilities are of, so that they need not rise there. Whatever changes a
network in one way raises some symbols: only what a target does beyond its controls is its own."""

ROUNDING = 1e-4  # nats; a change that spans less over the vocabulary is none


def effects(
    before: Floats, after: Floats, promoted: int
) -> tuple[dict[str, Floats], NDArray[np.intp]]:
    """Every measure as (combination,), and (combination, promoted) symbols, the most risen first.

    Args:
        before: (prompt, symbol) probabilities. after: (combination, prompt, symbol).
        promoted: how many symbols; they are picked by their mean rise on the first half of the
            prompts.
    """
    before, after = np.asarray(before, np.float64), np.asarray(after, np.float64)
    change = _log(after) - _log(before)
    half = len(before) // 2
    picked = np.argsort(-change[:, :half].mean(1), axis=-1, kind="stable")[:, :promoted]

    def of_picked(values: Floats) -> Floats:
        """(combination, promoted), from (combination, prompt, symbol)."""
        means: Floats = np.take_along_axis(values[:, half:].mean(1), picked, -1)
        return means

    measures: dict[str, Floats] = {
        "kl": divergence(after, before).mean(-1),
        "log_rise": of_picked(change).mean(-1),
        "probability": of_picked(after).sum(-1),
        "probability_before": of_picked(np.broadcast_to(before, after.shape)).sum(-1),
        "consistency": np.array([consistency(each) for each in change]),
    }
    return measures, picked


def consistency(change: Floats) -> float:
    """Mean correlation between two rows of ``change (prompt, symbol)``; rows without one are out.

    NaN if fewer than two are left.
    """
    rows = change[np.ptp(change, axis=1) > ROUNDING]
    n = len(rows)
    if n < 2:
        return np.nan
    centred = rows - rows.mean(1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return float((np.square(unit.sum(0)).sum() - n) / (n * (n - 1)))


def _log(p: Floats) -> Floats:
    """Finite where a float32 probability has underflowed to 0."""
    logs: Floats = np.log(np.maximum(p, np.finfo(np.float32).tiny))
    return logs
