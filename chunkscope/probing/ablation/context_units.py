"""The context that one unit tells best, and all units ranked for it.

Every unit gets a probe of its own for every context against the others. Asked are the steps inside
words: a cue names its context, and needs no memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.ablation.steps import ContextSteps
from chunkscope.probing.rows import Rows, deal_rows
from chunkscope.probing.settings import RowSettings
from chunkscope.probing.unit_ranking import UnitRanking, rank_units


def deal_contexts(
    steps: ContextSteps, settings: RowSettings, rng: np.random.Generator
) -> dict[int, Rows]:
    """Context -> the rows on which it is told from the others."""
    groups = np.arange(len(steps.tokens))
    return {
        feature.value: deal_rows(feature, steps.is_train, groups, settings, rng)
        for feature in steps.features()
    }


def find_context_units(
    activations: NDArray[np.float32], rows: dict[int, Rows], prevalence: float
) -> tuple[int, UnitRanking]:
    """The context that one unit tells best on validation, and all units ranked for it.

    Args:
        activations: (sequence, time, unit).
        rows: of :func:`deal_contexts`.
        prevalence: share of positives at which units are compared; the same for every context,
            so that none is told best for being the commonest.
    """
    rankings = {at: rank_units(activations, of_it, prevalence) for at, of_it in rows.items()}
    context = max(rankings, key=lambda name: rankings[name].f1.max())
    return context, rankings[context]
