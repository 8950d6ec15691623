"""The logistic probe against scikit-learn, its own gradient, and what must not change it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight
from solver_examples import gelu_rows, random_rows

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.logistic import LogisticFit, balanced_weights, fit_logistic


def objective(X, y, C, weights, coef, intercept):
    margins = np.where(y, 1, -1) * (X @ coef + intercept)
    return weights @ np.logaddexp(0, -margins) + coef @ coef / (2 * C)


@pytest.mark.parametrize(("n", "p", "C"), [(300, 5, 1.0), (300, 5, 1e4), (200, 50, 0.01)])
@pytest.mark.parametrize("balanced", [True, False])
def test_it_is_scikit_learns_optimum(n, p, C, balanced):
    X, y = random_rows(np.random.default_rng(p), n, p)
    weights = balanced_weights(y) if balanced else np.ones(n)
    ours = fit_logistic(X, y, C, weights if balanced else None)
    theirs = LogisticRegression(C=C, tol=1e-12, max_iter=10**5).fit(X, y, sample_weight=weights)
    reached = objective(X, y, C, weights, theirs.coef_[0], theirs.intercept_[0])
    assert ours.objective == pytest.approx(reached, rel=1e-9)
    assert ours.objective <= reached * (1 + 1e-14)
    assert ours.objective == pytest.approx(
        objective(X, y, C, weights, ours.coef, ours.intercept), rel=1e-12
    )
    np.testing.assert_allclose(ours.decision(X), theirs.decision_function(X), atol=1e-4)


def test_the_gradient_is_zero_to_the_last_digits():
    X, y = random_rows(np.random.default_rng(0), 150, 8)
    weights = np.random.default_rng(1).uniform(0, 3, 150)
    fit = fit_logistic(X, y, 0.3, weights)
    pull = weights * (y - 1 / (1 + np.exp(-fit.decision(X))))
    np.testing.assert_allclose(pull @ X, fit.coef / 0.3, atol=1e-9)
    assert abs(pull.sum()) < 1e-9


def test_where_it_starts_is_no_matter():
    X, y = random_rows(np.random.default_rng(0), 150, 8)
    cold = fit_logistic(X, y, 1.0)
    for scale in (1.0, 1e3):
        start = LogisticFit(np.random.default_rng(2).normal(size=8) * scale, -scale, np.nan)
        warm = fit_logistic(X, y, 1.0, start=start)
        np.testing.assert_allclose(warm.coef, cold.coef, rtol=1e-9, atol=1e-12)


def test_classes_told_apart_completely_have_a_finite_probe():
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = X[:, 0] > 0.3
    norms = [np.linalg.norm(fit_logistic(X, y, C).coef) for C in (1, 1e3, 1e6)]
    assert norms[0] < norms[1] < norms[2] < np.inf


def test_what_must_not_change_the_probe():
    X, y = random_rows(np.random.default_rng(3), 120, 4)
    weights = np.random.default_rng(4).integers(0, 4, 120)
    fit = fit_logistic(X, y, 0.5, weights)
    moved = fit_logistic(X + 1e5, y, 0.5, weights)  # the intercept is free
    np.testing.assert_allclose(moved.coef, fit.coef, rtol=1e-6)
    turned = fit_logistic(X, ~y, 0.5, weights)
    np.testing.assert_allclose(turned.coef, -fit.coef, rtol=1e-9)
    repeated = fit_logistic(np.repeat(X, weights, axis=0), np.repeat(y, weights), 0.5)
    np.testing.assert_allclose(repeated.coef, fit.coef, rtol=1e-9)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(4, 4)))[0]
    rotated = fit_logistic(X @ rotation, y, 0.5, weights)  # so does the ridge not mind it
    np.testing.assert_allclose(rotated.coef, fit.coef @ rotation, rtol=1e-8)
    heavier = fit_logistic(X, y, 0.5 / 7, weights * 7)
    np.testing.assert_allclose(heavier.coef, fit.coef, rtol=1e-9)


def test_what_must_change_the_probe():
    X, y = random_rows(np.random.default_rng(3), 120, 4)
    fit = fit_logistic(X, y, 0.5)
    assert fit_logistic(X, y, 0.05).objective > fit.objective * 1.01
    assert not np.allclose(fit_logistic(X * [1, 1, 1, 9], y, 0.5).coef[:3], fit.coef[:3], rtol=1e-3)
    assert not np.allclose(fit_logistic(X, y, 0.5, balanced_weights(y)).coef, fit.coef, rtol=1e-3)


def test_balanced_weights_are_scikit_learns():
    _, y = gelu_rows(0, n=100)
    np.testing.assert_allclose(balanced_weights(y), compute_sample_weight("balanced", y))
    assert balanced_weights(y).sum() == pytest.approx(100)


GOOD = np.random.default_rng(0).normal(size=(6, 2)), np.array([1, 1, 1, 0, 0, 0], dtype=bool)


def with_value(value):
    X = GOOD[0].copy()
    X[2, 1] = value
    return X


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (with_value(np.nan), GOOD[1], "unit 1 has a value that is not finite"),
        (with_value(-np.inf), GOOD[1], "unit 1 has a value that is not finite"),
        (with_value(1e200), GOOD[1], r"unit 1 has a value of size 1e\+200"),
        (GOOD[0][0], GOOD[1], r"X: got shape \(2,\)"),
        (GOOD[0][:, :0], GOOD[1], r"X: got shape \(6, 0\)"),
        (GOOD[0], GOOD[1][:5], r"y: got shape \(5,\); must be one label per row of X, \(6,\)"),
        (GOOD[0], np.arange(6), "y: labels must be True and False"),
        (GOOD[0], np.ones(6, bool), "y: got 0 rows without the feature"),
        (GOOD[0], np.arange(6) == 3, "y: got 1 row with the feature"),
    ],
)
def test_bad_rows_are_one_sentence(X, y, message):
    with pytest.raises(ProbingError, match=message) as raised:
        fit_logistic(X, y, 1.0)
    assert "\n" not in str(raised.value)


def test_bad_settings_are_one_sentence():
    X, y = GOOD
    for penalty in (0, -1.0, np.nan, np.inf):
        with pytest.raises(ProbingError, match="penalty: got"):
            fit_logistic(X, y, penalty)
    with pytest.raises(ProbingError, match=r"weights: got shape \(5,\)"):
        fit_logistic(X, y, 1.0, np.ones(5))
    with pytest.raises(ProbingError, match="weights: every weight must be finite and at least 0"):
        fit_logistic(X, y, 1.0, [1, 1, 1, 1, 1, -1])
    with pytest.raises(ProbingError, match=r"got 1 row with the feature \(of positive weight\)"):
        fit_logistic(X, y, 1.0, [1, 0, 0, 1, 1, 1])
    with pytest.raises(ProbingError, match="start: got a fit on 3 units"):
        fit_logistic(X, y, 1.0, start=LogisticFit(np.zeros(3), 0.0, 0.0))
    with pytest.raises(ProbingError, match="can only balance two classes"):
        balanced_weights(np.ones(4, bool))


def test_a_penalty_without_digits_left_is_one_sentence():
    X = np.repeat(GOOD[0][:, :1], 2, axis=1)
    with pytest.raises(ProbingError, match="leaves the probe undetermined"):
        fit_logistic(X, GOOD[1], 1e30)
