"""Context: equal or rotated words of different contexts, told apart by the true parse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from chunkscope.grammars import Context, Corpus


@pytest.fixture
def published() -> Context:
    """Draws of CDAB, AB, ABCD and E, each followed by one E."""
    return Context(contexts={"": {"CDAB": 0.1, "AB": 0.1, "ABCD": 0.1, "E": 0.7}}, separator="E")


@pytest.fixture
def rotations() -> Context:
    return Context(contexts={"P": {"ABC": 1}, "Q": {"BCA": 0.6, "CAB": 0.4}}, switch=0.25)


def respell(corpus: Corpus) -> np.ndarray:
    """The tokens that the labels ``word`` and ``position`` stand for; names are context:word."""
    units = [name.split(":")[-1] for name in corpus.names["word"]]
    spelt = np.vectorize(lambda word, position: corpus.symbols.index(units[word][position]))
    return spelt(corpus.labels["word"], corpus.labels["position"])


@pytest.mark.parametrize("name", ["published", "rotations"])
def test_word_and_position_regenerate_the_tokens(name: str, request: pytest.FixtureRequest) -> None:
    corpus = request.getfixturevalue(name).sample(np.random.default_rng(0), n=20, length=100)
    np.testing.assert_array_equal(respell(corpus), corpus.tokens)
    np.testing.assert_array_equal(corpus.labels["boundary"], corpus.labels["position"] == 0)


def test_separators_and_cues_are_units_of_depth_zero() -> None:
    grammar = Context(contexts={"PP": {"AB": 1}, "Q": {"AB": 1}}, switch=0.5, separator="..")
    corpus = grammar.sample(np.random.default_rng(0), n=20, length=100)
    assert corpus.names["word"] == ("PP:AB", "Q:AB", "..", "PP", "Q")
    np.testing.assert_array_equal(respell(corpus), corpus.tokens)
    np.testing.assert_array_equal(corpus.labels["depth"], corpus.labels["word"] < 2)


def test_equal_words_of_two_contexts_are_two_words() -> None:
    grammar = Context(contexts={"P": {"AB": 1}, "Q": {"AB": 0.5, "AC": 0.5}}, switch=0.2)
    corpus = grammar.sample(np.random.default_rng(0), n=20, length=100)
    for sequence in range(20):
        context = None
        for t, symbol in enumerate(corpus.text(sequence)):
            context = "PQ".find(symbol) if symbol in "PQ" else context
            assert corpus.labels["context"][sequence, t] == context
    in_word = corpus.labels["word"] < 3
    owner = np.array([0, 1, 1])[corpus.labels["word"][in_word]]
    np.testing.assert_array_equal(owner, corpus.labels["context"][in_word])


def test_published_corpus_has_nine_parse_states_and_two_kinds_of_noise(published: Context) -> None:
    """Prefixes A AB ABC ABCD C CD CDA CDAB and E; E as a word forces another E, E after it not."""
    corpus = published.sample(np.random.default_rng(0), n=20, length=500)
    assert len(corpus.names["state"]) == 8 + 1
    noise = corpus.tokens == corpus.symbols.index("E")
    following = corpus.next_distribution[noise][:, corpus.symbols.index("E")]
    np.testing.assert_allclose(np.unique(np.round(following, 6)), [0.7, 1.0])
    assert len(np.unique(corpus.labels["causal"][noise])) == 2


def test_words_with_one_future_share_a_causal_state_only_within_a_context() -> None:
    grammar = Context(
        contexts={"P": {"AX": 0.5, "BX": 0.5}, "Q": {"AX": 0.7, "BY": 0.3}}, switch=0.2
    )
    corpus = grammar.sample(np.random.default_rng(0), n=20, length=200)
    pairs = set(zip(corpus.labels["state"].ravel(), corpus.labels["causal"].ravel(), strict=True))
    causal_of = {corpus.names["state"][state]: causal for state, causal in pairs}
    assert causal_of["P:A·"] == causal_of["P:B·"]
    assert causal_of["Q:A·"] != causal_of["Q:B·"]
    assert causal_of["P:A·"] != causal_of["Q:A·"]


def test_contexts_switch_as_often_as_they_should(rotations: Context) -> None:
    corpus = rotations.sample(np.random.default_rng(2), n=100, length=200)
    word, boundary = corpus.labels["word"], corpus.labels["boundary"]
    ends = boundary[:, 1:].astype(bool) & (word[:, :-1] < 3)
    left = int((word[:, 1:][ends] >= 3).sum())
    total = int(ends.sum())
    assert chisquare([left, total - left], [0.25 * total, 0.75 * total]).pvalue > 1e-3


def test_every_context_is_as_likely_to_open_a_sequence(rotations: Context) -> None:
    corpus = rotations.sample(np.random.default_rng(2), n=1000, length=1)
    assert chisquare(np.bincount(corpus.labels["context"][:, 0])).pvalue > 1e-3
