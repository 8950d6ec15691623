"""Code lengths against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from chunks_examples import words_corpus

from chunkscope.chunks.codelength import conditional_bits, symbol_bits, tracking_bits


def test_the_probabilities_are_those_of_the_formula():
    context, outcome = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 2, 1, 2])
    every = [(c, o) for c in range(3) for o in range(3)]  # context 2 was never seen
    bits = conditional_bits(context, outcome, *np.array(every).T)
    for (c, o), value in zip(every, bits, strict=True):
        share = (np.sum(outcome == o) + 1 / 3) / (len(outcome) + 1)
        pair = np.sum((context == c) & (outcome == o))
        assert 2.0**-value == pytest.approx((pair + share) / (np.sum(context == c) + 1))
    total = 2.0 ** -bits.reshape(3, 3)
    np.testing.assert_allclose(total.sum(axis=1), 1)


def test_an_outcome_never_seen_costs_finitely_many_bits():
    bits = conditional_bits(np.zeros(9, int), np.zeros(9, int), np.array([0]), np.array([3]))
    assert np.isfinite(bits).all()
    assert bits[0] > np.log2(9)


def test_many_counts_approach_the_conditional_entropy():
    rng = np.random.default_rng(0)
    given = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    context = rng.integers(3, size=200_000)
    outcome = (rng.random(len(context))[:, None] > given.cumsum(axis=1)[context]).sum(axis=1)
    half = len(context) // 2
    bits = conditional_bits(context[:half], outcome[:half], context[half:], outcome[half:])
    entropy = -np.where(given > 0, given * np.log2(np.maximum(given, 1e-300)), 0).sum() / 3
    assert bits.mean() == pytest.approx(entropy, abs=0.01)


def test_a_label_that_tells_nothing_costs_the_entropy_of_the_symbols():
    tokens = np.random.default_rng(0).integers(4, size=(40, 200))
    labels = np.zeros_like(tokens)
    bits = symbol_bits(labels[:20], tokens[:20], labels[20:], tokens[20:])
    assert bits.shape == (20, 199)
    assert bits.mean() == pytest.approx(2, abs=0.01)


def test_the_next_symbol_is_coded_not_the_present_one():
    tokens = np.random.default_rng(0).integers(4, size=(40, 200))
    following = np.roll(tokens, -1, axis=1)
    present = symbol_bits(tokens[:20], tokens[:20], tokens[20:], tokens[20:]).mean()
    ahead = symbol_bits(following[:20], tokens[:20], following[20:], tokens[20:]).mean()
    assert present == pytest.approx(2, abs=0.02)
    assert ahead < 0.02


def test_a_unifilar_machine_is_tracked_for_nothing_and_a_split_state_is_not():
    corpus = words_corpus()
    tokens, states = corpus.tokens, corpus.labels["state"]
    half = len(tokens) // 2
    bits = tracking_bits(states[:half], tokens[:half], states[half:], tokens[half:])
    assert bits.shape == (half, tokens.shape[1] - 1)
    assert 0 < bits.mean() < 0.03
    coin = np.random.default_rng(0).integers(2, size=states.shape)
    commonest = np.bincount(states.ravel()).argmax()
    split = np.where((states == commonest) & (coin == 1), states.max() + 1, states)
    more = tracking_bits(split[:half], tokens[:half], split[half:], tokens[half:]).mean()
    share = (states[half:, 1:] == commonest).mean()
    assert more == pytest.approx(share + bits.mean(), rel=0.1)  # a coin is one bit per visit


def test_noise_is_a_label_like_any_other():
    tokens = np.random.default_rng(0).integers(2, size=(10, 50))
    labels = np.where(np.roll(tokens, -1, axis=1) == 0, -1, 0)  # noise foretells symbol 0
    assert symbol_bits(labels, tokens, labels, tokens).mean() < 0.1
