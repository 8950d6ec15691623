"""Letters: copies become one, states with another symbol or another future stay two."""

from __future__ import annotations

import numpy as np
import pytest
from chunks_examples import word_stream, words_corpus

from chunkscope.chunks.equivalence import lump_states


def together(letters: np.ndarray, *states: int) -> bool:
    return len(set(letters[list(states)].tolist())) == 1


def test_same_symbol_and_same_future_is_one_letter():
    tokens, states = word_stream(["XAC", "YAC"], 50, 30)
    letters = lump_states(states, tokens, 6)
    assert together(letters, 1, 4)  # A after X, A after Y
    assert together(letters, 2, 5)
    assert not together(letters, 0, 3)  # X and Y have one future, but are not one symbol
    assert letters.tolist() == [0, 1, 2, 3, 1, 2]


def test_same_symbol_and_another_future_are_two_letters():
    tokens, states = word_stream(["XAC", "YAD"], 50, 30)
    letters = lump_states(states, tokens, 6)
    assert not together(letters, 1, 4)  # A foretells C, A foretells D
    assert len(set(letters.tolist())) == 6


def test_another_future_two_steps_away_are_two_letters():
    tokens, states = word_stream(["XABC", "YABD"], 50, 30)
    letters = lump_states(states, tokens, 8)
    assert not together(letters, 1, 5)
    assert not together(letters, 2, 6)


def test_copies_of_a_state_are_one_letter():
    tokens, states = word_stream(["XAC", "YAD"], 50, 30)
    coin = np.random.default_rng(0).integers(2, size=states.shape)
    letters = lump_states(2 * states + coin, tokens, 12)
    assert letters.tolist() == np.repeat(np.arange(6), 2).tolist()


def test_a_run_of_states_without_a_say_is_one_letter():
    """Fillers counted by the network: they lead into one another, which the cost must see."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(80):
        row: list[int] = []
        while len(row) < 100:
            row += [0, 1, *np.minimum(2 + np.arange(rng.geometric(0.3)), 5)]
        rows.append(row[:100])
    states = np.array(rows)
    tokens = np.minimum(states, 2)
    assert lump_states(states, tokens, 6).tolist() == [0, 1, 2, 2, 2, 2]


def test_a_traced_filler_is_one_letter_and_words_stay_whole():
    corpus = words_corpus(n=100)
    tokens, states = corpus.tokens, corpus.labels["state"]
    before = np.c_[np.zeros((len(tokens), 1), int), tokens[:, :-1]]
    filler = np.isin(tokens, [corpus.symbols.index(symbol) for symbol in "xy"])
    traced = states * 2 + np.where(filler, before % 2, 0)  # what a network keeps for no purpose
    assert len(np.unique(traced[filler])) > len(np.unique(states[filler]))
    letters = lump_states(traced, tokens, int(traced.max()) + 1)
    for symbol in "xy":
        assert together(letters, *np.unique(traced[tokens == corpus.symbols.index(symbol)]))
    inside = traced[~filler]
    assert len(np.unique(letters[inside])) >= 8  # ABC, BDA and CCDB share no more than an end


def test_noise_stays_apart_and_states_that_never_occur_are_letters():
    tokens, states = word_stream(["XAC", "YAC"], 50, 30)
    noisy = np.where(np.random.default_rng(0).random(states.shape) < 0.1, -1, states)
    letters = lump_states(noisy, tokens, 8)
    assert letters.tolist() == [0, 1, 2, 3, 1, 2, 4, 5]


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_states_need_no_lumping(n):
    letters = lump_states(np.full((3, 4), n - 1), np.zeros((3, 4), int), n)
    assert letters.tolist() == list(range(n))
