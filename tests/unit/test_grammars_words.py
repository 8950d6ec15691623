"""Words: closed forms of the published corpora, and enumeration of the draws themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import chisquare

from chunkscope.grammars import Corpus, Words
from chunkscope.grammars.gaps import FixedGap, GeometricGap, UniformGap


@pytest.fixture
def reflection() -> Words:
    """ABCD followed by 0 to 19 E."""
    return Words(
        vocabulary={"ABCD": 1}, filler={"E": 1}, gap={"kind": "uniform", "low": 0, "high": 19}
    )


@pytest.fixture
def compositional() -> Words:
    """Three words and E, each followed by 0 to 9 E."""
    return Words(
        vocabulary={"ABCD": 0.25, "GHI": 0.25, "JKLMN": 0.25, "E": 0.25},
        filler={"E": 1},
        gap={"kind": "uniform", "low": 0, "high": 9},
    )


def respell(corpus: Corpus) -> np.ndarray:
    """The tokens that the labels ``word`` and ``position`` stand for."""
    units = corpus.names["word"]
    spelt = np.vectorize(lambda word, position: corpus.symbols.index(units[word][position]))
    return spelt(corpus.labels["word"], corpus.labels["position"])


def stationary(transition: np.ndarray) -> np.ndarray:
    """The distribution that ``transition`` (from, to) leaves as it is."""
    n = len(transition)
    equations = np.vstack([transition.T - np.eye(n), np.ones(n)])
    return np.linalg.lstsq(equations, np.r_[np.zeros(n), 1.0], rcond=None)[0]


def prefix_probability(words: Words, chance: Callable[[int], float], text: str) -> float:
    """P(a sequence begins with ``text``), by enumerating words and gaps as they are drawn.

    ``chance(k)`` is the probability of a gap of k fillers.
    """

    def after_boundary(rest: str) -> float:
        total = 0.0
        for word, p in words.vocabulary.items():
            if word.startswith(rest):
                total += p
            elif rest.startswith(word):
                total += p * in_gap(rest[len(word) :])
        return total

    def in_gap(rest: str) -> float:
        total, filled = 0.0, 1.0
        for k in range(len(rest)):
            total += chance(k) * filled * after_boundary(rest[k:])
            filled *= words.filler.get(rest[k], 0.0)
        longer = 1 - sum(chance(k) for k in range(len(rest)))
        return total + longer * filled

    return after_boundary(text)


GAPS: list[tuple[dict[str, object], Callable[[int], float]]] = [
    ({"kind": "uniform", "low": 1, "high": 3}, lambda k: 1 / 3 if 1 <= k <= 3 else 0.0),
    ({"kind": "uniform", "low": 0, "high": 4}, lambda k: 0.2 if k <= 4 else 0.0),
    ({"kind": "geometric", "p": 0.4}, lambda k: 0.6**k * 0.4),
    ({"kind": "fixed", "count": 2}, lambda k: float(k == 2)),
]


@pytest.mark.parametrize(("gap", "chance"), GAPS)
@pytest.mark.parametrize(
    ("vocabulary", "filler"),
    [
        ({"AB": 0.5, "ABC": 0.2, "BD": 0.3}, {"E": 0.6, "F": 0.4}),
        ({"AB": 0.3, "E": 0.3, "BA": 0.4}, {"E": 1.0}),
        ({"EA": 0.5, "AE": 0.5}, {"E": 0.5, "F": 0.5}),
    ],
)
def test_next_distribution_equals_the_enumeration_of_all_draws(
    gap: dict[str, object],
    chance: Callable[[int], float],
    vocabulary: dict[str, float],
    filler: dict[str, float],
) -> None:
    words = Words(vocabulary=vocabulary, filler=filler, gap=gap)
    corpus = words.sample(np.random.default_rng(0), n=4, length=8)
    for sequence in range(4):
        text = corpus.text(sequence)
        for t in range(7):
            past = prefix_probability(words, chance, text[: t + 1])
            expected = [
                prefix_probability(words, chance, text[: t + 1] + symbol) / past
                for symbol in corpus.symbols
            ]
            np.testing.assert_allclose(corpus.next_distribution[sequence, t], expected, atol=1e-6)


@pytest.mark.parametrize("gap", [gap for gap, _ in GAPS])
def test_word_and_position_regenerate_the_tokens(gap: dict[str, object]) -> None:
    words = Words(
        vocabulary={"ABC": 0.5, "AD": 0.3, "E": 0.2}, filler={"E": 0.5, "F": 0.5}, gap=gap
    )
    corpus = words.sample(np.random.default_rng(1), n=10, length=100)
    np.testing.assert_array_equal(respell(corpus), corpus.tokens)
    np.testing.assert_array_equal(corpus.labels["boundary"], corpus.labels["position"] == 0)
    assert (corpus.labels["boundary"][:, 0] == 1).all()
    in_word = np.isin(corpus.tokens, [corpus.symbols.index(s) for s in "ABCD"])
    np.testing.assert_array_equal(corpus.labels["depth"], in_word)


def test_compositional_corpus_parses_back(compositional: Words) -> None:
    corpus = compositional.sample(np.random.default_rng(1), n=10, length=200)
    np.testing.assert_array_equal(respell(corpus), corpus.tokens)
    assert corpus.names["word"] == ("ABCD", "GHI", "JKLMN", "E")
    assert len(corpus.names["state"]) == 4 + 3 + 5 + 1


def test_chance_of_a_word_grows_as_the_uniform_gap_runs_out(reflection: Words) -> None:
    corpus = reflection.sample(np.random.default_rng(0), n=100, length=200)
    for sequence in range(100):
        fillers = 0
        for symbol, following in zip(
            corpus.text(sequence), corpus.next_distribution[sequence], strict=True
        ):
            fillers = fillers + 1 if symbol == "E" else 0
            if symbol in "DE":
                assert following[0] == pytest.approx(1 / (20 - fillers), abs=1e-6)


def test_best_accuracy_of_the_reflection_corpus(reflection: Words) -> None:
    """Per word 3 sure steps, then max(1, 19 - n) / 20 for n = 0..19, over 13.5 symbols on average.

    After n fillers, reached with probability (20 - n) / 20, the best guess is right with
    probability max(1, 19 - n) / (20 - n).
    """
    closed_form = (3 + sum(max(1, 19 - n) for n in range(20)) / 20) / 13.5
    process = reflection.compile()
    emission = process.transitions.sum(axis=2)  # states are known here: one belief each
    exact = stationary(process.transitions.sum(axis=0)) @ emission.max(axis=0)
    assert exact == pytest.approx(closed_form, abs=1e-12)
    corpus = reflection.sample(np.random.default_rng(0), n=200, length=1000)
    assert corpus.bayes_accuracy == pytest.approx(closed_form, abs=1e-3)


def test_best_loss_of_the_reflection_corpus_is_one_gap_per_word(reflection: Words) -> None:
    corpus = reflection.sample(np.random.default_rng(0), n=200, length=1000)
    assert corpus.bayes_loss == pytest.approx(np.log(20) / 13.5, rel=0.01)


def test_words_that_share_a_prefix_share_the_state_until_they_part() -> None:
    words = Words(
        vocabulary={"ABC": 0.5, "ABD": 0.5}, filler={"E": 1}, gap=FixedGap(kind="fixed", count=1)
    )
    corpus = words.sample(np.random.default_rng(0), n=1, length=400)
    assert corpus.names["state"] == ("A·", "AB·", "ABC", "ABD", "E")
    word, position = corpus.labels["word"], corpus.labels["position"]
    for p, shared in [(0, True), (1, True), (2, False)]:
        states = [set(corpus.labels["state"][(word == w) & (position == p)]) for w in (0, 1)]
        assert (states[0] == states[1]) is shared


def test_word_draws_follow_their_probabilities() -> None:
    words = Words(
        vocabulary={"ABC": 0.5, "ABD": 0.3, "CD": 0.2},
        filler={"E": 0.8, "F": 0.2},
        gap=GeometricGap(kind="geometric", p=0.5),
    )
    corpus = words.sample(np.random.default_rng(3), n=50, length=400)
    begun = corpus.labels["word"][corpus.labels["boundary"] == 1]
    counts = np.bincount(begun)
    assert chisquare(counts[:3], counts[:3].sum() * np.array([0.5, 0.3, 0.2])).pvalue > 1e-3
    assert chisquare(counts[3:], counts[3:].sum() * np.array([0.8, 0.2])).pvalue > 1e-3


def test_gap_lengths_follow_their_law(reflection: Words) -> None:
    corpus = reflection.sample(np.random.default_rng(3), n=1, length=20_000)
    gaps = [len(run) for run in corpus.text(0).split("ABCD")[1:-1]]
    counts = np.bincount(gaps, minlength=20)
    assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize(
    ("gap", "chance"),
    [
        (UniformGap(kind="uniform", low=2, high=5), [0, 0, 0.25, 0.25, 0.25, 0.25, 0]),
        (FixedGap(kind="fixed", count=3), [0, 0, 0, 1, 0, 0, 0]),
        (GeometricGap(kind="geometric", p=0.25), [0.25 * 0.75**k for k in range(7)]),
    ],
)
def test_hazards_multiply_back_to_the_law(
    gap: UniformGap | FixedGap | GeometricGap, chance: list[float]
) -> None:
    hazards = np.array(gap.hazards())
    hazard = hazards[np.minimum(np.arange(7), len(hazards) - 1)]
    survival = np.r_[1, np.cumprod(1 - hazard)[:-1]]
    np.testing.assert_allclose(survival * hazard, chance, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_no_n_gram_beats_the_bayes_loss(compositional: Words, order: int) -> None:
    corpus = compositional.sample(np.random.default_rng(7), n=200, length=200)
    n_symbols = len(corpus.symbols)
    tokens = corpus.tokens.astype(int)
    history = sum(tokens[:, i : 199 - order + 1 + i] * n_symbols**i for i in range(order))
    following = tokens[:, order:]
    counts = np.full((n_symbols**order, n_symbols), 0.1)
    np.add.at(counts, (history[:100], following[:100]), 1)
    fitted = -np.log(counts / counts.sum(axis=1, keepdims=True))[history[100:], following[100:]]
    true = np.take_along_axis(
        corpus.next_distribution[100:, order - 1 : -1], following[100:, :, None], 2
    )
    excess = (fitted + np.log(true[..., 0])).mean(axis=1)
    standard_error = excess.std(ddof=1) / 10
    assert excess.mean() > -3 * standard_error
    assert excess.mean() > 0.01  # a gap of up to 9 fillers is beyond three symbols of memory
