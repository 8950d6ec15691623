"""Ceilings: every history of a small grammar by enumeration, and no lookup is better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from chunkscope.errors import GrammarError, ProbingError
from chunkscope.grammars import Automaton, Compounds, Context, Grammar, Process, Text, Words
from chunkscope.probing.ceiling import DETERMINED, bayes_scores, with_positions
from chunkscope.probing.features import Feature, features_of
from chunkscope.probing.lookup import Lookup
from chunkscope.probing.settings import FeatureSettings

LENGTH = 5
EVERYTHING = FeatureSettings(most=1000, prevalence=(0, 1))

GRAMMARS: dict[str, Grammar] = {
    "words": Words(
        vocabulary={"ABC": 0.5, "AB": 0.3, "BA": 0.2},
        filler={"A": 0.4, "x": 0.6},
        gap={"kind": "geometric", "p": 0.5},
    ),
    "context": Context(
        contexts={"P": {"AB": 0.7, "BA": 0.3}, "Q": {"AB": 0.2, "BB": 0.8}}, switch=0.3
    ),
    "automaton": Automaton(
        start="s",
        boundary=["s", "a"],
        states={
            "s": [
                {"symbol": "x", "to": "a", "probability": 0.6},
                {"symbol": "x", "to": "b", "probability": 0.4},
            ],
            "a": [
                {"symbol": "y", "to": "s", "probability": 0.5},
                {"symbol": "x", "to": "a", "probability": 0.5},
            ],
            "b": [
                {"symbol": "y", "to": "b", "probability": 0.5},
                {"symbol": "x", "to": "s", "probability": 0.5},
            ],
        },
    ),
    "compounds": Compounds(pairs={"AB": "1", "CD": "2"}, filler={"x": 1}),
}

Steps = tuple[tuple[int, ...], tuple[int, ...]]  # symbols, hidden states


def paths(process: Process, length: int) -> Iterator[tuple[Steps, float]]:
    """Every way that ``length`` steps can go, with its probability."""

    def walk(symbols: tuple[int, ...], states: tuple[int, ...], p: float, state: int) -> Iterator:
        if len(symbols) == length:
            yield (symbols, states), p
            return
        for symbol, target in zip(*np.nonzero(process.transitions[:, state]), strict=True):
            step = process.transitions[symbol, state, target]
            yield from walk((*symbols, int(symbol)), (*states, int(target)), p * step, target)

    for start in np.flatnonzero(process.initial):
        yield from walk((), (), float(process.initial[start]), int(start))


def position(process: Process, states: tuple[int, ...]) -> int:
    begun = [at for at, state in enumerate(states) if process.annotations["boundary"][state]]
    return len(states) - 1 - begun[-1]


def truth(process: Process, feature: Feature) -> Callable[[Steps, int], int | None]:
    """Whether the feature is true of a way at a step; None where it is not asked."""

    def answer(way: Steps, t: int) -> int | None:
        symbols, states = way[0], way[1][: t + 1]
        if feature.kind == "upcoming":
            return int(symbols[t + 1] == feature.value)
        if feature.kind in ("word", "position") and not process.annotations["depth"][states[-1]]:
            return None
        if feature.kind == "position":
            return int(position(process, states) == feature.value)
        return int(process.annotations[feature.kind][states[-1]] == feature.value)

    return answer


@pytest.mark.parametrize("name", GRAMMARS)
def test_the_ceiling_is_that_of_all_histories(name: str) -> None:
    grammar = GRAMMARS[name]
    process = grammar.compile()
    corpus = grammar.sample(np.random.default_rng(0), n=40, length=LENGTH)
    ways = list(paths(process, LENGTH))
    assert sum(p for _, p in ways) == pytest.approx(1)
    features = features_of(corpus.labels, corpus.names, corpus.tokens, corpus.symbols, EVERYTHING)
    kinds = {feature.kind for feature in features} - {"symbol", "state"}
    assert {"word", "position", "upcoming"} <= kinds
    for feature in features:
        if feature.kind not in kinds:
            continue
        answer = truth(process, feature)
        yes: dict[tuple[int, ...], float] = defaultdict(float)
        asked: dict[tuple[int, ...], float] = defaultdict(float)
        for way, p in ways:
            for t in range(LENGTH - 1):
                said = answer(way, t)
                if said is not None:
                    yes[way[0][: t + 1]] += said * p
                    asked[way[0][: t + 1]] += p
        scores = bayes_scores(grammar, corpus.tokens, feature)
        assert scores is not None
        for row, given in zip(corpus.tokens.tolist(), scores, strict=True):
            for t in range(LENGTH - 1):
                history = tuple(row[: t + 1])
                if asked[history]:
                    assert given[t] == pytest.approx(yes[history] / asked[history], abs=1e-6)


def log_loss(labels: NDArray[np.integer], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(row,) nats."""
    return -np.log(np.where(labels == 1, scores, 1 - scores).clip(1e-12))


def best_f1(labels: NDArray[np.integer], scores: NDArray[np.float64]) -> float:
    precision, recall, _ = precision_recall_curve(labels, scores)
    return float((2 * precision * recall / np.maximum(precision + recall, 1e-12)).max())


@pytest.mark.parametrize("name", ["words", "context", "automaton"])
def test_no_lookup_beats_the_ceiling_on_fresh_sequences(name: str) -> None:
    """In log loss beyond three standard errors over sequences; nor in F1 by more than 0.02."""
    grammar = GRAMMARS[name]
    corpus = grammar.sample(np.random.default_rng(1), n=800, length=40)
    fit = np.arange(800) < 400
    features = features_of(
        corpus.labels, corpus.names, corpus.tokens, corpus.symbols, FeatureSettings(), fit
    )
    gains = []
    for feature in (f for f in features if f.kind not in DETERMINED):
        ceiling = bayes_scores(grammar, corpus.tokens, feature)
        assert ceiling is not None
        asked = ~fit[:, None] & (feature.labels >= 0)
        for m in (1, 2, 3, 6):
            lookup = Lookup(m).fit(corpus.tokens, feature.labels, fit).score(corpus.tokens)
            labels = feature.labels[asked]
            gap = np.zeros(corpus.tokens.shape)
            gap[asked] = log_loss(labels, lookup[asked]) - log_loss(labels, ceiling[asked])
            per_sequence = gap[~fit].sum(axis=1)
            error = per_sequence.std(ddof=1) / np.sqrt(len(per_sequence))
            assert per_sequence.mean() > -3 * error, (feature.kind, feature.name, m)
            assert best_f1(labels, ceiling[asked]) > best_f1(labels, lookup[asked]) - 0.02
            gains.append((m, per_sequence.mean() / 40))
    one = [gain for m, gain in gains if m == 1]
    assert max(one) > 0.05  # and where a step's past matters, one symbol is far below


def test_the_ceiling_is_calibrated() -> None:
    """Of the steps that it gives a probability, so large a share is true."""
    grammar = GRAMMARS["words"]
    corpus = grammar.sample(np.random.default_rng(2), n=500, length=60)
    (feature,) = [
        f
        for f in features_of(corpus.labels, corpus.names, corpus.tokens, corpus.symbols, EVERYTHING)
        if (f.kind, f.name) == ("word", "AB")
    ]
    scores = bayes_scores(grammar, corpus.tokens, feature)
    assert scores is not None
    asked = feature.labels >= 0
    found, at = np.unique(scores[asked].round(9), return_inverse=True)
    counts = np.bincount(at)
    shares = np.bincount(at, feature.labels[asked]) / counts
    common = counts > 200
    assert common.sum() >= 3
    margin = 4 * np.sqrt(found * (1 - found) / counts) + 1e-9
    np.testing.assert_array_less(np.abs(shares - found)[common], margin[common])


def test_positions_add_no_states_where_states_determine_them() -> None:
    for name, grammar in GRAMMARS.items():
        process = grammar.compile()
        counted = with_positions(process, 3)
        if name == "automaton":
            assert counted.n_states > process.n_states
        else:
            assert counted.n_states == process.n_states
        for tokens in ([0, 1], [1, 0], [0, 0], [1, 1]):
            assert likelihood(counted, tokens) == pytest.approx(likelihood(process, tokens))


def likelihood(process: Process, tokens: list[int]) -> float:
    belief = process.initial
    for token in tokens:
        belief = belief @ process.transitions[token]
    return float(belief.sum())


def test_what_the_symbols_determine_is_known_and_text_is_not() -> None:
    grammar = GRAMMARS["compounds"]
    corpus = grammar.sample(np.random.default_rng(0), n=20, length=30)
    for feature in features_of(
        corpus.labels, corpus.names, corpus.tokens, corpus.symbols, EVERYTHING
    ):
        if feature.kind in DETERMINED:
            scores = bayes_scores(grammar, corpus.tokens, feature)
            assert scores is not None
            asked = feature.labels >= 0
            np.testing.assert_allclose(scores[asked], feature.labels[asked], atol=1e-12)
        assert bayes_scores(Text(), corpus.tokens, feature) is None


def test_what_the_grammar_does_not_know_is_refused() -> None:
    grammar = GRAMMARS["words"]
    corpus = grammar.sample(np.random.default_rng(0), n=3, length=9)
    feature = Feature("topic", "keyword", 0, np.zeros(corpus.tokens.shape, np.int8))
    with pytest.raises(ProbingError, match="of kind 'topic'; the grammar knows symbol, upcoming"):
        bayes_scores(grammar, corpus.tokens, feature)
    word = Feature("word", "ABC", 0, np.zeros(corpus.tokens.shape, np.int8))
    with pytest.raises(GrammarError, match="cannot follow what came before"):
        bayes_scores(grammar, np.full_like(corpus.tokens, corpus.symbols.index("C")), word)
