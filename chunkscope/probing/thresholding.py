"""Adaptive thresholding: from many units to few, fitting anew before each are let go.

The "telescopic" ranking of Gurnee et al. (arXiv 2305.01610): it starts from the units of largest
mean difference and goes down a list of sizes; at each an elastic net is fitted to the units that
are left, the lighter the more of them, and those of the largest coefficients stay.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.solvers.elastic_net import fit_elastic_net
from chunkscope.probing.solvers.labelled_rows import LabelledRows

SIZES = (256, 128, 64, 32, 16, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1)
"""As published; where more units are asked for, it starts with as many."""
SCALE = 20
"""Units at which C is 1 and the share of lasso is 1/e, as published."""
LASSO = (0.1, 0.9)
"""Least and largest share of lasso, as published."""


def threshold(
    rows: LabelledRows, start: NDArray[np.int64], sizes: Iterable[int]
) -> dict[int, NDArray[np.int64]]:
    """The units left at each size, largest coefficient first, ``{size: (size,)}``.

    Args:
        rows: balanced by their weights.
        start: (unit,) all units, best first by another ranking.
        sizes: up to the number of units; they join the published list.
    """
    asked = set(sizes)
    allowed = [size for size in SIZES if size <= len(start)]
    left, found = start, {}
    for size in sorted(asked.union(allowed), reverse=True):
        left = left[:size] if left is start else left
        share = float(np.clip(np.exp(-size / SCALE), *LASSO))
        kept = LabelledRows(rows.X[:, left], rows.y, rows.weights)
        coef = fit_elastic_net(kept, size / SCALE, share).coef
        left = left[np.argsort(-np.abs(coef), kind="stable")[:size]]
        found[size] = left
    return {size: found[size] for size in sorted(asked)}
