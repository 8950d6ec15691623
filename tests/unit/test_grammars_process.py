"""Process: only true probabilities are accepted, and sampling follows them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from chunkscope.errors import GrammarError
from chunkscope.grammars import Process
from chunkscope.grammars.process import steps_since_boundary


def process(transitions: np.ndarray, initial: np.ndarray) -> Process:
    """A process whose annotations nobody asks about."""
    zeros = np.zeros(len(initial), np.int32)
    symbols = tuple("ABCDEF"[: len(transitions)])
    return Process(symbols, transitions, initial, {"boundary": zeros}, zeros, ("h",), ("w",))


def random_transitions(seed: int, symbols: int, states: int) -> np.ndarray:
    """(symbol, from, to) drawn from a flat Dirichlet per state."""
    flat = np.random.default_rng(seed).dirichlet(np.ones(symbols * states), size=states)
    return flat.reshape(states, symbols, states).transpose(1, 0, 2)


def test_a_row_that_does_not_sum_to_one_is_named() -> None:
    transitions = random_transitions(0, 2, 3)
    transitions[:, 1] *= 0.9
    with pytest.raises(GrammarError, match=r"state 1 sum to 0\.9;"):
        process(transitions, np.eye(3)[0])


def test_the_initial_distribution_is_checked_too() -> None:
    with pytest.raises(GrammarError, match=r"the initial state sum to 1\.2"):
        process(random_transitions(0, 2, 3), np.full(3, 0.4))


def test_negative_probabilities_are_refused_though_they_sum_to_one() -> None:
    transitions = np.array([[[1.5]], [[-0.5]]])
    with pytest.raises(GrammarError, match="negative"):
        process(transitions, np.ones(1))


def test_sampled_steps_follow_the_transition_probabilities() -> None:
    transitions = random_transitions(1, 3, 4)
    hidden = process(transitions, np.full(4, 0.25))
    tokens, states = hidden.sample(np.random.default_rng(2), n=200, length=201)
    for state in range(4):
        here = states[:, :-1] == state
        counts = np.zeros((3, 4))
        np.add.at(counts, (tokens[:, 1:][here], states[:, 1:][here]), 1)
        expected = counts.sum() * transitions[:, state]
        assert chisquare(counts.ravel(), expected.ravel()).pvalue > 1e-3


def test_sampling_never_takes_an_impossible_edge() -> None:
    transitions = random_transitions(3, 2, 5)
    transitions[transitions < 0.1] = 0
    transitions /= transitions.sum(axis=(0, 2))[:, None]
    hidden = process(transitions, np.eye(5)[2])
    tokens, states = hidden.sample(np.random.default_rng(4), n=50, length=100)
    before = np.hstack([np.full((50, 1), 2), states[:, :-1]])
    assert (transitions[tokens, before, states] > 0).all()


def test_sequences_do_not_depend_on_how_long_the_others_run() -> None:
    hidden = process(random_transitions(5, 3, 3), np.eye(3)[0])
    short, _ = hidden.sample(np.random.default_rng(6), n=7, length=10)
    long, _ = hidden.sample(np.random.default_rng(6), n=7, length=20)
    np.testing.assert_array_equal(short, long[:, :10])


def test_many_symbols_get_a_wider_token_type() -> None:
    transitions = np.full((300, 1, 1), 1 / 300)
    hidden = Process(
        tuple(map(str, range(300))), transitions, np.ones(1), {}, np.zeros(1, int), ("h",), ("w",)
    )
    tokens, _ = hidden.sample(np.random.default_rng(0), n=1, length=2000)
    assert tokens.dtype == np.int16
    assert tokens.max() > 255


def test_steps_since_boundary_counts_from_the_last_one() -> None:
    boundary = np.array([[1, 0, 0, 1, 1, 0], [1, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(
        steps_since_boundary(boundary), [[0, 1, 2, 0, 0, 1], [0, 1, 2, 3, 4, 5]]
    )
