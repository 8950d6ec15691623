"""Units in the order in which they seem to carry a feature.

The rankings that Gurnee et al. (arXiv 2305.01610) compare. Each scores every unit by itself
(``mean_difference``, ``mutual_information``, ``f``) or all together (``l1``, ``svm``), but for
``adaptive``, which thresholds step by step, and ``random``, the floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.feature_selection import mutual_info_classif

from chunkscope.errors import ProbingError, did_you_mean
from chunkscope.probing.moments import class_moments
from chunkscope.probing.solvers.elastic_net import fit_elastic_net
from chunkscope.probing.solvers.hinge import fit_hinge
from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values
from chunkscope.probing.solvers.logistic import balanced_weights
from chunkscope.probing.thresholding import threshold
from chunkscope.randomness import integer_seed, stream

Units = NDArray[np.int64]

L1_PENALTY = 0.1  # C, as published
SVM_PENALTY = 1.0  # C, scikit-learn's own


def _mean_difference(rows: LabelledRows, seed: int) -> Values:
    """|mean with the feature - mean without it|."""
    return np.abs(rows.X[rows.y].mean(axis=0) - rows.X[~rows.y].mean(axis=0))


def _mutual_information(rows: LabelledRows, seed: int) -> Values:
    """In nats, by three nearest neighbours (Ross, PLOS ONE 9, 2014), as scikit-learn's.

    It adds noise to tell equal values apart, which a constant unit must not be ranked by.
    """
    found = mutual_info_classif(
        rows.X, rows.y, n_neighbors=3, random_state=integer_seed(seed, "ranking")
    )
    return np.where(np.ptp(rows.X, axis=0) > 0, found, 0.0)


def _f(rows: LabelledRows, seed: int) -> Values:
    """ANOVA F of the two classes."""
    return class_moments([(0, rows.X[:, None])], rows.y[None, :, None].astype(np.int8)).f[0]


def _l1(rows: LabelledRows, seed: int) -> Values:
    """|coefficient| of a balanced lasso probe."""
    return np.abs(fit_elastic_net(rows, L1_PENALTY, l1_ratio=1.0).coef)


def _svm(rows: LabelledRows, seed: int) -> Values:
    """|coefficient| of a balanced linear support vector machine."""
    return np.abs(fit_hinge(rows, SVM_PENALTY).coef)


def _random(rows: LabelledRows, seed: int) -> Values:
    """A random order."""
    return stream(seed, "ranking").permutation(rows.X.shape[1]).astype(np.float64)


SCORES: dict[str, Callable[[LabelledRows, int], Values]] = {
    "mean_difference": _mean_difference,
    "mutual_information": _mutual_information,
    "f": _f,
    "l1": _l1,
    "svm": _svm,
    "random": _random,
}
ADAPTIVE = "adaptive"
RANKINGS = (*SCORES, ADAPTIVE)


def unit_scores(X: ArrayLike, y: ArrayLike, ranking: str, seed: int) -> Values:
    """How much each unit seems to carry the feature, ``(unit,)``, larger is more.

    Args:
        X: (row, unit), standardised.
        y: (row,) bool.
        ranking: one of :data:`SCORES`.
        seed: of what is drawn (mutual information, svm, random).

    Raises:
        ProbingError: the ranking is unknown or has no scores of units, or the rows cannot be
            ranked by (:meth:`LabelledRows.checked`).
    """
    _known(ranking, SCORES)
    return SCORES[ranking](_balanced(X, y), seed)


def supports(
    X: ArrayLike, y: ArrayLike, ranking: str, sizes: Iterable[int], seed: int
) -> dict[int, Units]:
    """The units that a ranking puts first, best first, ``{size: (size,)}``.

    Of equal scores (a lasso leaves many units at 0) the unit of the larger mean difference comes
    first, then that of the lower index. Supports are nested.

    Args:
        X, y, seed: as for :func:`unit_scores`.
        ranking: one of :data:`RANKINGS`.
        sizes: how many units; each from 1 to the number of units.

    Raises:
        ProbingError: as :func:`unit_scores`, or a size is not among the allowed.
    """
    _known(ranking, RANKINGS)
    rows = _balanced(X, y)
    asked = sorted(set(sizes))
    if not asked or asked[0] < 1 or asked[-1] > rows.X.shape[1]:
        raise ProbingError(
            f"sizes: got {asked}; must be from 1 to {rows.X.shape[1]}, the number of units"
        )
    distance = _mean_difference(rows, seed)
    scores = distance if ranking == ADAPTIVE else SCORES[ranking](rows, seed)
    order = np.lexsort((-distance, -scores))
    if ranking == ADAPTIVE:
        return threshold(rows, order, asked)
    return {size: order[:size] for size in asked}


def _balanced(X: ArrayLike, y: ArrayLike) -> LabelledRows:
    """The rows checked, both classes of equal weight."""
    rows = LabelledRows.checked(X, y)
    return replace(rows, weights=balanced_weights(rows.y))


def _known(ranking: str, known: Iterable[str]) -> None:
    names = list(known)
    if ranking not in names:
        hint = did_you_mean(ranking, names)
        raise ProbingError(f"ranking: got {ranking!r}; must be one of {names}{hint}")
