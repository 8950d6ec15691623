"""Every unit's own probe: scikit-learn's, one by one, whatever unit it is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from solver_examples import gelu_rows

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers import exhaustive
from chunkscope.probing.solvers.exhaustive import fit_single_units
from chunkscope.probing.solvers.logistic import balanced_weights, fit_logistic


@pytest.mark.parametrize("C", [0.01, 1.0])
def test_each_is_scikit_learns_and_so_is_the_best(C):
    X, y = gelu_rows(0, n=5000, p=64, planted=6, shift=0.4)
    weights = balanced_weights(y)
    ours = fit_single_units(X, y, C, weights)
    theirs = []
    for unit in X.T:
        fit = LogisticRegression(C=C, tol=1e-10).fit(unit[:, None], y, sample_weight=weights)
        margins = np.where(y, 1, -1) * fit.decision_function(unit[:, None])
        theirs.append(weights @ np.logaddexp(0, -margins) + (fit.coef_**2).sum() / (2 * C))
    np.testing.assert_allclose(ours.objective, theirs, rtol=1e-8)
    assert ours.best == int(np.argmin(theirs))
    assert np.ptp(ours.objective) > 1


@pytest.mark.parametrize(
    ("scale", "C"), [(1.0, 1e-3), (1e5, 1e-3), (1e5, 1e3), (1e-6, 1.0), (30, 1e6)]
)
def test_hard_units_are_those_of_the_line_search(scale, C):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12)) * scale
    y = X[:, 0] > 0.5 * scale  # unit 0 tells the classes apart completely
    X[:, 1] += 1e3 * scale if scale < 10 else 0  # far from 0
    X[:, 2] = np.where(rng.random(200) < 0.02, X[:, 2], 0)  # nearly always silent
    ours = fit_single_units(X, y, C)
    for unit in range(12):
        alone = fit_logistic(X[:, [unit]], y, C)
        assert ours.objective[unit] == pytest.approx(alone.objective, rel=1e-10)
        np.testing.assert_allclose(
            ours.decision(X)[:, unit], alone.decision(X[:, [unit]]), rtol=1e-4, atol=1e-5
        )


def test_a_constant_unit_tells_nothing_and_stays():
    X, y = gelu_rows(0, n=200, p=3)
    X[:, 1] = 7.0
    fits = fit_single_units(X, y, 1.0)
    assert fits.coef[1] == pytest.approx(0, abs=1e-12)
    entropy = -np.log(0.2) * 0.2 - np.log(0.8) * 0.8
    assert fits.objective[1] == pytest.approx(200 * entropy)
    assert fits.best != 1


def test_blocks_change_nothing(monkeypatch):
    X, y = gelu_rows(1, n=300, p=10)
    whole = fit_single_units(X, y, 1.0)
    monkeypatch.setattr(exhaustive, "BLOCK", 1)
    np.testing.assert_allclose(fit_single_units(X, y, 1.0).objective, whole.objective, rtol=1e-13)


def test_bad_input_is_one_sentence():
    X, y = gelu_rows(0, n=20, p=3)
    with pytest.raises(ProbingError, match="penalty: got 0"):
        fit_single_units(X, y, 0)
    X[3, 2] = np.nan
    with pytest.raises(ProbingError, match="unit 2 has a value that is not finite"):
        fit_single_units(X, y, 1.0)
