"""Weighted measures equal scikit-learn's, and intervals over sequences hold their level."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from chunkscope.errors import ProbingError
from chunkscope.probing.metrics import (
    MEASURES,
    best_threshold,
    measure,
    prevalence_weights,
    sequence_bootstrap,
)


def rows(rng, n=300, step=None):
    """Labels, scores (in steps, so that they tie) and weights, some of them 0."""
    y = rng.random(n) < 0.25
    score = rng.normal(size=n) + y
    score = score if step is None else step * np.round(score / step)
    return y, score, rng.random(n) * (rng.random(n) < 0.9)


def reference(y, score, weights, threshold):
    called, more = score >= threshold, {"sample_weight": weights}
    return {
        "f1": metrics.f1_score(y, called, **more),
        "precision": metrics.precision_score(y, called, zero_division=0, **more),
        "recall": metrics.recall_score(y, called, **more),
        "mcc": metrics.matthews_corrcoef(y, called, **more),
        "pr_auc": metrics.average_precision_score(y, score, **more),
    }


@pytest.mark.parametrize("step", [None, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("threshold", [-100.0, 0.0, 0.7])
def test_measures_are_those_of_scikit_learn(step, threshold):
    for seed in range(5):
        y, score, weights = rows(np.random.default_rng(seed), step=step)
        found, expected = (of(y, score, weights, threshold) for of in (measure, reference))
        assert found.keys() == expected.keys()
        for name in MEASURES:
            assert found[name] == pytest.approx(expected[name], abs=1e-10), name


def test_a_perfect_an_inverted_and_a_constant_score_differ():
    y, weights = np.array([True, True, False, False, False]), np.ones(5)
    perfect = measure(y, y * 1.0, weights, 0.5)
    assert perfect == dict.fromkeys(MEASURES, 1.0)
    inverted = measure(y, ~y * 1.0, weights, 0.5)
    assert (inverted["f1"], inverted["mcc"]) == (0.0, -1.0)
    constant = measure(y, np.ones(5), weights, 0.5)  # what a score that knows nothing reaches
    assert constant == pytest.approx(
        {"f1": 4 / 7, "precision": 2 / 5, "recall": 1, "mcc": 0, "pr_auc": 2 / 5}
    )


def test_an_empty_class_has_defined_values():
    score, weights = np.arange(4.0), np.ones(4)
    assert measure(np.zeros(4, bool), score, weights, 2.0) == dict.fromkeys(MEASURES, 0.0)
    nothing_called = measure(np.array([True, False, True, False]), score, weights, 9.0)
    assert [nothing_called[name] for name in ("f1", "precision", "recall", "mcc")] == [0] * 4
    assert nothing_called["pr_auc"] > 0
    all_positive = measure(np.ones(4, bool), score, weights, 2.0)
    assert all_positive == pytest.approx(
        {"f1": 2 / 3, "precision": 1, "recall": 0.5, "mcc": 0, "pr_auc": 1}
    )


def test_weights_stand_for_repeated_rows():
    y, score, _ = rows(np.random.default_rng(0), step=0.5)
    times = np.random.default_rng(1).integers(0, 4, len(y))
    repeated = measure(np.repeat(y, times), np.repeat(score, times), np.ones(times.sum()), 0.3)
    assert measure(y, score, times.astype(float), 0.3) == pytest.approx(repeated, abs=1e-12)


def test_prevalence_is_set_by_weights():
    y, score, weights = rows(np.random.default_rng(0))
    for prevalence in (0.02, 0.2, 0.5):
        balanced = prevalence_weights(y, weights, prevalence)
        assert balanced.sum() == pytest.approx(weights.sum())
        assert balanced[y].sum() / balanced.sum() == pytest.approx(prevalence)
        found = measure(y, score, balanced, 0.5)
        recall = found["recall"]
        assert recall == pytest.approx(measure(y, score, weights, 0.5)["recall"])
        false = weights[~y & (score >= 0.5)].sum() / weights[~y].sum()
        expected = prevalence * recall / (prevalence * recall + (1 - prevalence) * false)
        assert found["precision"] == pytest.approx(expected)


@pytest.mark.parametrize("step", [None, 0.5])
def test_the_best_threshold_is_no_worse_than_any(step):
    for seed in range(5):
        y, score, weights = rows(np.random.default_rng(seed), n=60, step=step)
        best = measure(y, score, weights, best_threshold(y, score, weights))["f1"]
        tried = [measure(y, score, weights, at)["f1"] for at in [*score, -np.inf, np.inf]]
        assert best == pytest.approx(max(tried), abs=1e-12)


def test_the_best_threshold_lies_between_scores():
    y, weights = np.array([False, True, True]), np.ones(3)
    assert best_threshold(y, np.array([0.0, 1.0, 2.0]), weights) == 0.5
    assert best_threshold(~y, np.array([0.0, 0.0, 0.0]), weights) == -np.inf  # nothing is known
    near = np.array([1.0, np.nextafter(1.0, 2), 2.0])  # nothing lies between the first two
    assert best_threshold(y, near, weights) == near[1]


def test_resamples_are_the_measures_of_the_sequences_drawn():
    y, score, weights = rows(np.random.default_rng(0), step=0.5)
    sequence = np.random.default_rng(1).integers(0, 15, len(y)) * 7  # names, in any order
    names = np.unique(sequence)
    drawn = np.random.default_rng(2).integers(15, size=(15, 60))
    resampled = []
    for places in drawn.T:
        taken = np.concatenate([np.flatnonzero(sequence == names[place]) for place in places])
        resampled.append(reference(y[taken], score[taken], weights[taken], 0.3))
    found = sequence_bootstrap(y, score, weights, sequence, 0.3, 60, np.random.default_rng(2))
    for name in MEASURES:
        values = [one[name] for one in resampled]
        expected = np.quantile(values, [0.025, 0.975], method="weibull")
        np.testing.assert_allclose(found[name], expected, atol=1e-10)


def draw(rng, sequences):
    """Twenty rows a sequence; prevalence and scores drift from sequence to sequence."""
    y = rng.normal(size=(sequences, 20)) + rng.normal(size=(sequences, 1)) > 1.2
    score = 1.5 * y + rng.normal(size=(sequences, 20)) + rng.normal(size=(sequences, 1))
    return y.ravel(), score.ravel(), np.repeat(np.arange(sequences), 20)


@pytest.mark.parametrize("prevalence", [None, 0.5])
def test_intervals_over_sequences_hold_95_per_cent_and_over_rows_do_not(prevalence):
    rng = np.random.default_rng(3)

    def weights_of(y):
        ones = np.ones(len(y))
        return ones if prevalence is None else prevalence_weights(y, ones, prevalence)

    y, score, _ = draw(rng, 100_000)
    truth = measure(y, score, weights_of(y), 1.0)
    covered = {"sequences": [], "rows": []}
    for repetition in range(1000):
        y, score, sequence = draw(rng, 100)
        units = {"sequences": sequence, "rows": np.arange(len(y))}
        for name, unit in units.items():
            if name == "sequences" or repetition < 100:
                ends = sequence_bootstrap(y, score, weights_of(y), unit, 1.0, 100, rng, prevalence)
                covered[name].append([low <= truth[m] <= high for m, (low, high) in ends.items()])
    of_sequences, of_rows = (np.mean(held, axis=0) for held in covered.values())
    assert (of_sequences > 0.93).all()
    assert (of_sequences < 0.97).all()
    assert (of_rows < 0.85).all()


def test_resamples_without_a_positive_are_left_out():
    y, score, weights = np.zeros(40, bool), np.zeros(40), np.ones(40)
    y[0], score[0] = True, 1.0
    sequence = np.repeat(np.arange(10), 4)  # the positive is in none of 35 % of the resamples
    found = sequence_bootstrap(y, score, weights, sequence, 0.5, 100, np.random.default_rng(0))
    assert found == dict.fromkeys(MEASURES, (1.0, 1.0))
    one = np.zeros_like(sequence)  # of which nobody knows how the next would differ
    found = sequence_bootstrap(y, score, weights, one, 0.5, 100, np.random.default_rng(0))
    assert np.isnan(list(found.values())).all()
    y[0] = False
    found = sequence_bootstrap(y, score, weights, sequence, 0.5, 100, np.random.default_rng(0))
    assert np.isnan(list(found.values())).all()


def test_bad_input_is_said():
    y, score, weights = rows(np.random.default_rng(0))
    with pytest.raises(ProbingError, match=r"scores \(299,\)"):
        measure(y, score[1:], weights, 0.0)
    with pytest.raises(ProbingError, match="scores: hold values that are not finite"):
        measure(y, np.full_like(score, np.nan), weights, 0.0)
    with pytest.raises(ProbingError, match="labels: got int64; must be True and False"):
        measure(y.astype(int), score, weights, 0.0)
    with pytest.raises(ProbingError, match="weights: hold values below 0"):
        best_threshold(y, score, -weights)
    with pytest.raises(ProbingError, match="at least 39"):
        sequence_bootstrap(y, score, weights, np.arange(len(y)), 0.0, 20, np.random.default_rng())
    with pytest.raises(ProbingError, match="got 0 positives in 300 rows"):
        prevalence_weights(np.zeros_like(y), weights, 0.2)
    with pytest.raises(ProbingError, match="between 0 and 1"):
        prevalence_weights(y, weights, 1.0)
    with pytest.raises(ProbingError, match=r"got labels \(300,\) and weights \(299,\)"):
        prevalence_weights(y, weights[1:], 0.2)
