"""All units of a site ranked by how well each tells a feature by itself (k = 1).

F1 depends on how common a feature is: calling every row positive reaches 2 p / (1 + p) at a
prevalence p. So every feature is measured at the same prevalence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.probing.metrics import (
    f1_of_all,
    measure,
    prevalence_weights,
    sequence_bootstrap,
)
from chunkscope.probing.probe import Activity, Sample, best_f1
from chunkscope.probing.rows import Rows
from chunkscope.probing.solvers.exhaustive import SingleUnits, fit_single_units
from chunkscope.probing.solvers.logistic import balanced_weights

PENALTY = 1.0  # scikit-learn's C, as published; of a single unit it changes the scale of scores


@dataclass(frozen=True)
class UnitRanking:
    """Every unit's own probe, ranked by F1 on validation rows.

    Attributes:
        prevalence: share of positives that validation and test rows are weighted to.
        order: (unit,) all units, the best first; of equal ones the lower objective first.
        f1: (unit,) on validation, in the order of the units.
        thresholds: (unit,) of that F1.
        probes: fitted on the rows to fit.
        sample: the activity at all rows.
    """

    prevalence: float
    order: NDArray[np.int64]
    f1: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    probes: SingleUnits
    sample: Sample

    @property
    def best(self) -> int:
        """The best unit."""
        return int(self.order[0])

    def test(self, units: int, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
        """The first ``units`` of the ranking on test rows.

        Returns:
            ``rank, unit, coef, validation`` (F1), ``floor`` (F1 of calling every row positive)
            and, for f1, precision, recall, mcc and pr_auc, the measure and its ``_low`` and
            ``_high`` (95 %, ``resamples`` draws of whole groups).
        """
        part, decisions = self.sample.rows.test, self.probes.decision(self.sample.test)
        weights = prevalence_weights(part.y, part.weights, self.prevalence)
        found = []
        for rank, unit in enumerate(self.order[:units].tolist()):
            scored = part.y, decisions[:, unit], weights
            threshold = float(self.thresholds[unit])
            bounds = sequence_bootstrap(
                *scored, part.group, threshold, resamples, rng, self.prevalence
            )
            row: dict[str, float] = {"rank": rank, "unit": unit}
            row |= {"coef": self.probes.coef[unit], "validation": self.f1[unit]}
            row["floor"] = f1_of_all(self.prevalence)
            for name, value in measure(*scored, threshold).items():
                low, high = bounds[name]
                row |= {name: value, f"{name}_low": low, f"{name}_high": high}
            found.append(row)
        return pd.DataFrame(found)


def rank_units(activations: NDArray[np.float32], rows: Rows, prevalence: float) -> UnitRanking:
    """Fit every unit's own probe and rank the units on validation.

    Args:
        activations: (sequence, time, unit) of a site, all sequences of the store.
        rows: of the feature.
        prevalence: share of positives at which the units are measured.
    """
    values = activations.reshape(-1, activations.shape[-1])
    everywhere = Activity(np.arange(len(values)), values, np.arange(values.shape[1]))
    sample, held = Sample.of(everywhere, rows), rows.validation
    probes = fit_single_units(sample.fit, rows.fit.y, PENALTY, balanced_weights(rows.fit.y))
    decisions = probes.decision(sample.validation).T
    weights = prevalence_weights(held.y, held.weights, prevalence)
    found = np.array([best_f1(held.y, score, weights) for score in decisions])
    order = np.lexsort((probes.objective, -found[:, 0]))
    return UnitRanking(prevalence, order, found[:, 0], found[:, 1], probes, sample)
