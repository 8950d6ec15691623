"""One feature at one site: rank the units, refit a probe on the first k, choose, and test.

Everything is learned from the rows to fit: the scaling, the ranking, the coefficients. Validation
rows choose the penalty and the threshold (and, above this file, the site and the size); test rows
are only ever measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.conditions import BALANCED, NATURAL
from chunkscope.probing.metrics import best_threshold, prevalence_weights
from chunkscope.probing.rankings import supports
from chunkscope.probing.rows import Part, Rows
from chunkscope.probing.scaling import Standardiser
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.solvers.logistic import LogisticFit, balanced_weights, fit_logistic

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Activity:
    """The activity that was read of a site.

    Attributes:
        steps: (row,) flat places in the store, sequence * time + step, ascending.
        values: (row, unit).
        units: (unit,) which units of the site these are.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.floating]
    units: NDArray[np.int64]

    def at(self, steps: NDArray[np.int64]) -> NDArray[np.floating]:
        """(row, unit) at some of the steps that were read."""
        return self.values[np.searchsorted(self.steps, steps)]


@dataclass(frozen=True)
class Sample:
    """The activity of a feature's rows, standardised by the rows to fit.

    Attributes:
        rows: the rows.
        fit, validation, test: (row, unit) of each side.
        constant: (unit,) whether a unit never changes in the rows to fit; it is zeros here.
    """

    rows: Rows
    fit: Values
    validation: Values
    test: Values
    constant: NDArray[np.bool_]

    @classmethod
    def of(cls, activity: Activity, rows: Rows) -> Sample:
        """Read the rows of a feature from the activity of a site."""
        fit, validation, test = (activity.at(part.steps) for part in rows.parts)
        scaling = Standardiser.fit(fit)
        fit, validation, test = map(scaling.transform, (fit, validation, test))
        return cls(rows, fit, validation, test, scaling.constant)


@dataclass(frozen=True)
class Probe:
    """A probe of one size, its penalty and threshold chosen for one prevalence.

    Attributes:
        prevalence: one of :data:`chunkscope.probing.conditions.PREVALENCES`.
        units: (k,) places of its units among those of the sample, best first.
        penalty: scikit-learn's C.
        threshold: log-odds from which a row is called positive.
        validation: F1 on the validation rows at this threshold, which chose the three.
        fit: coefficients and intercept.
    """

    prevalence: str
    units: NDArray[np.int64]
    penalty: float
    threshold: float
    validation: float
    fit: LogisticFit

    def decision(self, X: Values) -> Values:
        """(row,) log-odds of rows ``X (row, unit)`` of all units of the sample."""
        return self.fit.decision(X[:, self.units])


def sweep(
    sample: Sample,
    settings: ProbingSettings,
    seed: int,
    sizes: Sequence[int] | None = None,
    y: NDArray[np.bool_] | None = None,
) -> Iterator[Probe]:
    """A probe of every size for every prevalence.

    Args:
        seed: of rankings that draw.
        sizes: numbers of units; :func:`sizes_of` the settings if not given.
        y: (row,) labels to fit instead of the true ones: a null.
    """
    y = sample.rows.fit.y if y is None else y
    sizes = sizes_of(sample.fit.shape[1], settings.sizes) if sizes is None else sizes
    ranked = supports(sample.fit, y, settings.ranking, sizes, seed) if sizes else {}
    for size in sizes:
        yield from refit(sample, ranked[size], y, settings)


def sizes_of(units: int, sizes: Sequence[int]) -> list[int]:
    """The sizes below the number of units, then all of them."""
    return [*(size for size in sizes if size < units), units]


def refit(
    sample: Sample, units: NDArray[np.int64], y: NDArray[np.bool_], settings: ProbingSettings
) -> Iterator[Probe]:
    """The probe on some units for every prevalence, its penalty and threshold by validation F1.

    Of equally good penalties the strongest is taken. Of a single unit only one is tried: the
    penalty changes the scale of its scores, and neither their order nor what is found at any
    threshold.
    """
    balance, held = balanced_weights(y), sample.rows.validation
    weights = weightings(held, settings.rows.prevalence)
    best: dict[str, Probe] = {}
    fit: LogisticFit | None = None
    for penalty in settings.penalties[: 1 if len(units) == 1 else None]:
        fit = fit_logistic(sample.fit[:, units], y, penalty, balance, fit)
        score = fit.decision(sample.validation[:, units])
        for prevalence, row_weights in weights.items():
            f1, threshold = best_f1(held.y, score, row_weights)
            if prevalence not in best or f1 > best[prevalence].validation:
                best[prevalence] = Probe(prevalence, units, penalty, threshold, f1, fit)
    yield from best.values()


def weightings(part: Part, balanced: float) -> Mapping[str, Values]:
    """Prevalence -> (row,) weights of the rows of one side."""
    return {
        NATURAL: part.weights,
        BALANCED: prevalence_weights(part.y, part.weights, balanced),
    }


def best_f1(y: NDArray[np.bool_], score: Values, weights: Values) -> tuple[float, float]:
    """The largest F1 of any threshold, and the threshold."""
    threshold = best_threshold(y, score, weights)
    return f1_at(y, score, weights, threshold), threshold


def f1_at(y: NDArray[np.bool_], score: Values, weights: Values, threshold: float) -> float:
    """F1 alone of :func:`chunkscope.probing.metrics.measure`, where the others are not needed."""
    called = score >= threshold
    return float(2 * weights[y & called].sum() / (weights[y].sum() + weights[called].sum()))
