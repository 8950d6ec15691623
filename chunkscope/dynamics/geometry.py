"""Geometric similarity: do two systems lay out the same trials alike? Centred, row by row.

Rows are the steps of all trials, the same in both systems; units are centred. Of X, Y (row, unit):

    CKA        ||X'Y||^2 / (||X'X|| ||Y'Y||)                  (Kornblith et al., arXiv 1905.00414)
    debiased   the same of HSIC's U-statistic, 0 on average for independent systems, however many
               units there are                 (Song et al., J. Mach. Learn. Res. 13, 1393, 2012)
    Procrustes the nuclear norm of X'Y, with X and Y of norm 1 (Williams et al., arXiv 2110.14739)

All three are 1 for systems that differ by a rotation and a scale. As dissimilarities of 0 to 1
(or, of a debiased CKA below 0, a little more) they are 2/pi arccos, as Guilhot et al. have it
(arXiv 2410.24070).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.dynamics.trials import Trials, check_same_trials
from chunkscope.errors import DynamicsError

Values = NDArray[np.float64]


def cka(first: Trials, second: Trials) -> float:
    """Linear centred kernel alignment, 0 to 1.

    Raises:
        DynamicsError: the trials are not the same.
    """
    x, y = _rows(first, second, "cka")
    return float(_cross(x, y) / np.sqrt(_cross(x, x) * _cross(y, y)))


def debiased_cka(first: Trials, second: Trials) -> float:
    """CKA by the unbiased estimate of HSIC; at most 1, and of independent systems around 0.

    Raises:
        DynamicsError: the trials are not the same, or have fewer than four rows.
    """
    x, y = _rows(first, second, "debiased cka")
    if len(x) < 4:
        raise DynamicsError(
            f"debiased cka: got {len(x)} rows; must be at least 4: give more trials, or use cka"
        )
    own = _unbiased(x, x) * _unbiased(y, y)
    return float(_unbiased(x, y) / np.sqrt(own))


def procrustes(first: Trials, second: Trials) -> float:
    """Cosine of the angle between two systems after the best rotation, 0 to 1.

    Raises:
        DynamicsError: the trials are not the same.
    """
    x, y = _rows(first, second, "procrustes")
    size = np.linalg.norm(x) * np.linalg.norm(y)
    return float(np.linalg.svd(x.T @ y, compute_uv=False).sum() / size)


def dissimilarity(cosine: float) -> float:
    """2/pi arccos of a similarity."""
    return float(2 / np.pi * np.arccos(np.clip(cosine, -1, 1)))


def _rows(first: Trials, second: Trials, measure: str) -> tuple[Values, Values]:
    check_same_trials([first, second], measure)
    x, y = (system.centred.reshape(-1, system.shape[-1]) for system in (first, second))
    return x, y


def _cross(x: Values, y: Values) -> float:
    """||X'Y||^2."""
    return float(((x.T @ y) ** 2).sum())


def _unbiased(x: Values, y: Values) -> float:
    """HSIC of linear kernels by the U-statistic, in the space of units.

    With kernels K = XX' and L = YY' without their diagonals and n rows,

        n (n - 3) HSIC = tr(KL) + 1'K1 1'L1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1'KL1.

    Rows sum to 0, so that a row of K without its diagonal sums to minus that diagonal.
    """
    n = len(x)
    of_x, of_y = ((rows**2).sum(1) for rows in (x, y))  # the diagonals
    both = float(of_x @ of_y)
    total = float(of_x.sum() * of_y.sum()) / ((n - 1) * (n - 2))
    return (_cross(x, y) - both + total - 2 / (n - 2) * both) / (n * (n - 3))
