"""Hierarchy: composed words, their trees, and draws that follow their probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from chunkscope.grammars import Hierarchy
from chunkscope.grammars.hierarchy import leaf_depths, project, spelling


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


def frequencies(grammar: Hierarchy) -> np.ndarray:
    """How often each symbol is emitted, from the stationary distribution of the process."""
    process = grammar.compile()
    steps = process.transitions.sum(axis=0)
    balance = np.vstack([steps.T - np.eye(process.n_states), np.ones(process.n_states)])
    stationary = np.linalg.lstsq(balance, np.eye(process.n_states + 1)[-1], rcond=None)[0]
    return np.einsum("s,xst->x", stationary, process.transitions)


@pytest.mark.parametrize("level", [0, 1, 7, 20, 35])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_balanced_symbols_are_equally_frequent_at_every_level(level: int, share: float) -> None:
    grammar = Hierarchy(
        level=level, frequencies="balanced", filler_probability=share, composition_seed=level
    )
    expected = [(1 - share) / 4] * 4 + [share]
    np.testing.assert_allclose(frequencies(grammar), expected, atol=1e-12)
    assert (grammar.probabilities > 0).all()


def test_as_published_the_fillers_share_of_symbols_falls_with_the_level() -> None:
    shares = [frequencies(Hierarchy(level=level))[-1] for level in (0, 10, 35)]
    assert shares[0] == pytest.approx(0.8)
    assert shares[0] > shares[1] + 0.1 > shares[2] + 0.2


def test_both_versions_draw_from_the_same_words() -> None:
    published, balanced = (Hierarchy(level=9, frequencies=f) for f in ("published", "balanced"))
    assert published.words == balanced.words
    assert not np.allclose(published.probabilities, balanced.probabilities)


def test_the_projection_is_the_nearest_distribution_that_meets_the_constraint() -> None:
    rng = np.random.default_rng(0)
    prior, features = rng.dirichlet(np.ones(7)), rng.normal(size=(7, 2))
    found = project(prior, features)
    np.testing.assert_allclose(found @ features, 0, atol=1e-12)
    assert found.sum() == pytest.approx(1)

    def distance(p: np.ndarray) -> float:
        return float((p * np.log(p / prior)).sum())

    feasible = np.linalg.svd(np.vstack([features.T, np.ones(7)]))[2][3:]
    for direction in rng.normal(size=(200, 4)) @ feasible:
        other = found + 0.01 * found.min() * direction
        np.testing.assert_allclose(other @ features, 0, atol=1e-12)
        assert distance(other) > distance(found)


def test_a_prior_that_meets_the_constraint_is_its_own_projection() -> None:
    prior = np.array([0.4, 0.1, 0.4, 0.1])
    features = np.array([[1.0], [0.0], [-1.0], [0.0]])
    np.testing.assert_allclose(project(prior, features), prior, atol=1e-15)


def test_symbols_at_their_largest_entropy_rate_are_independent() -> None:
    """With balanced frequencies, words cost entropy: the rate is that of the frequencies alone
    where there are only single symbols, and less wherever there are words."""
    rng = np.random.default_rng(0)
    letters, words = (
        Hierarchy(level=level, frequencies="balanced", filler_probability=0.5) for level in (0, 8)
    )
    zero_order = -(0.5 * np.log(0.5) + 0.5 * np.log(0.125))
    assert letters.sample(rng, 4, 3000).bayes_loss == pytest.approx(zero_order, abs=0.02)
    assert words.sample(rng, 4, 3000).bayes_loss < zero_order - 0.1
