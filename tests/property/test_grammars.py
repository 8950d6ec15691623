"""Grammars: what must hold for any vocabulary and any hidden Markov process.

Processes are observed for a few steps only: beliefs that converge for ever come nearer to each
other than the observer's resolution, and there any equivalence is a matter of rounding.
"""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chunkscope.grammars import Observer, Process, Words

words_of_abc = st.lists(st.text("ABC", min_size=1, max_size=4), min_size=1, max_size=5, unique=True)
weights = st.integers(1, 9)
gaps = st.one_of(
    st.builds(lambda p: {"kind": "geometric", "p": p}, st.floats(0.1, 0.9)),
    st.builds(lambda k: {"kind": "fixed", "count": k}, st.integers(1, 3)),
    st.builds(
        lambda low, more: {"kind": "uniform", "low": low, "high": low + more},
        st.integers(0, 2),
        st.integers(1, 3),
    ),
)


@st.composite
def distributions(draw: st.DrawFn, keys: list[str]) -> dict[str, float]:
    parts = np.array(draw(st.lists(weights, min_size=len(keys), max_size=len(keys))), float)
    return dict(zip(keys, (parts / parts.sum()).tolist(), strict=True))


@st.composite
def grammars(draw: st.DrawFn) -> Words:
    """Any vocabulary over A, B, C with fillers E and F that can be parsed."""
    try:
        return Words(
            vocabulary=draw(distributions(draw(words_of_abc))),
            filler=draw(distributions(draw(st.sampled_from([["E"], ["E", "F"]])))),
            gap=draw(gaps),
        )
    except ValidationError as error:
        assume("shadowed" not in str(error))
        raise


@st.composite
def processes(draw: st.DrawFn) -> Process:
    """Up to three hidden states and two symbols, with coincidences likely."""
    n = draw(st.integers(1, 3))
    rows = st.lists(st.integers(0, 2), min_size=2 * n, max_size=2 * n).filter(any)
    parts = np.array(draw(st.lists(rows, min_size=n, max_size=n)), float).reshape(n, 2, n)
    transitions = (parts / parts.sum(axis=(1, 2), keepdims=True)).transpose(1, 0, 2)
    state = np.arange(n, dtype=np.int32)
    names = tuple(map(str, range(n)))
    return Process(("a", "b"), transitions, np.eye(n)[0], {"word": state}, state, names, names)


def futures(process: Process, past: tuple[int, ...], length: int) -> np.ndarray:
    """P(every word of this length | past), by summing over hidden paths."""
    chances = {}
    for word in itertools.product((0, 1), repeat=len(past) + length):
        if word[: len(past)] == past:
            chances[word] = sum(
                np.prod([process.initial[path[0]], *map(process.transitions.item, steps)])
                for path in itertools.product(range(process.n_states), repeat=len(word) + 1)
                for steps in [list(zip(word, path[:-1], path[1:], strict=True))]
            )
    joint = np.array(list(chances.values()))
    return joint / joint.sum()


@settings(max_examples=60, deadline=None)
@given(grammars(), st.integers(0, 2**32 - 1))
def test_parse_regenerates_the_tokens(grammar: Words, seed: int) -> None:
    corpus = grammar.sample(np.random.default_rng(seed), n=3, length=40)
    labels = corpus.labels
    for sequence, t in np.ndindex(corpus.tokens.shape):
        unit = corpus.names["word"][labels["word"][sequence, t]]
        assert corpus.text(sequence)[t] == unit[labels["position"][sequence, t]]
    assert (labels["boundary"][:, 0] == 1).all()
    np.testing.assert_array_equal(labels["boundary"], labels["position"] == 0)


@settings(max_examples=60, deadline=None)
@given(grammars(), st.integers(0, 2**32 - 1))
def test_next_distribution_is_one_and_allows_what_happens(grammar: Words, seed: int) -> None:
    corpus = grammar.sample(np.random.default_rng(seed), n=3, length=40)
    np.testing.assert_allclose(corpus.next_distribution.sum(axis=2), 1, atol=1e-6)
    assert np.isfinite(corpus.bayes_loss)
    assert 1 / len(corpus.symbols) <= corpus.bayes_accuracy + 1e-6 <= 1 + 2e-6


@settings(max_examples=60, deadline=None)
@given(grammars(), st.integers(0, 2**32 - 1))
def test_parse_state_is_the_trie_node_where_gaps_part_the_words(grammar: Words, seed: int) -> None:
    """Same id exactly where the text since the last filler is the same (fillers: the symbol)."""
    assume(grammar.gap.hazards()[0] == 0)
    corpus = grammar.sample(np.random.default_rng(seed), n=3, length=40)
    node_of: dict[int, str] = {}
    for sequence in range(3):
        node = ""
        for t, symbol in enumerate(corpus.text(sequence)):
            node = node + symbol if symbol in "ABC" and node not in ("E", "F") else symbol
            assert node_of.setdefault(int(corpus.labels["state"][sequence, t]), node) == node
    assert len(set(node_of.values())) == len(node_of)


@settings(max_examples=40, deadline=None)
@given(grammars(), st.integers(0, 2**32 - 1))
def test_observer_never_rules_out_the_truth(grammar: Words, seed: int) -> None:
    process = grammar.compile()
    tokens, states = process.sample(np.random.default_rng(seed), n=3, length=40)
    seen = Observer(process).observe(tokens)
    assert (seen.beliefs[seen.belief, states] > 0).all()
    np.testing.assert_allclose(seen.beliefs.sum(axis=1), 1, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(processes(), st.integers(0, 2**32 - 1))
def test_next_distribution_equals_the_sum_over_hidden_paths(process: Process, seed: int) -> None:
    tokens, _ = process.sample(np.random.default_rng(seed), n=1, length=4)
    seen = Observer(process).observe(tokens)
    for t in range(4):
        expected = futures(process, tuple(tokens[0, : t + 1].tolist()), 1)
        np.testing.assert_allclose(seen.next_distribution[0, t], expected, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(processes(), st.integers(0, 2**32 - 1))
def test_causal_states_are_the_classes_of_equal_futures(process: Process, seed: int) -> None:
    """Futures of n - 1 symbols decide whether all futures are equal, for n hidden states."""
    tokens, _ = process.sample(np.random.default_rng(seed), n=6, length=3)
    seen = Observer(process).observe(tokens)
    ids, expected = [], []
    for sequence, t in np.ndindex(tokens.shape):
        ids.append(seen.causal[sequence, t])
        expected.append(futures(process, tuple(tokens[sequence, : t + 1].tolist()), 2))
    distance = np.abs(np.array(expected)[:, None] - np.array(expected)[None]).max(axis=2)
    np.testing.assert_array_equal(np.equal.outer(ids, ids), distance < 1e-6)


@settings(max_examples=40, deadline=None)
@given(processes(), st.floats(0.1, 0.9), st.integers(0, 2**32 - 1))
def test_a_hidden_twin_changes_nothing_observable(
    process: Process, share: float, seed: int
) -> None:
    """State 0 split in two that do the same: the same futures, hence the same causal ids."""
    n = process.n_states
    merge = np.vstack([np.eye(n), np.eye(n)[:1]])
    spread = np.hstack([np.eye(n), np.zeros((n, 1))])
    spread[0, [0, n]] = share, 1 - share
    twin = Process(
        process.symbols,
        merge @ process.transitions @ spread,
        process.initial @ spread,
        process.annotations,
        np.append(process.hypothesis, 0),
        process.hypothesis_names,
        process.word_names,
    )
    tokens, _ = process.sample(np.random.default_rng(seed), n=20, length=6)
    one, two = Observer(process).observe(tokens), Observer(twin).observe(tokens)
    np.testing.assert_allclose(one.next_distribution, two.next_distribution, atol=1e-6)
    np.testing.assert_array_equal(one.causal, two.causal)
    np.testing.assert_array_equal(one.state, two.state)


@settings(max_examples=40, deadline=None)
@given(processes(), st.integers(0, 2**32 - 1))
def test_swapping_the_symbols_swaps_the_predictions(process: Process, seed: int) -> None:
    swapped = Process(
        process.symbols,
        process.transitions[::-1],
        process.initial,
        process.annotations,
        process.hypothesis,
        process.hypothesis_names,
        process.word_names,
    )
    tokens, _ = process.sample(np.random.default_rng(seed), n=20, length=6)
    one, two = Observer(process).observe(tokens), Observer(swapped).observe(1 - tokens)
    np.testing.assert_allclose(one.next_distribution, two.next_distribution[..., ::-1], atol=1e-6)
    for kind in ("state", "causal"):
        a, b = getattr(one, kind).ravel(), getattr(two, kind).ravel()
        assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == len(set(a.tolist()))
        assert len(set(a.tolist())) == len(set(b.tolist()))
