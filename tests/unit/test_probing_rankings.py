"""Rankings equal scikit-learn's or their closed form, and return as many units as asked."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.feature_selection import f_classif, mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from chunkscope.errors import ProbingError
from chunkscope.probing.rankings import RANKINGS, SCORES, supports, unit_scores
from chunkscope.probing.scaling import Standardiser
from chunkscope.probing.solvers.elastic_net import fit_elastic_net
from chunkscope.probing.solvers.hinge import fit_hinge
from chunkscope.probing.solvers.labelled_rows import LabelledRows
from chunkscope.probing.solvers.logistic import balanced_weights, fit_logistic
from chunkscope.randomness import integer_seed


def example(seed=0, n=400, units=24, planted=(3, 7, 11), shift=0.8):
    """Correlated rectified units, standardised; the planted ones are shifted by the feature."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.25
    shared = rng.normal(size=(n, 4)) @ rng.normal(size=(4, units))
    X = 0.5 * shared + rng.normal(size=(n, units))
    X[:, list(planted)] += shift * y[:, None]
    return Standardiser.fit(np.maximum(X, -0.5)).transform(np.maximum(X, -0.5)), y


def balanced(X, y):
    return LabelledRows.checked(X, y, balanced_weights(y))


def test_scores_of_single_units():
    X, y = example()
    expected = {
        "mean_difference": np.abs(X[y].mean(axis=0) - X[~y].mean(axis=0)),
        "f": f_classif(X, y)[0],
        "mutual_information": mutual_info_classif(X, y, random_state=integer_seed(5, "ranking")),
    }
    for ranking, scores in expected.items():
        np.testing.assert_allclose(unit_scores(X, y, ranking, 5), scores, rtol=1e-10, atol=1e-12)


def test_f_of_a_perfect_unit_is_infinite_and_of_a_constant_one_nothing():
    X, y = example()
    X[:, 0], X[:, 1] = y, 0.0
    scores = unit_scores(X, y, "f", 0)
    assert scores[0] == np.inf
    assert scores[1] == 0
    for ranking in RANKINGS:
        assert ranking == "random" or 1 not in supports(X, y, ranking, [23], 0)[23], ranking


@pytest.mark.parametrize(("penalty", "l1_ratio"), [(0.1, 1.0), (0.02, 1.0), (1.2, 0.3), (5, 0.1)])
def test_the_elastic_net_is_the_optimum_of_scikit_learn(penalty, l1_ratio):
    X, y = example()
    ours = fit_elastic_net(balanced(X, y), penalty, l1_ratio)
    theirs = LogisticRegression(
        C=penalty,
        l1_ratio=l1_ratio,
        solver="saga",
        class_weight="balanced",
        tol=1e-10,
        max_iter=20000,
        random_state=0,
    ).fit(X, y)
    np.testing.assert_allclose(ours.coef, theirs.coef_[0], atol=1e-7)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-7)
    coef = theirs.coef_[0]
    margins = np.where(y, 1, -1) * theirs.decision_function(X)
    penalised = l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) * coef @ coef / 2
    objective = balanced_weights(y) @ np.log1p(np.exp(-margins)) + penalised / penalty
    assert ours.objective == pytest.approx(objective, rel=1e-10)
    assert ((ours.coef == 0) == (coef == 0)).all()


def test_without_lasso_it_is_the_ridge_probe():
    X, y = example()
    ridge = fit_logistic(X, y, 0.5, balanced_weights(y))
    np.testing.assert_allclose(fit_elastic_net(balanced(X, y), 0.5, 0.0).coef, ridge.coef)


def test_a_lasso_of_equal_units_and_few_rows_meets_its_conditions():
    X, y = example(n=60, units=90)
    X[:, 50] = X[:, 3]
    rows = balanced(X, y)
    fit = fit_elastic_net(rows, 2.0, 1.0)
    wrong = 1 / (1 + np.exp(-fit.decision(X))) - y
    slope = X.T @ (rows.weights * wrong)
    inside = fit.coef != 0
    np.testing.assert_allclose(slope[inside], -np.sign(fit.coef[inside]) / 2, atol=1e-6)
    assert (np.abs(slope) <= 0.5 + 1e-6).all()
    assert 0 < inside.sum() < 60


@pytest.mark.parametrize("penalty", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("shape", [(400, 24), (60, 90)])
def test_the_support_vector_machine_is_the_optimum_of_scikit_learn(penalty, shape):
    X, y = example(n=shape[0], units=shape[1])
    ours = fit_hinge(balanced(X, y), penalty)
    theirs = SVC(kernel="linear", C=penalty, class_weight="balanced", tol=1e-9).fit(X, y)
    scale = np.abs(theirs.coef_[0]).max()
    np.testing.assert_allclose(ours.coef / scale, theirs.coef_[0] / scale, atol=1e-3)
    margins = np.where(y, 1, -1) * theirs.decision_function(X)
    cost = penalty * balanced_weights(y) @ np.maximum(1 - margins, 0)
    objective = theirs.coef_[0] @ theirs.coef_[0] / 2 + cost
    assert ours.objective <= objective * (1 + 1e-7)  # theirs is a little short of the optimum
    assert ours.objective == pytest.approx(objective, rel=2e-4)


@pytest.mark.parametrize("ranking", RANKINGS)
def test_supports_are_as_large_as_asked_and_nested(ranking):
    X, y = example()
    sizes = [1, 3, 16, 24]
    found = supports(X, y, ranking, sizes, 0)
    assert list(found) == sizes
    for size, units in found.items():
        assert units.shape == (size,)  # an SVM's coefficients are (1, unit): [-k:] has them all
        assert len(np.unique(units)) == size
        assert units.min() >= 0
        assert units.max() < 24
    for smaller, larger in itertools.pairwise(sizes):
        assert set(found[smaller]) <= set(found[larger])
    for again in (supports(X, y, ranking, sizes, 0), supports(X, y, ranking, [3], 0)):
        np.testing.assert_array_equal(again[3], found[3])


@pytest.mark.parametrize("ranking", sorted({*RANKINGS} - {"random"}))
def test_planted_units_are_found_and_random_ones_are_not_ranked(ranking):
    X, y = example(n=1500, shift=1.2)
    assert set(supports(X, y, ranking, [3], 0)[3]) == {3, 7, 11}
    permuted = np.random.default_rng(1).permutation(24)
    moved = supports(X[:, permuted], y, ranking, [3], 0)[3]
    assert set(permuted[moved]) == {3, 7, 11}


def test_random_supports_differ_by_seed_alone():
    X, y = example()
    first, again, other = (supports(X, y, "random", [8], seed)[8] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)


def test_equal_scores_leave_the_order_of_the_units():
    X, y = example()
    X[:, 1:] = X[:, :1]
    np.testing.assert_array_equal(supports(X, y, "mean_difference", [5], 0)[5], np.arange(5))


def test_adaptive_thresholding_step_by_step():
    X, y = example(units=24)
    rows = balanced(X, y)
    left = np.argsort(-unit_scores(X, y, "mean_difference", 0), kind="stable")[:20]
    sizes = [20, 16, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1]
    found = supports(X, y, "adaptive", [*sizes, 24], 0)
    left = found[24]
    for size in sizes:
        kept = LabelledRows(X[:, left], y, rows.weights)
        share = min(max(np.exp(-size / 20), 0.1), 0.9)
        coef = np.abs(fit_elastic_net(kept, size / 20, share).coef)
        left = left[np.argsort(-coef, kind="stable")[:size]]
        np.testing.assert_array_equal(found[size], left)


def test_a_suppressor_is_seen_only_by_rankings_of_units_together():
    rng = np.random.default_rng(0)
    y = rng.random(1500) < 0.2
    shared = rng.normal(size=(1500, 1))
    X = 0.3 * rng.normal(size=(1500, 8)) + shared * ([1, 1] + [0.9] * 6)
    X += y[:, None] * ([0.9, 0] + [0.8] * 6)  # unit 1 tells nothing of y, but of what is shared
    X = Standardiser.fit(X).transform(X)
    found = {ranking: supports(X, y, ranking, [2], 0)[2] for ranking in SCORES}
    for ranking in ("mean_difference", "mutual_information", "f"):
        assert 1 not in found[ranking]
    for ranking in ("l1", "svm"):
        assert found[ranking][0] == 1


def test_scaling_learns_from_the_rows_to_fit_alone():
    rng = np.random.default_rng(0)
    X = 1e4 + 3 * rng.normal(size=(200, 4))
    X[:, 2] = 0.1
    scaling = Standardiser.fit(X)
    scaled = scaling.transform(X)
    moving = [0, 1, 3]
    np.testing.assert_allclose(scaled[:, moving].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled[:, moving].std(axis=0), 1)
    assert scaling.constant.tolist() == [False, False, True, False]
    assert (scaling.transform(X + 5)[:, 2] == 0).all()  # it may move later: nothing reads it
    np.testing.assert_allclose(scaling.transform(X + 5)[:, 0], scaled[:, 0] + 5 / scaling.sd[0])


def test_bad_input_is_said():
    X, y = example()
    with pytest.raises(ProbingError, match=r"'mean_diference'.*did you mean mean_difference"):
        supports(X, y, "mean_diference", [1], 0)
    with pytest.raises(ProbingError, match="ranking: got 'adaptive'"):
        unit_scores(X, y, "adaptive", 0)
    for sizes in ([], [0], [25]):
        with pytest.raises(ProbingError, match="must be from 1 to 24"):
            supports(X, y, "f", sizes, 0)
    for value in (np.nan, np.inf, 1e300):
        units = X.copy()
        units[3, 5] = value
        with pytest.raises(ProbingError, match="unit 5"):
            Standardiser.fit(units)
        with pytest.raises(ProbingError, match="unit 5"):
            unit_scores(units, y, "f", 0)
    with pytest.raises(ProbingError, match="the units that the scaling was learned on"):
        Standardiser.fit(X).transform(X[:, 1:])
    for ranking in RANKINGS:
        for labels in (np.zeros_like(y), y[1:], np.arange(len(y)) == 7):  # one class, length, one
            with pytest.raises(ProbingError, match=r"^y: "):
                supports(X, labels, ranking, [1], 0)
