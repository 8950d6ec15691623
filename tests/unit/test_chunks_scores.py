"""Every score on a perfect, a duplicated, a random and a shuffled reading: they must differ."""

from __future__ import annotations

import numpy as np
import pytest
from chunks_examples import activity_of, words_corpus

from chunkscope.chunks.alignment import align_states
from chunkscope.chunks.scores import (
    boundary_scores,
    information_scores,
    state_scores,
    word_scores,
)


@pytest.fixture(scope="module")
def corpus():
    return words_corpus(n=120)


def truth_of(corpus):
    return corpus.labels["word"], corpus.labels["boundary"].astype(bool)


def chunks_of(corpus):
    """The words of two or more symbols, as a perfect dictionary would number them."""
    return np.array([k for k, name in enumerate(corpus.names["word"]) if len(name) > 1])


def duplicated(labels, seed=0):
    return 2 * labels + np.random.default_rng(seed).integers(2, size=labels.shape)


def shuffled(labels, seed=0):
    return np.random.default_rng(seed).permuted(labels, axis=1)


def test_states_perfect_duplicated_random_and_shuffled(corpus):
    truth = corpus.labels["state"]
    perfect = state_scores(truth + 5, truth)
    assert set(perfect.values()) == {1.0}
    double = state_scores(duplicated(truth), truth)
    assert double["homogeneity"] == pytest.approx(1)
    assert double["completeness"] < 0.85
    assert double["ari"] < 0.75
    joined = state_scores(truth // 2, truth)
    assert joined["completeness"] == pytest.approx(1)
    assert joined["homogeneity"] < 0.95
    random = np.random.default_rng(0).integers(truth.max() + 1, size=truth.shape)
    for chance in (random, shuffled(truth)):
        scores = state_scores(chance, truth)
        assert scores["ari"] == pytest.approx(0, abs=0.01)
        assert scores["ami"] == pytest.approx(0, abs=0.01)


def test_noise_is_one_class_of_states():
    truth = np.array([[0, 0, 1, 1]])
    assert state_scores(np.array([[-1, -1, 0, 0]]), truth)["ari"] == 1.0
    assert state_scores(np.array([[-1, -1, -1, 0]]), truth)["ari"] < 1.0


def test_a_reading_without_states_scores_nothing(corpus):
    truth = corpus.labels["state"]
    scores = state_scores(np.full_like(truth, -1), truth)
    assert scores["ari"] == scores["homogeneity"] == 0


def test_boundaries_perfect_and_by_hand(corpus):
    true = truth_of(corpus)[1]
    perfect = boundary_scores(true, true)
    assert (perfect["precision"], perfect["recall"], perfect["f1"]) == (1.0, 1.0, 1.0)
    true = np.array([[1, 0, 0, 1, 0, 1]], dtype=bool)
    found = np.array([[1, 0, 1, 1, 0, 0]], dtype=bool)  # the first step is not scored
    scores = boundary_scores(found, true)
    assert (scores["precision"], scores["recall"], scores["f1"]) == (0.5, 0.5, 0.5)
    none = boundary_scores(np.array([[1, 0, 0, 0, 0, 0]], dtype=bool), true)
    assert np.isnan(none["precision"])
    assert none["recall"] == none["f1"] == 0


def test_the_floors_of_boundaries_are_those_of_chance(corpus):
    true = truth_of(corpus)[1]
    every = boundary_scores(np.ones_like(true), true)
    assert every["f1"] == pytest.approx(every["f1_every_step"])
    rng = np.random.default_rng(0)
    for rate in (0.1, 0.5, 0.9):
        thrown = [boundary_scores(rng.random(true.shape) < rate, true) for _ in range(30)]
        chance = np.mean([scores["f1"] for scores in thrown])
        assert chance == pytest.approx(np.mean([s["f1_random"] for s in thrown]), abs=0.005)
        assert thrown[0]["f1_every_step"] == every["f1_every_step"]


def test_words_perfect(corpus):
    words, boundary = truth_of(corpus)
    scores = word_scores(words, boundary, words, boundary, chunks_of(corpus))
    assert scores.pop("words") == 3
    assert set(scores.values()) == {1.0}


def test_words_duplicated_random_and_shuffled(corpus):
    words, boundary = truth_of(corpus)
    chunks = chunks_of(corpus)
    coin = np.random.default_rng(0).integers(2, size=words.shape)
    start = np.maximum.accumulate(np.where(boundary, np.arange(words.shape[1]), 0), axis=1)
    copy = 2 * words + np.take_along_axis(coin, start, axis=1)  # two chunks for every word
    copies = np.r_[2 * chunks, 2 * chunks + 1]
    double = word_scores(copy, boundary, words, boundary, copies)
    assert double["recall"] == double["precision"] == double["occurrence_recall"] == 1.0
    unused = word_scores(words, boundary, words, boundary, np.r_[chunks, 90, 91, 92])
    assert unused["precision"] == 0.5
    assert unused["recall"] == 1.0
    cut = shuffled(boundary)
    cut[:, 0] = True
    for units in (shuffled(words), np.random.default_rng(0).permuted(words)):
        scores = word_scores(units, cut, words, boundary, chunks)
        assert scores["recall"] == 0
        assert scores["precision"] == 0
        assert scores["occurrence_recall"] < 0.1


def parse(*rows):
    """Rows of (unit, length) spans -> units and boundary."""
    units = np.array([[unit for unit, length in row for _ in range(length)] for row in rows])
    begins = [[at == 0 for _, length in row for at in range(length)] for row in rows]
    return units, np.array(begins)


def test_words_by_hand():
    #        word 0 twice, fillers 2, word 1 once, a last word 0 that the end may have cut
    true = parse([(0, 2), (2, 1), (0, 2), (1, 3), (2, 1), (0, 2)])
    #        chunk 5 spans word 0 once, chunk 6 word 1 and more than half of nothing else
    found = parse([(5, 2), (3, 1), (3, 1), (3, 1), (6, 3), (4, 1), (6, 2)])
    scores = word_scores(*found, *true, np.array([5, 6, 7]))
    assert scores == {
        "words": 2.0,
        "recall": 1.0,
        "precision": 2 / 3,
        "occurrence_recall": 2 / 3,
        "occurrence_precision": 1.0,
    }
    assert word_scores(*found, *true, np.array([6]))["recall"] == 0.5  # 5 is not in the dictionary


def test_a_chunk_is_a_word_by_more_than_half_of_its_occurrences():
    true = parse([(0, 2), (1, 2), (0, 2), (2, 1)], [(0, 2), (1, 2), (1, 2), (2, 1)])
    found = parse([(9, 2), (9, 2), (9, 2), (3, 1)], [(9, 2), (9, 2), (9, 2), (3, 1)])
    even = word_scores(*found, *true, np.array([9]))  # equal strings of two words, half and half
    assert even["recall"] == even["precision"] == 0
    assert even["occurrence_recall"] == 1.0
    apart = np.where(true[0] == 1, 8, found[0])  # told apart by context
    scores = word_scores(apart, found[1], *true, np.array([8, 9]))
    assert scores["recall"] == scores["precision"] == 1.0


def test_a_word_cut_by_the_end_of_its_sequence_does_not_count():
    true, found = parse([(2, 1), (0, 3)]), parse([(3, 1), (9, 3)])
    scores = word_scores(*found, *true, np.array([9]))
    assert scores["words"] == 0
    assert np.isnan(scores["recall"])
    assert np.isnan(scores["occurrence_recall"])


def test_no_chunks_have_no_precision(corpus):
    words, boundary = truth_of(corpus)
    scores = word_scores(words, boundary, words, boundary, np.empty(0, dtype=int))
    assert np.isnan(scores["precision"])
    assert np.isnan(scores["occurrence_precision"])
    assert scores["recall"] == 0


def information(corpus, states, activity=None):
    halves = [slice(0, 60), slice(60, 120)]
    return information_scores(
        tuple(states[half] for half in halves),
        None if activity is None else tuple(activity[half] for half in halves),
        tuple(corpus.tokens[half] for half in halves),
        corpus.next_distribution[60:],
    )


def test_causal_states_reach_the_ceiling_and_nothing_exceeds_it(corpus):
    causal, state = corpus.labels["causal"], corpus.labels["state"]
    scores = information(corpus, causal)
    assert scores["bayes_bits"] > 1
    assert scores["share_of_bayes"] == pytest.approx(1, abs=0.01)
    for states in (causal, state, duplicated(causal), corpus.tokens.astype(int), causal // 2):
        assert information(corpus, states)["share_of_bayes"] < 1.01
    assert information(corpus, causal // 2)["share_of_bayes"] < 0.9
    assert information(corpus, shuffled(causal))["state_bits"] == pytest.approx(0, abs=0.05)
    nothing = information(corpus, np.full_like(causal, -1))
    assert nothing["state_bits"] == pytest.approx(0, abs=1e-9)


def test_a_linear_read_out_of_the_causal_states_reaches_the_ceiling(corpus):
    activity = activity_of(corpus.labels["causal"], units=24)
    scores = information(corpus, corpus.labels["causal"], activity)
    assert scores["hidden_bits"] == pytest.approx(scores["bayes_bits"], abs=0.05)
    assert scores["share_of_hidden"] == pytest.approx(1, abs=0.05)
    blind = np.random.default_rng(0).normal(size=activity.shape).astype(np.float32)
    assert information(corpus, corpus.labels["causal"], blind)["hidden_bits"] < 0.02
    assert np.isnan(information(corpus, corpus.labels["causal"])["hidden_bits"])


def test_states_align_with_the_label_that_most_of_their_steps_have():
    states = np.array([[0, 0, 0, 2], [2, -1, 0, 2]])
    truth = np.array([[1, 1, 0, 0], [0, 0, 1, 0]])
    table = align_states(states, truth, ["x", "y"])
    assert table.to_dict("records") == [
        {"state": 0, "steps": 4, "label": "y", "purity": 0.75, "share": 1.0},
        {"state": 2, "steps": 3, "label": "x", "purity": 1.0, "share": 0.6},
    ]
    assert len(align_states(np.full((2, 4), -1), truth, ["x", "y"])) == 0
