"""Iterative pruning: what a probe loses as the best single units are taken away, one by one.

Gurnee et al. (arXiv 2305.01610) hold the number of units of a probe and delete, round by round, the
best single one. Three ways to store a feature part:

- copies in many units (redundancy): nothing is lost until the copies run out;
- one unit alone: everything is lost with it;
- a code over several units, each of which stands for other features too (superposition): one unit
  reads it badly, a few read it well, and every unit that goes takes some of it along.

Beside it stands what as many units, taken away at random, cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.metrics import f1_of_all
from chunkscope.probing.probe import Sample, f1_at, refit, weightings
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.rankings import unit_scores
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.solvers.exhaustive import fit_single_units
from chunkscope.probing.solvers.logistic import balanced_weights
from chunkscope.probing.terms import BEST, RANDOM

Units = NDArray[np.int64]


def prune(
    sample: Sample,
    settings: ProbingSettings,
    pruning: PruningSettings,
    rng: np.random.Generator,
) -> Iterator[dict[str, object]]:
    """The F1 of the best single unit, and of a probe of several units, in every round.

    Which units take part (largest F), which is best alone (lowest loss of its own probe) and which
    a probe reads (largest mean difference of those that are left) is decided on the rows to fit.
    None of the three hangs on which other units there are, so that a round only refits. There are
    rounds as long as they leave the units that a probe reads.

    Args:
        rng: draws the units that go at random.

    Yields:
        ``order`` (of taking away: :data:`BEST` or :data:`RANDOM`), ``round`` (units gone),
        ``size``, ``prevalence``, ``units`` (places of those that are read, best first), and of the
        test rows ``f1`` and ``floor``, that of calling every row positive.
    """
    settings = settings.model_copy(update={"penalties": (pruning.penalty,)})
    by_loss, by_difference = ranked_units(sample, pruning)
    at_random = rng.permutation(by_loss)
    few = min(pruning.size, len(by_loss))

    @cache  # a unit that goes is seldom one of those that are read
    def tested(*units: int) -> list[dict[str, object]]:
        return list(_tested(sample, np.array(units), settings))

    for taken in range(min(pruning.rounds, len(by_loss) - few) + 1):
        for order, goes, size, ranked in (
            (BEST, by_loss, 1, by_loss),
            (BEST, by_loss, few, by_difference),
            (RANDOM, at_random, few, by_difference),
        ):
            units = ranked[~np.isin(ranked, goes[:taken])][:size]
            found = {"order": order, "round": taken, "size": size}
            found["units"] = " ".join(map(str, units))
            yield from ({**found, **row} for row in tested(*units.tolist()))


def ranked_units(sample: Sample, pruning: PruningSettings) -> tuple[Units, Units]:
    """The units of the largest F: in the order of their loss alone, and of mean difference."""
    X, y = sample.fit, sample.rows.fit.y
    f, difference = (unit_scores(X, y, ranking, 0) for ranking in ("f", "mean_difference"))
    there = np.argsort(-f, kind="stable")[: pruning.units]
    alone = fit_single_units(X[:, there], y, pruning.penalty, balanced_weights(y))
    by_loss = np.argsort(alone.objective, kind="stable")
    by_difference = np.argsort(-difference[there], kind="stable")
    return there[by_loss], there[by_difference]


def _tested(sample: Sample, units: Units, settings: ProbingSettings) -> Iterator[dict[str, object]]:
    """Prevalence, F1 and floor of the probe of some units, on the test rows."""
    test = sample.rows.test
    weights = weightings(test, settings.rows.prevalence)
    for probe in refit(sample, units, sample.rows.fit.y, settings):
        rows = weights[probe.prevalence]
        share = float(rows[test.y].sum() / rows.sum())
        yield {
            "prevalence": probe.prevalence,
            "f1": f1_at(test.y, probe.decision(sample.test), rows, probe.threshold),
            "floor": f1_of_all(share),
        }
