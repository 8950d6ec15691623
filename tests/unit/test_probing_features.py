"""Features: the questions of each kind, where they are asked, and which of them are common."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from chunkscope.errors import ProbingError
from chunkscope.grammars import Compounds, Context, Corpus, Text, Words
from chunkscope.probing.features import Feature, features_of
from chunkscope.probing.settings import FeatureSettings
from chunkscope.randomness import stream

ALL: dict[str, Any] = {"most": 1000, "prevalence": (0.0, 1.0)}


@pytest.fixture(scope="module")
def words() -> Corpus:
    grammar = Words(
        vocabulary={"ABC": 0.5, "AD": 0.3, "BA": 0.2},
        filler={"x": 0.5, "y": 0.5},
        gap={"kind": "geometric", "p": 0.5},
    )
    return grammar.sample(np.random.default_rng(0), n=40, length=30)


@pytest.fixture(scope="module")
def text() -> Corpus:
    return Text(tokenizer=300).split(partial(stream, 0, "text"), (60, 64), (30, 30, 64))[1]


def features(corpus: Corpus, counted: Any = None, **settings: Any) -> list[Feature]:
    chosen = FeatureSettings(**settings)
    return features_of(corpus.labels, corpus.names, corpus.tokens, corpus.symbols, chosen, counted)


def named(corpus: Corpus, kind: str) -> dict[str, Feature]:
    return {feature.name: feature for feature in features(corpus, kinds=[kind], **ALL)}


def test_every_kind_asks_what_it_says(words: Corpus) -> None:
    """Step by step, from the sequence as a string and the words that it is made of."""
    spelt = [words.text(sequence) for sequence in range(40)]
    unit = np.array(words.names["word"])[words.labels["word"]]
    inside = np.isin(unit, ["ABC", "AD", "BA"])
    symbols, upcoming = named(words, "symbol"), named(words, "upcoming")
    for symbol in "ABCDxy":
        here = np.array([[s == symbol for s in row] for row in spelt])
        np.testing.assert_array_equal(symbols[symbol].labels, here)
        np.testing.assert_array_equal(upcoming[symbol].labels[:, :-1], here[:, 1:])
        assert (upcoming[symbol].labels[:, -1] == -1).all()
    assert set(named(words, "word")) == {"ABC", "AD", "BA"}
    for name, feature in named(words, "word").items():
        np.testing.assert_array_equal(feature.labels, np.where(inside, unit == name, -1))
    assert set(named(words, "position")) == {"0", "1", "2"}
    for name, feature in named(words, "position").items():
        here = words.labels["position"] == int(name)
        np.testing.assert_array_equal(feature.labels, np.where(inside, here, -1))
    states = named(words, "state")
    assert set(states) == set(words.names["state"]) - {"x", "y", "ABC", "AD"}  # x, y, C and D
    for name, feature in states.items():
        here = np.array(words.names["state"])[words.labels["state"]] == name
        np.testing.assert_array_equal(feature.labels, here)


def test_two_values_are_one_question_whose_yes_is_the_rarer(words: Corpus) -> None:
    share = (words.labels["depth"] == 1).mean()
    (depth,) = named(words, "depth").values()
    assert depth.name == ("1" if share < 0.5 else "0")
    assert depth.prevalence() == pytest.approx(min(share, 1 - share))


def test_words_and_classes_of_text(text: Corpus) -> None:
    inside = text.labels["position"] >= 0
    for name, feature in named(text, "word").items():
        assert name != "(none)"
        value = text.names["word"].index(name)
        here = np.where(inside, text.labels["word"] == value, -1)
        np.testing.assert_array_equal(feature.labels, here)
    for kind in ("line_start", "doctest", "production"):
        (feature,) = named(text, kind).values()
        assert feature.name == kind
        np.testing.assert_array_equal(feature.labels, text.labels[kind])
    topics = named(text, "topic")
    assert set(topics) == {"keyword", "symbol", "subject"}
    assert all(feature.per_sequence for feature in topics.values())
    assert not named(text, "line_start")["line_start"].per_sequence


def test_a_compound_is_asked_where_one_of_its_halves_stands() -> None:
    grammar = Compounds(pairs={"AB": "1", "CD": "2"}, filler={"x": 1.0})
    corpus = grammar.sample(np.random.default_rng(0), n=50, length=60)
    for pair, feature in named(corpus, "compound").items():
        assert feature.name == pair
        for sequence in range(50):
            row = corpus.text(sequence)
            for t, label in enumerate(feature.labels[sequence]):
                first, second = t > 0 and row[t - 1] == pair[0], row[t] == pair[1]
                expected = int(first and second) if first or second else -1
                assert label == expected
        assert 0.25 < feature.prevalence() < 0.4  # a third, as the grammar has it
    assert set(named(corpus, "compound")) == {"AB", "CD"}


def test_contexts_are_named_by_their_cues() -> None:
    grammar = Context(contexts={"P": {"AB": 1}, "Q": {"BA": 1}, "R": {"AA": 1}}, switch=0.1)
    corpus = grammar.sample(np.random.default_rng(0), n=50, length=60)
    assert set(named(corpus, "context")) == {"P", "Q", "R"}
    still = Context(contexts={"P": {"AB": 1}, "Q": {"BA": 1}, "R": {"AA": 1}})
    corpus = still.sample(np.random.default_rng(0), n=50, length=60)
    assert all(feature.per_sequence for feature in named(corpus, "context").values())


def test_the_first_steps_are_not_asked(words: Corpus) -> None:
    every = {(f.kind, f.value): f.labels for f in features(words, **ALL)}
    late = features(words, **ALL, skip=7)
    assert len(late) > 10
    for feature in late:
        assert (feature.labels[:, :7] == -1).all()
        np.testing.assert_array_equal(
            feature.labels[:, 7:], every[feature.kind, feature.value][:, 7:]
        )


def test_the_commonest_of_a_kind_within_the_range_are_taken(words: Corpus) -> None:
    every = sorted(named(words, "symbol").values(), key=lambda f: -f.prevalence())
    shares = [feature.prevalence() for feature in every]
    taken = features(words, kinds=["symbol"], most=2, prevalence=(0, 1))
    assert [feature.name for feature in taken] == [feature.name for feature in every[:2]]
    twice = features(words, kinds=["symbol", "symbol"], most=2, prevalence=(0, 1))
    assert [feature.name for feature in twice] == [feature.name for feature in taken]
    middle = (shares[3] - 1e-9, shares[1] + 1e-9)
    taken = features(words, kinds=["symbol"], most=9, prevalence=middle)
    assert [feature.name for feature in taken] == [feature.name for feature in every[1:4]]


def test_what_is_common_is_decided_by_the_counted_sequences_alone(words: Corpus) -> None:
    counted = np.arange(40) < 20
    altered = Corpus(
        words.tokens.copy(), words.symbols, {k: v.copy() for k, v in words.labels.items()},
        names=words.names,
    )  # fmt: skip
    altered.tokens[20:] = 0
    for labels in altered.labels.values():
        labels[20:] = 0
    settings = {"most": 2, "prevalence": (0.05, 0.5)}
    before, after = features(words, counted, **settings), features(altered, counted, **settings)
    assert [(f.kind, f.value) for f in before] == [(f.kind, f.value) for f in after]
    everywhere = features(altered, **settings)
    assert [(f.kind, f.value) for f in before] != [(f.kind, f.value) for f in everywhere]


def test_kinds_come_in_one_order_or_in_the_order_asked(words: Corpus) -> None:
    kinds = list(dict.fromkeys(feature.kind for feature in features(words, **ALL)))
    assert kinds == ["symbol", "upcoming", "word", "depth", "position", "state"]
    some = features(words, kinds=["state", "symbol"], **ALL)
    assert list(dict.fromkeys(feature.kind for feature in some)) == ["state", "symbol"]


def test_labels_of_your_own_are_asked_at_every_step(words: Corpus) -> None:
    parity = np.arange(words.tokens.size).reshape(words.tokens.shape) % 3 - 1
    own = Corpus(words.tokens, words.symbols, {"parity": parity, "word": parity})
    for kind in ("parity", "word"):
        found = {feature.value: feature.labels for feature in features(own, kinds=[kind], **ALL)}
        assert set(found) == {0, 1}  # a negative label is no value of its own
        for value, labels in found.items():
            np.testing.assert_array_equal(labels, parity == value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kinds": ["wrod"]}, "got 'wrod'; the store has symbol, .*; did you mean word?"),
        ({"kinds": ["doctest"]}, "got 'doctest'; the store has symbol, upcoming, word"),
        ({"kinds": ["symbol"], "prevalence": (0.9, 1.0)}, "no symbol of the store has both"),
        ({"prevalence": (0.9, 1.0)}, "no feature of the store has both answers and a prevalence"),
        ({"skip": 30}, "no feature of the store has both"),
    ],
)
def test_what_the_store_has_not_is_refused(
    words: Corpus, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ProbingError, match=sentence):
        features(words, **settings)


def test_one_value_only_is_no_feature(words: Corpus) -> None:
    alone = Corpus(np.zeros_like(words.tokens), words.symbols, {})
    with pytest.raises(ProbingError, match="no feature of the store has both answers"):
        features(alone, **ALL)


def test_labels_of_another_length_are_refused(words: Corpus) -> None:
    shorter = Corpus(words.tokens, words.symbols, {"word": words.labels["word"][:, 1:]})
    with pytest.raises(ProbingError, match=r"word: got shape \(40, 29\); must be \(40, 30\)"):
        features(shorter)


def test_names_of_fewer_values_than_there_are_are_refused(words: Corpus) -> None:
    fewer = Corpus(words.tokens, words.symbols, {"word": words.labels["word"]})
    with pytest.raises(ProbingError, match=r"word: got value 4 but names of 1 values; name every"):
        features_of(fewer.labels, {"word": ["AB"]}, fewer.tokens, fewer.symbols, FeatureSettings())
