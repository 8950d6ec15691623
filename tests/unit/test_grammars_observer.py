"""Observer: beliefs, parse states and causal states against closed forms and enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chunkscope.errors import GrammarError
from chunkscope.grammars import Automaton, Hierarchy, Observer, Process, Words
from chunkscope.grammars.observer import number_rows, predictive_basis


@pytest.fixture
def simple_nonunifilar_source() -> Automaton:
    """Two states of which the symbol 0 tells less and less apart, and 1 tells everything."""
    half = {"probability": 0.5}
    return Automaton(
        states={
            "A": [{"symbol": "0", "to": "A", **half}, {"symbol": "0", "to": "B", **half}],
            "B": [{"symbol": "0", "to": "B", **half}, {"symbol": "1", "to": "A", **half}],
        },
        start="A",
    )


def word_probability(process: Process, word: tuple[int, ...]) -> float:
    """P(word) by walking every hidden path."""
    total = 0.0
    for path in itertools.product(range(process.n_states), repeat=len(word) + 1):
        p = process.initial[path[0]]
        for token, source, target in zip(word, path[:-1], path[1:], strict=True):
            p *= process.transitions[token, source, target]
        total += p
    return total


def test_next_distribution_equals_the_sum_over_hidden_paths(
    simple_nonunifilar_source: Automaton,
) -> None:
    process = simple_nonunifilar_source.compile()
    tokens = np.array([[0, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 1, 0, 1, 0]])
    seen = Observer(process).observe(tokens)
    for sequence, t in itertools.product(range(3), range(4)):
        past = tuple(tokens[sequence, : t + 1].tolist())
        expected = [
            word_probability(process, (*past, x)) / word_probability(process, past) for x in (0, 1)
        ]
        np.testing.assert_allclose(seen.next_distribution[sequence, t], expected, atol=1e-6)


def test_nonunifilar_source_has_its_closed_form(simple_nonunifilar_source: Automaton) -> None:
    """After a 1 and n zeros, B holds n of n + 1 equally likely pasts: P(1) = n / 2(n + 1)."""
    tokens = np.array([[0, 1, *[0] * 30]])
    seen = Observer(simple_nonunifilar_source.compile()).observe(tokens)
    n = np.arange(31)
    np.testing.assert_allclose(seen.next_distribution[0, 1:, 1], n / (2 * (n + 1)), atol=1e-7)
    assert len(set(seen.causal[0, 1:].tolist())) == 31


def test_a_long_history_keeps_its_precision(simple_nonunifilar_source: Automaton) -> None:
    tokens = np.array([[0, 1, *[0] * 2000]])
    seen = Observer(simple_nonunifilar_source.compile()).observe(tokens)
    np.testing.assert_allclose(seen.next_distribution[0, -1, 1], 2000 / 4002, atol=1e-7)


def test_uniform_gap_causal_states_count_fillers_and_parse_states_do_not() -> None:
    grammar = Words(
        vocabulary={"ABCD": 1}, filler={"E": 1}, gap={"kind": "uniform", "low": 0, "high": 19}
    )
    corpus = grammar.sample(np.random.default_rng(0), n=50, length=200)
    assert corpus.names["state"] == ("A·", "AB·", "ABC·", "ABCD", "E")
    noise = corpus.tokens == corpus.symbols.index("E")
    assert len(np.unique(corpus.labels["causal"][noise])) == 19
    assert len(corpus.names["causal"]) == 4 + 19


def test_geometric_gap_word_ends_and_noise_share_one_causal_state() -> None:
    grammar = Words(
        vocabulary={"ABC": 0.4, "ABD": 0.3, "FGHI": 0.3},
        filler={"E": 0.7, "X": 0.3},
        gap={"kind": "geometric", "p": 0.3},
    )
    corpus = grammar.sample(np.random.default_rng(0), n=50, length=200)
    ends = [corpus.names["state"].index(name) for name in ("ABC", "ABD", "FGHI", "E", "X")]
    at_end = np.isin(corpus.labels["state"], ends)
    assert len(np.unique(corpus.labels["causal"][at_end])) == 1
    assert set(corpus.labels["causal"][at_end]).isdisjoint(corpus.labels["causal"][~at_end])
    assert len(corpus.names["state"]) == 5 + len(["A", "AB", "F", "FG", "FGH"])
    assert len(corpus.names["causal"]) == 1 + 5


def test_states_of_a_finite_grammar_do_not_depend_on_the_sample() -> None:
    grammar = Words(vocabulary={"AB": 0.01, "CD": 0.99})
    few = grammar.sample(np.random.default_rng(0), n=1, length=6)
    many = grammar.sample(np.random.default_rng(1), n=100, length=100)
    assert "A" not in few.text(0)
    assert few.names == many.names
    for kind in ("state", "causal"):
        names = np.array(many.names[kind])
        assert names[few.labels[kind][few.tokens == many.symbols.index("C")]][0] == "C·"
        assert names[many.labels[kind][many.tokens == many.symbols.index("C")]][0] == "C·"


def test_endless_beliefs_are_numbered_densely_in_order_of_occurrence() -> None:
    corpus = Hierarchy(level=6, filler_probability=0.05).sample(np.random.default_rng(0), 4, 3000)
    assert len(corpus.names["state"]) > 1024
    for kind in ("state", "causal"):
        ids, first = np.unique(corpus.labels[kind].T.ravel(), return_index=True)
        assert ids.tolist() == list(range(len(corpus.names[kind])))
        met = first // 4  # sequences at one time come in symbol order
        assert (np.diff(met) >= 0).all()


def test_filtering_is_the_same_alone_or_among_others() -> None:
    process = Hierarchy(level=8).compile()
    tokens, _ = process.sample(np.random.default_rng(1), n=20, length=100)
    together = Observer(process).observe(tokens).next_distribution
    for sequence in (0, 7, 19):
        alone = Observer(process).observe(tokens[sequence : sequence + 1]).next_distribution
        np.testing.assert_allclose(together[sequence], alone[0], atol=1e-7)


def test_an_impossible_symbol_is_named_with_its_place() -> None:
    observer = Observer(Words(vocabulary={"ABC": 1}).compile())
    with pytest.raises(GrammarError, match="symbol 'A' at sequence 1, time 2 cannot follow"):
        observer.observe(np.array([[0, 1, 2], [0, 1, 0]]))


def test_a_token_outside_the_vocabulary_is_refused() -> None:
    observer = Observer(Words(vocabulary={"ABC": 1}).compile())
    with pytest.raises(GrammarError, match="from 0 to 3; must be 0 to 2"):
        observer.observe(np.array([[0, 1, 3]]))


def test_predictive_basis_spans_every_future_and_no_more() -> None:
    process = Words(
        vocabulary={"AB": 0.5, "CB": 0.5}, filler={"E": 1}, gap={"kind": "geometric", "p": 0.5}
    ).compile()
    basis = predictive_basis(process.transitions)
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-12)
    futures = []
    for word in itertools.product(range(4), repeat=3):
        future = np.ones(process.n_states)
        for token in reversed(word):
            future = process.transitions[token] @ future
        futures.append(future)
    stacked = np.array(futures).T
    np.testing.assert_allclose(basis @ (basis.T @ stacked), stacked, atol=1e-12)
    assert np.linalg.matrix_rank(stacked) == basis.shape[1]


def test_number_rows_joins_rows_that_rounding_would_part() -> None:
    edge = 0.5e-9
    rows = np.array([[0.3], [edge - 1e-15], [edge + 1e-15], [0.3 + 1e-13], [0.0], [0.4]])
    assert number_rows(rows).tolist() == [0, 1, 1, 0, 1, 2]


def test_number_rows_keeps_what_differs_apart() -> None:
    assert number_rows(np.array([[0.1, 0.2], [0.1, 0.2 + 1e-7], [0.1, 0.2]])).tolist() == [0, 1, 0]
