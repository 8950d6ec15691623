"""Shuffles keep what they must, and their p-values are uniform where nothing is to be found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.feature_selection import f_classif

from chunkscope.errors import ProbingError
from chunkscope.probing.nulls import (
    max_statistic,
    permutation_null,
    scaled_by_mean,
    share_as_large,
    shuffle_labels,
    shuffles,
)

PERMUTATIONS = 99


def drifting(rng, sequences, time, keep):
    """(sequence * time,) autoregressive noise; it forgets a share ``1 - keep`` in a step."""
    values = rng.normal(size=(sequences, time))
    for step in range(1, time):
        values[:, step] = keep * values[:, step - 1] + np.sqrt(1 - keep**2) * values[:, step]
    return values.ravel()


def p_of(rng, null):
    """p of the first unit, drawn between its neighbours so that it can be uniform."""
    return ((null[1:, 0] >= null[0, 0]).sum() + rng.random()) / len(null)


def level_and_uniformity(draw, shuffled, within, draws=250):
    """Share of p <= .05, and the Kolmogorov-Smirnov p-value against a uniform distribution."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        x, y, sequence = draw(rng)
        owner = sequence if shuffled == "sequences" else np.arange(len(y))
        found.append(p_of(rng, permutation_null(x[:, None], y, owner, within, PERMUTATIONS, rng)))
    return np.mean(np.array(found) <= 0.05), kstest(found, "uniform").pvalue


def slow_steps(rng):
    """Activity and labels that both drift, without any relation."""
    y = drifting(rng, 40, 60, 0.8) > 0.8
    return drifting(rng, 40, 60, 0.8), y, np.repeat(np.arange(40), 60)


def labelled_sequences(rng):
    """Activity that differs from sequence to sequence, and labels of whole sequences."""
    label, offset = rng.permutation(60) < 20, rng.normal(size=60)
    sequence = np.repeat(np.arange(60), 10)
    return offset[sequence] + rng.normal(size=600), label[sequence], sequence


@pytest.mark.parametrize(
    ("draw", "within"), [(slow_steps, True), (slow_steps, False), (labelled_sequences, False)]
)
def test_p_values_are_uniform_where_nothing_is_to_be_found(draw, within):
    level, uniform = level_and_uniformity(draw, "sequences", within)
    assert uniform > 0.01
    assert level < 0.09


@pytest.mark.parametrize("draw", [slow_steps, labelled_sequences])
def test_a_shuffle_of_rows_finds_what_is_not_there(draw):
    level, uniform = level_and_uniformity(draw, "rows", within=False)
    assert level > 0.2
    assert uniform < 1e-6


def test_what_is_there_is_found():
    rng = np.random.default_rng(0)
    x, y, sequence = slow_steps(rng)
    X = np.column_stack([x, x + 0.5 * y])
    for within in (True, False):
        p = max_statistic(permutation_null(X, y, sequence, within, PERMUTATIONS, rng))
        assert p[1] == 1 / (PERMUTATIONS + 1)
        assert p[0] > 0.05


def test_statistics_are_f_of_each_shuffle():
    rng = np.random.default_rng(0)
    X = 1e3 + rng.normal(size=(120, 6))
    X[:, 2] = 0.1
    moving = [0, 1, 3, 4, 5]
    y, sequence = rng.random(120) < 0.3, np.repeat(np.arange(12), 10)
    null = permutation_null(X, y, sequence, True, 20, np.random.default_rng(1))
    drawn = shuffles(y, sequence, 20, np.random.default_rng(1), True)
    for found, labels in zip(null, [y, *drawn], strict=True):
        np.testing.assert_allclose(found[moving], f_classif(X[:, moving] - 1e3, labels)[0], 1e-9)
        assert found[2] == 0
    beside = [
        permutation_null(part, y, sequence, True, 20, np.random.default_rng(1))
        for part in (X[:, :2], X[:, 2:])
    ]
    np.testing.assert_allclose(np.concatenate(beside, axis=1), null)


def test_steps_that_are_not_asked_are_exchanged_with_the_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    labels, sequence = rng.integers(-1, 2, size=120), np.repeat(np.arange(12), 10)
    X[labels >= 0, 2] = 7.0  # constant where it is asked, but not where a shuffle asks
    null = permutation_null(X, labels, sequence, False, 20, np.random.default_rng(1))
    drawn = shuffles(labels, sequence, 20, np.random.default_rng(1), False)
    for found, shuffled in zip(null, [labels, *drawn], strict=True):
        asked = shuffled >= 0
        expected = f_classif(X[asked, :2], shuffled[asked])[0]
        np.testing.assert_allclose(found[:2], expected, 1e-9)
    assert null[0, 2] == 0
    assert (null[1:, 2] > 0).any()


def clocks(rng):
    """Activity and labels of different sequences, which all begin alike and drift apart."""
    slower = rng.random((2, 40, 60)) < 0.1
    phase = (np.cumsum(~slower, axis=2) - 1) % 4
    labels = np.where(slower[1], -1, phase[1] == 0).astype(np.int8)
    return (phase[0] == 0) + 0.1 * rng.normal(size=(40, 60)), labels


def test_exchanged_labels_ask_for_more_than_the_clock_and_turned_ones_do_not():
    rng = np.random.default_rng(0)
    sequence = np.repeat(np.arange(40), 60)
    found = {True: [], False: []}
    for _ in range(150):
        x, labels = clocks(rng)
        asked = labels.ravel() >= 0
        for within, rows in ((True, asked), (False, slice(None))):
            parts = x.reshape(-1, 1)[rows], labels.ravel()[rows], sequence[rows]
            found[within].append(p_of(rng, permutation_null(*parts, within, PERMUTATIONS, rng)))
    assert np.mean(np.array(found[True]) <= 0.05) > 0.5
    assert kstest(found[False], "uniform").pvalue > 0.01


def test_within_sequences_labels_are_turned():
    rng = np.random.default_rng(0)
    sequence = np.array([5, 5, 5, 5, 2, 2, 2, 9])
    y = np.array([1, 1, 0, 0, 1, 0, 0, 1], dtype=bool)
    drawn = shuffles(y, sequence, 400, rng, within=True)
    for name in (5, 2, 9):
        of_sequence = y[sequence == name]
        turned = {tuple(np.roll(of_sequence, by)) for by in range(len(of_sequence))}
        assert {tuple(labels) for labels in drawn[:, sequence == name].tolist()} == turned
    mixed = rng.permutation(len(y))  # the rows of sequences may stand in any order
    again = shuffles(y[mixed], sequence[mixed], 50, rng, within=True)
    for name in (5, 2, 9):
        at = sequence[mixed] == name
        assert (again[:, at].sum(axis=1) == y[mixed][at].sum()).all()


def test_between_sequences_they_are_exchanged_whole():
    rng = np.random.default_rng(0)
    y = rng.random((6, 4)) < 0.5
    drawn = shuffles(y.ravel(), np.repeat(np.arange(6), 4), 100, rng, within=False)
    for labels in drawn.reshape(100, 6, 4):
        assert sorted(map(tuple, labels)) == sorted(map(tuple, y))
    assert len(np.unique(drawn, axis=0)) > 50
    label = np.array([True, False, True, False, False])
    sequence = np.repeat(np.arange(5), [1, 2, 3, 4, 5])  # of unequal length, each of one label
    for labels in shuffles(label[sequence], sequence, 50, rng, within=False):
        firsts = labels[np.searchsorted(sequence, np.arange(5))]
        np.testing.assert_array_equal(labels, firsts[sequence])
        assert firsts.sum() == 2


def test_a_shuffle_is_drawn_from_its_stream_alone():
    y, sequence = np.random.default_rng(0).random(40) < 0.5, np.repeat(np.arange(4), 10)
    first, again, other = (
        shuffle_labels(y, sequence, np.random.default_rng(seed), within=True) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_adjusted_p_hold_their_level_for_many_units_of_unequal_spread():
    rng = np.random.default_rng(0)
    rejected = []
    for _ in range(600):
        null = np.square(rng.normal(size=(100, 200))) * np.exp(2 * rng.normal(size=200))
        rejected.append((max_statistic(null) <= 0.05).any())
    assert 0.02 < np.mean(rejected) < 0.08


def test_adjusted_p_by_hand():
    null = np.array([[8.0, 1.0, 0.0], [1.0, 4.0, 0.0], [2.0, 3.0, 0.0], [1.0, 0.0, 0.0]])
    # means 3, 2, 0: scaled 8/3 1/2 | 1/3 2 | 2/3 3/2 | 1/3 0; the largest are 8/3, 2, 3/2, 1/3
    np.testing.assert_allclose(max_statistic(null), [1 / 4, 3 / 4, 1])
    alone = max_statistic(null[:, :1])
    np.testing.assert_allclose(alone, [1 / 4])
    copies = max_statistic(np.repeat(null[:, :1], 50, axis=1))  # fifty times one test are one
    np.testing.assert_allclose(copies, 1 / 4)


def test_sites_are_adjusted_together_by_what_is_largest_in_each():
    null = np.square(np.random.default_rng(0).normal(size=(100, 30)))
    first, second = scaled_by_mean(null[:, :10]), scaled_by_mean(null[:, 10:])
    largest = np.maximum(first.max(axis=1), second.max(axis=1))
    np.testing.assert_array_equal(share_as_large(second[0], largest), max_statistic(null)[10:])


def test_bad_input_is_said():
    rng = np.random.default_rng(0)
    y = np.array([True, False, True, False, True])
    with pytest.raises(ProbingError, match="labels: change within sequence 0"):
        shuffle_labels(y, np.array([0, 0, 0, 1, 1]), rng, within=False)
    with pytest.raises(ProbingError, match=r"got shape \(5,\) and sequences of shape \(4,\)"):
        shuffle_labels(y, np.zeros(4, dtype=int), rng, within=True)
    with pytest.raises(ProbingError, match="0 rows with the feature"):
        permutation_null(np.ones((5, 2)), y & False, np.arange(5), True, 9, rng)
