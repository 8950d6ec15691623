"""Rows that the tests of the probes' solvers share."""

from __future__ import annotations

import numpy as np
from scipy.special import erf


def gelu_rows(seed, n=1000, p=50, planted=3, shift=0.8):
    """(n, p) standardised units and (n,) labels, a fifth of them True.

    GELU of Gaussian noise of correlation .3, moved by ``shift`` in ``planted`` units where the
    label is True: the reference problem of best subset.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n) < n // 5
    X = np.sqrt(0.7) * rng.normal(size=(n, p)) + np.sqrt(0.3) * rng.normal(size=(n, 1))
    X[:, rng.choice(p, planted, replace=False)] += shift * y[:, None]
    X = X * (1 + erf(X / np.sqrt(2))) / 2
    order = rng.permutation(n)
    return ((X - X.mean(axis=0)) / X.std(axis=0))[order], y[order]


def random_rows(rng, n, p):
    """(n, p) correlated units of unlike size and place, and (n,) labels that some of them tell."""
    y = rng.random(n) < rng.uniform(0.15, 0.6)
    y[:2], y[2:4] = True, False
    mixed = rng.normal(size=(n, p)) @ (np.eye(p) + 0.5 * rng.normal(size=(p, p)))
    return mixed + rng.normal(size=p) * (1 + y[:, None] * rng.uniform(0, 1)), y
