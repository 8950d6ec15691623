"""Best subset, certified, against plain enumeration: every support fitted by itself.

Rows are those of ``probing_rows.py``; ``planted`` units hold the label, and the more there are
beside k, the more supports are nearly as good and the further the first bound is off. Where there
are more than 20,000 supports the other side fits 1,000 of them and its seconds are multiplied.
``quality`` is the gap that is left, ``nodes`` what the search looked at. CPU seconds on one thread.
Aims: p = 50, k = 3, n = 1000 within 10 s; never slower than enumeration.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations, islice
from math import comb, inf

import numpy as np
from paired import paired
from probing_rows import gelu_rows

from chunkscope.probing.solvers.best_subset import best_subset
from chunkscope.probing.solvers.logistic import balanced_weights, fit_logistic

# n, p, k, planted, gamma
PROBLEMS = (
    (1000, 6, 2, 3, 0.1),
    (1000, 14, 3, 3, 0.1),
    (1000, 14, 4, 10, 10.0),
    (1000, 50, 2, 10, 0.1),
    (1000, 50, 3, 3, 0.1),
    (1000, 50, 3, 10, 0.1),
    (1000, 50, 5, 3, 0.1),
    (1000, 50, 5, 10, 0.1),
    (1500, 50, 5, 3, 1500**-0.5),
)
ENUMERATED, SAMPLE = 20_000, 1000
RUNS = 3


def run() -> list[dict[str, str | float | int]]:
    """One row per problem."""
    return [measure(*problem) for problem in PROBLEMS]


def measure(n: int, p: int, k: int, planted: int, gamma: float) -> dict[str, str | float | int]:
    """Both sides in turn."""
    X, y = gelu_rows(0, n, p, planted)
    weights, supports = balanced_weights(y), comb(p, k)
    fitted = supports if supports <= ENUMERATED else SAMPLE
    ours = partial(best_subset, X, y, k, gamma, weights, inf)
    ours_s, other_s, _ = paired(
        ours, partial(enumerate_supports, X, y, k, gamma, weights, fitted), RUNS
    )
    other_s *= supports / fitted
    found = ours()
    return {
        "benchmark": "best subset, certified",
        "size": f"n = {n}, p = {p}, k = {k}, {planted} planted, gamma = {gamma:.3g}",
        "ours_s": round(ours_s, 4),
        "other": f"fit_logistic on each of {supports} supports"
        + ("" if fitted == supports else f" ({SAMPLE} of them x {supports / SAMPLE:.0f})"),
        "other_s": round(other_s, 3),
        "ratio": round(other_s / ours_s, 1),
        "runs": RUNS,
        "quality": float(f"{found.gap:.1e}"),
        "nodes": found.nodes,
    }


def enumerate_supports(
    X: np.ndarray, y: np.ndarray, k: int, gamma: float, weights: np.ndarray, most: int
) -> float:
    """The lowest objective of the first ``most`` supports."""
    supports = islice(combinations(range(X.shape[1]), k), most)
    return min(fit_logistic(X[:, support], y, gamma, weights).objective for support in supports)


if __name__ == "__main__":
    for row in run():
        print(*row.values(), sep=", ")
