"""Hierarchy: composed words, their trees, and draws that follow their probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from chunkscope.grammars import Hierarchy
from chunkscope.grammars.hierarchy import leaf_depths, spelling


def test_every_composition_joins_two_earlier_words() -> None:
    grammar = Hierarchy(level=20, composition_seed=3)
    assert grammar.words[:4] == ("A", "B", "C", "D")
    for made, tree in enumerate(grammar.trees[4:], start=4):
        assert all(part in grammar.trees[:made] for part in tree)
    assert len(set(grammar.words)) == 24


def test_a_lower_level_begins_a_higher_one() -> None:
    high, low = Hierarchy(level=10).words, Hierarchy(level=4).words
    assert high[: len(low)] == low
    assert Hierarchy(level=10, composition_seed=1).words != high


def test_words_stay_within_their_longest_length() -> None:
    words = Hierarchy(symbols="AB", level=12, max_length=3).words
    assert sorted(words) == sorted(
        {a + b + c for a in ("", "A", "B") for b in ("", "A", "B") for c in "AB"}
    )


def test_later_words_are_likelier_and_all_sum_to_what_the_filler_leaves() -> None:
    probabilities = Hierarchy(level=12, filler_probability=0.7).probabilities
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities.sum() == pytest.approx(0.3)


def test_leaf_depths_of_a_known_tree() -> None:
    tree = (("A", ("B", "C")), "D")
    assert spelling(tree) == "ABCD"
    assert leaf_depths(tree) == [3, 4, 4, 2]
    assert leaf_depths("A") == [1]


def test_labels_regenerate_the_tokens_and_carry_the_trees_depths() -> None:
    grammar = Hierarchy(level=15, filler_probability=0.3)
    corpus = grammar.sample(np.random.default_rng(0), n=10, length=200)
    units = [*grammar.words, "E"]
    depths = [*map(leaf_depths, grammar.trees), [0]]
    for token, word, position, depth in zip(
        corpus.tokens.ravel(),
        *(corpus.labels[kind].ravel() for kind in ("word", "position", "depth")),
        strict=True,
    ):
        assert corpus.symbols[token] == units[word][position]
        assert depth == depths[word][position]


def test_units_are_drawn_with_their_probabilities() -> None:
    grammar = Hierarchy(level=6, filler_probability=0.5)
    corpus = grammar.sample(np.random.default_rng(1), n=20, length=1000)
    counts = np.bincount(corpus.labels["word"][corpus.labels["boundary"] == 1], minlength=11)
    expected = counts.sum() * np.append(grammar.probabilities, 0.5)
    assert chisquare(counts, expected).pvalue > 1e-3


def test_level_zero_is_memoryless() -> None:
    grammar = Hierarchy(level=0)
    corpus = grammar.sample(np.random.default_rng(0), n=2, length=300)
    expected = np.broadcast_to(np.append(grammar.probabilities, 0.8), (2, 300, 5))
    np.testing.assert_allclose(corpus.next_distribution, expected, atol=1e-6)
    assert len(corpus.names["causal"]) == 1
    assert len(corpus.names["state"]) == 5


def test_next_distribution_equals_the_enumeration_of_all_draws() -> None:
    grammar = Hierarchy(symbols="AB", level=5, filler_probability=0.2, composition_seed=2)
    units = dict(zip([*grammar.words, "E"], [*grammar.probabilities, 0.2], strict=True))

    def prefix_probability(text: str) -> float:
        if not text:
            return 1.0
        return sum(
            p * prefix_probability(text[len(unit) :])
            for unit, p in units.items()
            if text.startswith(unit) or unit.startswith(text)
        )

    corpus = grammar.sample(np.random.default_rng(0), n=5, length=10)
    for sequence in range(5):
        text = corpus.text(sequence)
        for t in range(9):
            past = prefix_probability(text[: t + 1])
            expected = [prefix_probability(text[: t + 1] + symbol) / past for symbol in "ABE"]
            np.testing.assert_allclose(corpus.next_distribution[sequence, t], expected, atol=1e-6)
