"""Probes of few units on planted activity: fitted on some rows, measured on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chunkscope.probing.planted.generators import Planted
from chunkscope.probing.rankings import supports
from chunkscope.probing.rotation import random_rotation
from chunkscope.probing.scaling import Standardiser
from chunkscope.probing.solvers.logistic import balanced_weights, fit_logistic

UNITS, ROTATED = "units", "rotated"
"""Bases that a probe picks its directions from: the units, or a random rotation of them."""


def halves(planted: Planted) -> tuple[Planted, Planted]:
    """The first half of the rows and the second, both standardised as the first."""
    fitted, tested = planted.split(len(planted.y) // 2)
    scaling = Standardiser.fit(fitted.X)
    return fitted.of(scaling.transform(fitted.X)), tested.of(scaling.transform(tested.X))


def probe_f1(fitted: Planted, tested: Planted, units: NDArray[np.integer], penalty: float) -> float:
    """F1 on ``tested`` of the balanced probe of ``units (k,)`` that is fitted on ``fitted``.

    A row is called positive where the probe's odds exceed 1, as in the code of arXiv 2305.01610.
    """
    probe = fit_logistic(fitted.X[:, units], fitted.y, penalty, balanced_weights(fitted.y))
    called = probe.decision(tested.X[:, units]) > 0
    return float(2 * (tested.y & called).sum() / (tested.y.sum() + called.sum()))


def size_curves(
    planted: Planted, sizes: Sequence[int], penalty: float, rng: np.random.Generator
) -> Iterator[tuple[str, int, float]]:
    """Basis, size and F1 of the first units by mean difference, for every basis and size.

    Sizes above the number of units stand for all of them, once.
    """
    units = planted.X.shape[1]
    rotated = planted.of(planted.X @ random_rotation(units, rng))
    for basis, activity in ((UNITS, planted), (ROTATED, rotated)):
        fitted, tested = halves(activity)
        asked = sorted({min(size, units) for size in sizes})
        ranked = supports(fitted.X, fitted.y, "mean_difference", asked, seed=0)
        for size in asked:
            yield basis, size, probe_f1(fitted, tested, ranked[size], penalty)
