"""Automaton: any finite-state grammar, with the state entered as its parse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from chunkscope.grammars import Automaton


def arc(symbol: str, to: str, probability: float) -> dict[str, object]:
    return {"symbol": symbol, "to": to, "probability": probability}


@pytest.fixture
def reber() -> Automaton:
    """A grammar of the kind Reber (1967) taught, with long symbols and a common symbol."""
    return Automaton(
        states={
            "begin": [arc("go", "left", 0.5), arc("stop", "right", 0.5)],
            "left": [arc("s", "left", 0.6), arc("x", "end", 0.4)],
            "right": [arc("t", "right", 0.7), arc("x", "left", 0.3)],
            "end": [arc("e", "begin", 1.0)],
        },
        start="begin",
    )


def test_the_path_of_states_allows_every_token(reber: Automaton) -> None:
    corpus = reber.sample(np.random.default_rng(0), n=20, length=100)
    names = corpus.names["word"]
    for tokens, words in zip(corpus.tokens, corpus.labels["word"], strict=True):
        state = reber.start
        for token, word in zip(tokens, words, strict=True):
            way = [a for a in reber.states[state] if a.to == names[word]]
            assert corpus.symbols[token] in [a.symbol for a in way]
            state = names[word]


def test_units_begin_where_the_start_state_is_left(reber: Automaton) -> None:
    corpus = reber.sample(np.random.default_rng(0), n=20, length=100)
    begin = corpus.names["word"].index("begin")
    entered = corpus.labels["word"] == begin
    np.testing.assert_array_equal(corpus.labels["boundary"][:, 1:], entered[:, :-1])
    assert (corpus.labels["boundary"][:, 0] == 1).all()
    begins = np.isin(corpus.tokens, [corpus.symbols.index(s) for s in ("go", "stop")])
    np.testing.assert_array_equal(corpus.labels["boundary"], begins)
    np.testing.assert_array_equal(corpus.labels["position"] == 0, begins)


def test_given_boundary_states_replace_the_start(reber: Automaton) -> None:
    other = Automaton(**{**reber.model_dump(), "boundary": ["end"]})
    corpus = other.sample(np.random.default_rng(0), n=20, length=100)
    begins = corpus.tokens == corpus.symbols.index("e")
    np.testing.assert_array_equal(corpus.labels["boundary"][:, 1:], begins[:, 1:])
    assert (corpus.labels["boundary"][:, 0] == 1).all()


def test_a_state_that_symbols_reveal_is_the_parse_state(reber: Automaton) -> None:
    corpus = reber.sample(np.random.default_rng(0), n=20, length=100)
    assert set(corpus.names["state"]) == set(corpus.names["word"])
    states = np.array(corpus.names["state"])[corpus.labels["state"]]
    words = np.array(corpus.names["word"])[corpus.labels["word"]]
    np.testing.assert_array_equal(states, words)


def test_golden_mean_entropy_rate() -> None:
    """No two ones in a row: a fair choice in state A, which holds 2/3 of the time."""
    golden_mean = Automaton(
        states={"A": [arc("0", "A", 0.5), arc("1", "B", 0.5)], "B": [arc("0", "A", 1.0)]}, start="A"
    )
    corpus = golden_mean.sample(np.random.default_rng(0), n=200, length=500)
    assert "11" not in corpus.text(0)
    assert corpus.bayes_loss == pytest.approx(2 / 3 * np.log(2), rel=0.005)
    assert len(corpus.names["causal"]) == 2


def test_even_process_runs_of_ones_are_even() -> None:
    even = Automaton(
        states={"A": [arc("0", "A", 0.5), arc("1", "B", 0.5)], "B": [arc("1", "A", 1.0)]}, start="A"
    )
    corpus = even.sample(np.random.default_rng(0), n=1, length=2000)
    runs = corpus.text(0).strip("1").split("0")
    assert all(len(run) % 2 == 0 for run in runs)
    assert len(corpus.names["causal"]) == 2


def test_arcs_are_taken_with_their_probabilities(reber: Automaton) -> None:
    corpus = reber.sample(np.random.default_rng(1), n=50, length=400)
    left = corpus.labels["word"][:, :-1] == corpus.names["word"].index("left")
    stays = (corpus.tokens[:, 1:] == corpus.symbols.index("s"))[left]
    counts = [int(stays.sum()), int((~stays).sum())]
    assert chisquare(counts, np.array([0.6, 0.4]) * stays.size).pvalue > 1e-3


def test_equivalent_states_are_one_causal_state() -> None:
    doubled = Automaton(
        states={
            "A": [arc("0", "A", 0.5), arc("1", "B", 0.5)],
            "B": [arc("0", "C", 1.0)],
            "C": [arc("0", "A", 0.5), arc("1", "B", 0.5)],
        },
        start="A",
    )
    corpus = doubled.sample(np.random.default_rng(0), n=10, length=100)
    assert len(corpus.names["state"]) == 3
    assert len(corpus.names["causal"]) == 2
