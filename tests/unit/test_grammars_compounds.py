"""Compounds: a planted pair is balanced with its halves, and alone tells what follows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from chunkscope.grammars import Compounds, Corpus, GrammarSettings, Observer, Source

SETTINGS: dict[str, Any] = {
    "pairs": {"AB": "1", "CD": "23", "EF": "4"},
    "filler": {"x": 0.7, "y": 0.3},
}


@pytest.fixture(scope="module")
def grammar() -> Compounds:
    return Compounds(**SETTINGS)


@pytest.fixture(scope="module")
def corpus(grammar: Compounds) -> Corpus:
    return grammar.sample(np.random.default_rng(0), n=200, length=200)


def occurrences(corpus: Corpus, pair: str) -> tuple[int, int, int]:
    """How often a pair is whole, its first without its second, and its second without its first.

    Read off the text alone; the first and the last symbol of a sequence have only one neighbour.
    """
    counts = np.zeros(3, int)
    for sequence in range(len(corpus.tokens)):
        for before, after in pairwise(corpus.text(sequence)):
            first, second = before == pair[0], after == pair[1]
            counts += [first and second, first and not second, second and not first]
    return int(counts[0]), int(counts[1]), int(counts[2])


@pytest.mark.parametrize(("whole", "crossed"), [(1 / 3, 0.5), (0.2, 0.0), (0.5, 1.0)])
def test_a_pair_is_as_often_whole_as_was_asked_and_its_halves_equally_often(
    whole: float, crossed: float
) -> None:
    grammar = Compounds(**SETTINGS, whole=whole, crossed=crossed)
    corpus = grammar.sample(np.random.default_rng(1), n=100, length=200)
    for pair in grammar.pairs:
        counts = np.array(occurrences(corpus, pair))
        shares = np.array([whole, (1 - whole) / 2, (1 - whole) / 2])
        margin = 4 * np.sqrt(shares * (1 - shares) / counts.sum())
        np.testing.assert_array_less(np.abs(counts / counts.sum() - shares), margin)


def test_the_label_is_at_the_second_symbol_of_whole_pairs_and_nowhere_else(
    corpus: Corpus, grammar: Compounds
) -> None:
    names = corpus.names["compound"]
    assert names == ("AB", "CD", "EF", "none")
    for sequence in range(50):
        text = corpus.text(sequence)
        for t, value in enumerate(corpus.labels["compound"][sequence]):
            there = text[t - 1 : t + 1] if t else ""
            assert names[value] == (there if there in grammar.pairs else "none")


def test_what_follows_a_pair_follows_nothing_else(corpus: Corpus, grammar: Compounds) -> None:
    for sequence in range(50):
        text = corpus.text(sequence)
        for pair, outcome in grammar.pairs.items():
            assert text.count(outcome) == text.count(pair + outcome)
            assert text[:-2].count(pair) <= text.count(pair + outcome)


def test_a_broken_pair_is_crossed_as_often_as_was_asked() -> None:
    for crossed in (0.0, 0.25, 1.0):
        grammar = Compounds(**SETTINGS, crossed=crossed)
        corpus = grammar.sample(np.random.default_rng(2), n=100, length=200)
        after = [
            text[at + 1]
            for text in map(corpus.text, range(100))
            for at, symbol in enumerate(text[:-1])
            if symbol == "A"
        ]
        broken = [symbol for symbol in after if symbol != "B"]
        share = np.mean([symbol in "DF" for symbol in broken])
        assert abs(share - crossed) < 4 * np.sqrt(0.25 / len(broken))
        assert (share == crossed) or 0 < crossed < 1


def test_next_symbol_depends_on_the_conjunction_and_on_no_symbol_alone(grammar: Compounds) -> None:
    """After AB certainly 1; after the same B behind another symbol never."""
    symbols = grammar.compile().symbols
    token = {symbol: at for at, symbol in enumerate(symbols)}

    def following(text: str, symbol: str) -> float:
        tokens = np.array([[token[s] for s in text]])
        seen = Observer(grammar.compile()).observe(tokens)
        return float(seen.next_distribution[0, -1, token[symbol]])

    assert following("AB", "1") == 1
    assert following("B", "1") == following("AxB", "1") == following("CB", "1") == 0
    assert following("AB1x", "A") == following("CBx", "A") > 0
    # closed form: A begins a whole pair, a crossed one, or stands alone
    units = grammar.units
    begun = {unit: p for unit, p in units.items() if unit[0] == "A"}
    assert following("A", "B") == pytest.approx(begun["AB1"] / sum(begun.values()), abs=1e-6)
    assert following("A", "D") == pytest.approx(begun["AD"] / sum(begun.values()), abs=1e-6)


def test_units_are_one_distribution(grammar: Compounds) -> None:
    units = grammar.units
    assert sum(units.values()) == pytest.approx(1)
    assert list(units)[:3] == ["AB1", "CD23", "EF4"]
    assert len(units) == 3 + 6 + 6
    assert len(Compounds(**SETTINGS, crossed=0).units) == 3 + 6
    assert len(Compounds(**SETTINGS, crossed=1).units) == 3 + 6


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"pairs": {}}, "at least 1 item"),
        ({"pairs": {"ABC": "1"}}, "at most 2 characters"),
        ({"pairs": {"AA": "1", "BC": "2"}}, "'A' occurs 2 times among the symbols of the pairs"),
        ({"pairs": {"AB": "1", "CB": "2"}}, "'B' occurs 2 times among the symbols of the pairs"),
        ({"pairs": {"AB": "1", "CD": "1"}}, "'1' occurs 2 times among the outcomes"),
        ({"pairs": {"AB": "C", "CD": "1"}}, "'C' occurs 2 times among pairs, outcomes and filler"),
        ({"pairs": {"AB": "x", "CD": "1"}}, "'x' occurs 2 times among pairs, outcomes and filler"),
        ({"pairs": {"AB": "1"}}, "crossed is 0.5 but there is one pair; must be 0, or add one"),
        ({"filler": {}}, "got no filler; give at least one"),
        ({"gap": {"kind": "geometric", "p": 0.5}}, "the gap may be 0, .* give a longer one"),
        ({"whole": 1.0}, "less than 1"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Compounds(**{**SETTINGS, **changed})


def test_settings_survive_their_way(grammar: Compounds) -> None:
    adapter: TypeAdapter[Source] = TypeAdapter(GrammarSettings)
    assert adapter.validate_json(grammar.model_dump_json()) == grammar
