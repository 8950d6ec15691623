"""Decoding by look-up, against hand-made examples."""

from __future__ import annotations

import numpy as np
import pytest

from chunkscope.chunks.decoding import decode_by_lookup, decoding_rows


def test_by_hand():
    states, tokens = np.array([0, 0, 0, 1, 3, -1]), np.array([2, 2, 1, 0, 1, 2])
    later_states, later_tokens = np.array([0, 0, 1, 2, 3, -1, 9]), np.array([2, 1, 0, 0, 1, 2, 0])
    #                  right, wrong, right, unseen, right, noise, unseen
    scores = decode_by_lookup(states, tokens, later_states, later_tokens)
    assert scores["accuracy"] == pytest.approx(3 / 7)
    assert scores["coverage"] == pytest.approx(4 / 7)
    assert scores["accuracy_seen"] == pytest.approx(3 / 4)
    assert scores["chance"] == pytest.approx(2 / 7)


def test_accuracy_is_coverage_times_accuracy_on_seen_states():
    rng = np.random.default_rng(0)
    for _ in range(20):
        states, later = rng.integers(-1, 30, 60), rng.integers(-1, 40, 50)
        tokens, later_tokens = rng.integers(3, size=60), rng.integers(3, size=50)
        scores = decode_by_lookup(states, tokens, later, later_tokens)
        assert scores["accuracy"] == pytest.approx(scores["coverage"] * scores["accuracy_seen"])


def test_nothing_remembered_decodes_nothing():
    noise, tokens = np.full(5, -1), np.arange(5)
    scores = decode_by_lookup(noise, tokens, noise, tokens)
    assert scores["accuracy"] == scores["coverage"] == 0
    assert np.isnan(scores["accuracy_seen"])


def test_the_rows_of_a_run():
    rng = np.random.default_rng(0)
    tokens = rng.integers(3, size=(20, 100))
    activity = np.eye(3)[tokens].astype(np.float32)
    train = np.arange(20) < 12
    rows = decoding_rows(activity, tokens, tokens.astype(int), train, 5, (100, 1000))
    assert [(row["states"], row["steps"]) for row in rows] == [
        ("strings", 100),
        ("strings", 1000),
        ("dictionary", 1200),
    ]
    assert all(row["accuracy"] == row["coverage"] == 1.0 for row in rows)
    blind = decoding_rows(
        np.zeros_like(activity), tokens, np.zeros_like(tokens), train, 5, (100, 1000)
    )
    assert all(row["accuracy"] == row["chance"] < 0.5 for row in blind)
