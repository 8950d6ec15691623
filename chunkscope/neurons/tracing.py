"""Scores of units along training, beside the loss: what equal steps and equal loss are read off.

At every kept checkpoint the network reads both halves of the recording, and tables of symbols are
explained on all of one and scored on all of the other (:mod:`chunkscope.neurons.tables`). A store
of every checkpoint would be large, and nobody else would read it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from chunkscope.networks.network import Network
from chunkscope.neurons.asking import run_over
from chunkscope.neurons.comparison import CURVE
from chunkscope.neurons.excerpts import Tokens
from chunkscope.neurons.facts import everything, unit_facts
from chunkscope.neurons.scores import NO_SCORE

MEASURES = {
    "pearson": "mean",
    "auprc": "mean",
    "detection": "mean",
    "token_share": "median",  # a unit that hardly ever fires has an R2 without a bound
}
"""What is followed -> what is taken of all units."""


def trace_units(
    at_step: Callable[[int], Network],
    steps: Sequence[int],
    tokens: Tokens,
    held_out: Tokens,
    sites: Sequence[str],
) -> pd.DataFrame:
    """Every checkpoint, member and site.

    Args:
        at_step: step -> the ensemble as it was then.
        tokens: (sequence, time) that explain.
        held_out: those that scores and the loss are of, from other documents.

    Returns:
        :data:`~chunkscope.neurons.comparison.CURVE`: ``loss`` in nats per symbol; ``units``, how
        many there are, and how many of them are ``dead`` and ``constant``; ``active``, the mean
        share of symbols at which they are; of each of :data:`MEASURES` that of all units when those
        without a score count ``as_zero`` (:data:`~chunkscope.neurons.scores.NO_SCORE`) and of those
        that are ``scored``, of which there are ``n_scored``.
    """
    rows = []
    for step in steps:
        network = at_step(step)
        for member in range(len(network.seeds)):
            alone = network.select([member])
            seen, _ = run_over(alone, tokens, sites)
            did, loss = run_over(alone, held_out, sites)
            for site in sites:
                facts = unit_facts(
                    everything(tokens, seen[site]),
                    everything(held_out, did[site]),
                    network.vocabulary,
                )
                place = {"step": step, "seed": member, "site": site, "loss": loss}
                rows += [{**place, **row} for row in _measured(facts)]
            print(f"step {step}, seed {member}: loss {loss:.3f}", flush=True)
    return pd.DataFrame(rows, columns=list(CURVE))


def _measured(facts: pd.DataFrame) -> list[dict[str, object]]:
    counts = {
        "units": len(facts),
        "dead": int(facts["dead"].sum()),
        "constant": int(facts["constant"].sum()),
        "active": facts["active"].mean(),
    }
    return [
        {
            **counts,
            "measure": measure,
            "as_zero": facts[measure].fillna(NO_SCORE.get(measure, 0.0)).agg(middle),
            "scored": facts[measure].agg(middle),
            "n_scored": int(facts[measure].notna().sum()),
        }
        for measure, middle in MEASURES.items()
    ]
