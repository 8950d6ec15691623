"""The probe of every single unit, and a sweep over sizes, against loops over scikit-learn.

512 units x 5,000 rows, as GELU of correlated noise, a fifth of the rows with the feature. First the
probes of all units by themselves, at once; then one feature's probes on its 1, 2, 3 ... 256 units
of largest mean difference, each begun where the last one ended. A fit to the last digit costs a
Hessian of all units, where the other side stops at its tolerance. ``quality`` is the largest
relative difference of an objective. CPU seconds on one thread. Aims: at least 10x for the units;
the sweep within 10 s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from paired import paired
from probing_rows import gelu_rows
from sklearn.linear_model import LogisticRegression

from chunkscope.probing.solvers.exhaustive import fit_single_units
from chunkscope.probing.solvers.logistic import LogisticFit, balanced_weights, fit_logistic

ROWS, UNITS, LARGEST = 5000, 512, 256
PENALTY, TOLERANCE = 1.0, 1e-10

Side = Callable[[], np.ndarray]


def run() -> list[dict[str, str | float | int]]:
    """One row for the units, one for the sweep."""
    X, y = gelu_rows(0, ROWS, UNITS, planted=8, shift=0.4)
    units = [X[:, [unit]] for unit in range(UNITS)]
    order = np.argsort(-np.abs(X[y].mean(axis=0) - X[~y].mean(axis=0)))
    nested = [X[:, order[:k]] for k in range(1, LARGEST + 1)]
    return [
        _row(
            "probes of single units, exhaustive",
            f"{UNITS} units x {ROWS} rows",
            partial(our_units, X, y),
            partial(their_probes, units, y),
            runs=3,
        ),
        _row(
            "probes on nested supports",
            f"k = 1, 2, 3 ... {LARGEST} of {UNITS} units x {ROWS} rows",
            partial(our_sweep, nested, y),
            partial(their_probes, nested, y),
            runs=1,
        ),
    ]


def our_units(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(unit,) objectives."""
    return fit_single_units(X, y, PENALTY, balanced_weights(y)).objective


def our_sweep(nested: list[np.ndarray], y: np.ndarray) -> np.ndarray:
    """(size,) objectives."""
    weights, fit = balanced_weights(y), None
    objectives = []
    for X in nested:
        if fit is not None:
            more = np.zeros(X.shape[1] - len(fit.coef))
            fit = LogisticFit(np.append(fit.coef, more), fit.intercept, fit.objective)
        fit = fit_logistic(X, y, PENALTY, weights, fit)
        objectives.append(fit.objective)
    return np.array(objectives)


def their_probes(probes: list[np.ndarray], y: np.ndarray) -> np.ndarray:
    """(probe,) objectives that scikit-learn reaches, one fit after another."""
    weights, signs = balanced_weights(y), np.where(y, 1, -1)
    objectives = []
    for X in probes:
        model = LogisticRegression(C=PENALTY, tol=TOLERANCE, max_iter=10_000)
        fit = model.fit(X, y, sample_weight=weights)
        losses = np.logaddexp(0, -signs * fit.decision_function(X))
        objectives.append(weights @ losses + (fit.coef_**2).sum() / (2 * PENALTY))
    return np.array(objectives)


def _row(
    benchmark: str, size: str, ours: Side, other: Side, runs: int
) -> dict[str, str | float | int]:
    difference = np.abs(ours() / other() - 1).max()
    ours_s, other_s, ratio = paired(ours, other, runs)
    return {
        "benchmark": benchmark,
        "size": size,
        "ours_s": round(ours_s, 3),
        "other": f"loop over scikit-learn, lbfgs, tol {TOLERANCE:g}",
        "other_s": round(other_s, 3),
        "ratio": round(ratio, 1),
        "runs": runs,
        "quality": float(f"{difference:.1e}"),
    }


if __name__ == "__main__":
    for row in run():
        print(*row.values(), sep=", ")
