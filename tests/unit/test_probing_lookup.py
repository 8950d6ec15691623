"""The lookup: counts by hand, contexts that lean on shorter ones, no reading of the test."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from chunkscope.errors import ProbingError
from chunkscope.probing.lookup import Lookup

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(0, 4, (30, 12)).astype(np.uint8)
LABELS = RNG.integers(-1, 2, (30, 12))
FIT = np.arange(30) < 20


def naive(m: int, tokens: np.ndarray) -> np.ndarray:
    """The definition, context by context, with strings for contexts."""

    def context(row: np.ndarray, t: int, length: int) -> str:
        padded = "^" * length + "".join(map(str, row[: t + 1]))
        return padded[len(padded) - length :] if length else ""

    counts: Counter[tuple[int, str, int]] = Counter()
    for row, labels in zip(TOKENS[FIT], LABELS[FIT], strict=True):
        for t, label in enumerate(labels):
            for length in range(m + 1):
                if label >= 0:
                    counts[length, context(row, t, length), int(label)] += 1

    def estimate(row: np.ndarray, t: int, length: int) -> float:
        here = context(row, t, length)
        no, yes = counts[length, here, 0], counts[length, here, 1]
        prior = estimate(row, t, length - 1) if length else 0.5
        return (yes + prior) / (yes + no + 1)

    return np.array([[estimate(row, t, m) for t in range(len(row))] for row in tokens])


@pytest.mark.parametrize("m", [0, 1, 2, 3, 14])
def test_scores_are_those_of_the_definition(m: int) -> None:
    lookup = Lookup(m).fit(TOKENS, LABELS, FIT)
    np.testing.assert_allclose(lookup.score(TOKENS), naive(m, TOKENS), rtol=1e-12)
    fresh = RNG.integers(0, 9, (5, 7))  # with symbols that were never met
    np.testing.assert_allclose(lookup.score(fresh), naive(m, fresh), rtol=1e-12)


def test_a_function_of_the_last_two_symbols_needs_two() -> None:
    tokens = RNG.integers(0, 3, (200, 20))
    labels = np.zeros_like(tokens)
    labels[:, 1:] = (tokens[:, :-1] == 0) & (tokens[:, 1:] == 1)
    fit = np.arange(200) < 100
    tested, truth = tokens[~fit], labels[~fit] == 1
    one, two, three = (Lookup(m).fit(tokens, labels, fit).score(tested) for m in (1, 2, 3))
    assert 0.2 < one[truth].min() <= one[truth].max() < 0.5
    np.testing.assert_array_equal(two > 0.5, truth)
    np.testing.assert_array_equal(three > 0.5, truth)


def test_sequences_that_are_not_counted_and_steps_not_asked_change_nothing() -> None:
    lookup = Lookup(2).fit(TOKENS, LABELS, FIT)
    altered = LABELS.copy()
    altered[~FIT] = RNG.integers(0, 2, altered[~FIT].shape)
    again = Lookup(2).fit(TOKENS, altered, FIT)
    np.testing.assert_array_equal(lookup.score(TOKENS), again.score(TOKENS))
    altered = np.where(LABELS == -1, 1, LABELS)
    other = Lookup(2).fit(TOKENS, altered, FIT)
    assert (lookup.score(TOKENS) != other.score(TOKENS)).any()


def test_contexts_too_many_for_an_integer_are_kept_apart() -> None:
    """20 symbols out of 50,000 are more than 64 bits."""
    tokens = RNG.integers(0, 50_000, (10, 40))
    labels = (np.arange(40) % 2)[None].repeat(10, axis=0)
    lookup = Lookup(20).fit(tokens, labels, np.ones(10, bool))
    np.testing.assert_array_equal(lookup.score(tokens) > 0.5, labels == 1)


@pytest.mark.parametrize(
    ("m", "labels", "fit", "sentence"),
    [
        (-1, LABELS, FIT, "got -1 symbols; must be 0 or more"),
        (1, LABELS[:, 1:], FIT, r"got labels of shape \(30, 11\); must be \(30, 12\)"),
        (1, LABELS, ~FIT & FIT, "no step of these sequences is asked"),
        (1, np.full_like(LABELS, -1), FIT, "no step of these sequences is asked"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    m: int, labels: np.ndarray, fit: np.ndarray, sentence: str
) -> None:
    with pytest.raises(ProbingError, match=sentence):
        Lookup(m).fit(TOKENS, labels, fit)
