"""Best subset: brute force on small problems, bounds that hold, limits that are honest."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.special import entr
from sklearn.linear_model import LogisticRegression
from solver_examples import gelu_rows, random_rows

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.best_subset import best_subset
from chunkscope.probing.solvers.exhaustive import fit_single_units
from chunkscope.probing.solvers.labelled_rows import LabelledRows
from chunkscope.probing.solvers.logistic import balanced_weights, fit_logistic, newton
from chunkscope.probing.solvers.subset.problem import Duals, Problem
from chunkscope.probing.solvers.subset.relaxation import fill
from chunkscope.probing.solvers.subset.search import Search


def problem_of(X, y, k, gamma, weights=None):
    return Problem.of(LabelledRows.checked(X, y, weights), k, gamma)


def brute_force(X, y, k, gamma, weights):
    """The lowest objective of all supports, each fitted by itself."""
    design = np.column_stack([X, np.ones(len(X))]) * np.where(y, 1, -1)[:, None]
    ridge = np.append(np.full(k, 1 / gamma), 0.0)
    return min(
        newton(design[:, [*support, -1]], weights, ridge, np.zeros(k + 1))[1]
        for support in combinations(range(X.shape[1]), k)
    )


@pytest.mark.parametrize("gamma", [1e-3, 0.1, 1.0, 10.0])
def test_it_is_the_best_of_all_supports(gamma):
    """200 random problems, each also by branching down to the last unit, stopped on the way."""
    for seed in range(50):
        rng = np.random.default_rng([seed, int(1e3 * gamma)])
        n, p = int(rng.integers(30, 60)), int(rng.integers(2, 15))
        k = int(rng.integers(1, min(4, p) + 1))
        X, y = random_rows(rng, n, p)
        weights = (np.ones(n), balanced_weights(y), rng.uniform(0, 2, n))[seed % 3]
        best = brute_force(X, y, k, gamma, weights)
        found = best_subset(X, y, k, gamma, weights)
        assert found.status == "optimal"
        assert found.objective == pytest.approx(best, rel=1e-6)
        assert found.bound <= best
        search = Search(problem_of(X, y, k, gamma, weights), few=1)
        for nodes in (1, 2, 5, math.inf):
            search.run(math.inf, nodes)
            assert search.bound <= best * (1 + 1e-12)
            assert search.best.objective >= best * (1 - 1e-9)
        assert search.best.objective == pytest.approx(best, rel=1e-6)


def test_larger_problems_are_branched_and_still_the_best():
    X, y = gelu_rows(0, n=300, p=18, planted=7)
    weights = balanced_weights(y)
    found = best_subset(X, y, 3, 1.0, weights)
    assert found.nodes > 5
    assert found.objective == pytest.approx(brute_force(X, y, 3, 1.0, weights), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_problem_is_certified(seed):
    X, y = gelu_rows(seed)
    found = best_subset(X, y, 3, 0.1, balanced_weights(y))
    assert found.status == "optimal"
    assert 0 < found.gap <= 1e-6
    assert found.nodes < 100  # of 19,600 supports: the bound does the work
    chosen = fit_logistic(X[:, found.support], y, 0.1, balanced_weights(y))
    assert found.objective == pytest.approx(chosen.objective, rel=1e-12)
    np.testing.assert_allclose(found.decision(X), chosen.decision(X[:, found.support]))


def test_the_probe_is_scikit_learns_on_the_support():
    X, y = gelu_rows(1, n=400, p=15)
    found = best_subset(X, y, 4, 0.5)
    theirs = LogisticRegression(C=0.5, tol=1e-12, max_iter=10**5).fit(X[:, found.support], y)
    np.testing.assert_allclose(found.coef, theirs.coef_[0], atol=1e-5)
    assert (np.diff(found.support) > 0).all()


def test_one_unit_is_the_exhaustive_best():
    X, y = gelu_rows(2, n=400, p=120)
    singles, found = fit_single_units(X, y, 0.2), best_subset(X, y, 1, 0.2)
    assert found.support.tolist() == [singles.best]
    assert found.objective == pytest.approx(singles.objective.min(), rel=1e-12)


def test_more_units_are_never_worse_and_all_of_them_are_the_dense_probe():
    X, y = gelu_rows(3, n=300, p=9)
    objectives = [best_subset(X, y, k, 1.0).objective for k in range(1, 10)]
    assert (np.diff(objectives) < 0).all()
    assert objectives[-1] == pytest.approx(fit_logistic(X, y, 1.0).objective, rel=1e-12)


def test_under_a_strong_ridge_it_is_the_balanced_mean_difference():
    X, y = gelu_rows(4, n=400, p=30, planted=8)
    difference = np.abs(X[y].mean(axis=0) - X[~y].mean(axis=0))
    largest = np.sort(np.argsort(-difference)[:4])
    weights = balanced_weights(y)
    assert best_subset(X, y, 4, 1e-6, weights).support.tolist() == largest.tolist()
    assert best_subset(X, y, 4, 10.0, weights).support.tolist() != largest.tolist()


def suppressor_rows(seed, n=1500, p=24):
    """Unit 0 holds the label and a shared noise, unit 1 that noise, six more less of both."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.2
    X, shared = 0.3 * rng.normal(size=(n, p)), rng.normal(size=n)
    X[:, 0] += shared + 0.9 * y
    X[:, 1] += shared
    X[:, 2:8] += (0.9 * shared + 0.8 * y)[:, None]
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def test_it_finds_the_suppressor_that_no_unit_by_unit_score_finds():
    found = []
    for seed in range(10):
        X, y = suppressor_rows(seed)
        difference = np.abs(X[y].mean(axis=0) - X[~y].mean(axis=0))
        assert difference[1] < np.sort(difference)[-7]  # behind every unit that holds the label
        found.append(1 in best_subset(X, y, 2, 1.0, balanced_weights(y)).support)
    assert np.mean(found) >= 0.8


def test_what_must_not_change_the_support():
    X, y = gelu_rows(5, n=300, p=20)
    found = best_subset(X, y, 3, 0.3)
    order = np.random.default_rng(0).permutation(20)
    moved = best_subset(X[:, order] + np.arange(20), y, 3, 0.3)
    assert sorted(order[moved.support]) == found.support.tolist()
    assert moved.objective == pytest.approx(found.objective, rel=1e-9)
    rows = np.random.default_rng(1).permutation(300)
    turned = best_subset(X[rows], ~y[rows], 3, 0.3)
    assert turned.support.tolist() == found.support.tolist()
    np.testing.assert_allclose(turned.coef, -found.coef, rtol=1e-8)


def test_units_that_copy_each_other_end_the_search():
    X, y = gelu_rows(6, n=200, p=10)
    found = best_subset(np.hstack([X, X, X]), y, 3, 1.0)
    assert found.status == "optimal"
    assert found.objective <= best_subset(X, y, 3, 1.0).objective


HARD = {"n": 300, "p": 40, "planted": 12, "shift": 0.4}


def test_a_node_limit_gives_the_same_again_and_an_honest_gap():
    X, y = gelu_rows(7, **HARD)
    weights = balanced_weights(y)
    certified = best_subset(X, y, 3, 1.0, weights).objective
    gaps = []
    for nodes in (1, 10, 100):
        found = best_subset(X, y, 3, 1.0, weights, math.inf, nodes)
        again = best_subset(X, y, 3, 1.0, weights, math.inf, nodes)
        assert found.status == "node limit"
        assert found.nodes == nodes
        assert (found.bound, found.objective) == (again.bound, again.objective)
        assert found.bound <= certified <= found.objective * (1 + 1e-12)
        assert found.gap == pytest.approx(1 - found.bound / found.objective)
        gaps.append(found.gap)
    assert gaps[0] > gaps[1] > gaps[2] > 1e-6


def test_a_time_limit_gives_incumbent_and_bound():
    X, y = gelu_rows(7, **HARD)
    found = best_subset(X, y, 6, 1.0, time_limit=1e-9)
    assert found.status == "time limit"
    assert found.nodes == 1
    assert 0 < found.bound < found.objective < best_subset(X, y, 1, 1.0).objective


@pytest.mark.parametrize("gamma", [1e-3, 0.1, 10.0])
def test_every_point_bounds_every_support(gamma):
    """Weak duality, far from any optimum and whatever the intercept."""
    rng = np.random.default_rng(0)
    X, y = random_rows(rng, 60, 6)
    weights = balanced_weights(y)
    problem = problem_of(X, y, 2, gamma, weights)
    best = {
        support: fit_logistic(X[:, support], y, gamma, weights).objective
        for support in combinations(range(6), 2)
    }
    points = rng.normal(size=(200, 7)) * rng.choice([0.01, 0.1, 1, 10], size=(200, 1))
    margins = points[:, :-1] @ problem.Z + points[:, -1:] * problem.signs
    duals = Duals.at(problem, margins)
    sums = problem.class_sums(duals.u * weights[np.argsort(~y, kind="stable")], problem.Z)
    pulls = (sums * duals.shrink[:, None]).sum(axis=-1)
    for support, objective in best.items():
        bounds = duals.entropy - gamma / 2 * (pulls[:, support] ** 2).sum(axis=1)
        assert bounds.max() <= objective
    usable = np.isfinite(duals.entropy)
    assert usable.mean() > 0.5
    shrunk = duals.u * np.where(problem.signs > 0, duals.shrink[:, :1], duals.shrink[:, 1:])
    np.testing.assert_allclose((shrunk * problem.weights) @ problem.signs, 0, atol=1e-11)
    entropies = entr(shrunk) + entr(1 - shrunk)
    assert (duals.entropy <= entropies @ problem.weights + 1e-10)[usable].all()
    near = (duals.shrink.min(axis=1) > 0.95) & (margins.min(axis=1) > -5)
    assert near.sum() > 20
    np.testing.assert_allclose(duals.entropy[near], (entropies @ problem.weights)[near], rtol=0.01)


def test_rounding_stays_within_what_the_bound_allows():
    """The dual in extended precision, of units that are large and of many rows."""
    X, y = gelu_rows(0, n=4000, p=6)
    problem = problem_of(X * 100, y, 2, 0.1, balanced_weights(y))
    coef = fit_logistic(X * 100, y, 0.1, balanced_weights(y)).coef
    Z, weights, signs = (np.longdouble(a) for a in (problem.Z, problem.weights, problem.signs))
    u = 1 / (1 + np.exp(np.longdouble(coef @ problem.Z)))
    exact = (weights @ (-u * np.log(u) - (1 - u) * np.log1p(-u))) - np.longdouble(0.05) * (
        ((Z @ (weights * u)) ** 2).sum()
    )
    u = u.astype(float)
    rounded = problem.weights @ (-u * np.log(u) - (1 - u) * np.log1p(-u)) - 0.05 * (
        ((problem.Z @ (problem.weights * u)) ** 2).sum()
    )
    assert abs(float(exact) - rounded) < problem.rounding
    assert signs.sum() == -2400


def test_where_rounding_forbids_a_certificate_it_says_so():
    X, y = gelu_rows(0, n=500, p=8)
    found = best_subset(X * 1e5, y, 2, 1.0)
    assert found.status == "rounding"
    assert found.gap > 1e-6
    weights = np.ones(500)
    best = brute_force(X * 1e5, y, 2, 1.0, weights)
    assert found.bound <= best
    assert found.objective == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("total", [1, 3, 5, 8])
def test_shares_are_filled_as_is_best(total):
    rng = np.random.default_rng(total)
    sizes = rng.exponential(size=8) ** 2
    shares = fill(sizes, total)
    assert shares.sum() == pytest.approx(total)
    assert ((shares > 0) & (shares <= 1)).all()
    for _ in range(200):
        other = rng.dirichlet(np.ones(8)) * total
        if (other <= 1).all():
            assert (sizes**2 / shares).sum() <= (sizes**2 / other).sum()
    assert fill(np.zeros(4), 2).tolist() == [0, 0, 0, 0]


X, Y = gelu_rows(0, n=20, p=4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, Y, 5, 1.0), "k: got 5; must be a whole number from 1 to the 4 units of X"),
        ((X, Y, 0, 1.0), "k: got 0"),
        ((X, Y, 1.5, 1.0), r"k: got 1\.5"),
        ((X, Y, 2, 0.0), "gamma: got 0.0; must be a finite number above 0"),
        ((X, Y, 2, -1.0), "gamma: got"),
        ((X * [1, 0, 1, 1], Y, 2, 1.0), "unit 1 is constant"),
        ((X * [1, 1, 1, 1e200], Y, 2, 1.0), "unit 3 has a value of size"),
        ((X * [1, 1, np.nan, 1], Y, 2, 1.0), "unit 2 has a value that is not finite"),
        ((X, Y[:-1], 2, 1.0), r"y: got shape \(19,\)"),
        ((X, np.zeros(20, bool), 2, 1.0), "got 0 rows with the feature"),
        ((X, np.arange(20) == 0, 2, 1.0), "got 1 row with the feature"),
        ((X, Y, 2, 1.0, np.ones(3)), r"weights: got shape \(3,\)"),
        ((X, Y, 2, 1.0, None, 0.0), "time_limit: got 0.0"),
        ((X, Y, 2, 1.0, None, math.nan), "time_limit: got nan"),
        ((X, Y, 2, 1.0, None, 1.0, 0), "node_limit: got 0"),
    ],
)
def test_bad_input_is_one_sentence(arguments, message):
    with pytest.raises(ProbingError, match=message) as raised:
        best_subset(*arguments)
    assert "\n" not in str(raised.value)
