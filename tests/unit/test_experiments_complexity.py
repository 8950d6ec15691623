"""The indirect measures of a string of states, on strings counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chunkscope.chunks.rounds import RoundMerger
from chunkscope.experiments.complexity import complexity, state_strings, symbol_windows


def string(text: str) -> np.ndarray:
    return np.array([ord(letter) for letter in text])


def measure(text: str, words: str | None = None, **settings: object) -> dict[str, float]:
    """Measures of a string; ``words`` has a capital wherever a true unit begins."""
    boundary = np.array([letter.isupper() for letter in words or text.upper()])
    return complexity(string(text), boundary, RoundMerger(**settings))


def test_a_string_without_a_common_pair_stays_as_it_is() -> None:
    found = measure("abcde" * 2)
    assert found["states"] == found["vocabulary"] == 5
    assert found["parse_length"] == 10
    assert found["vocabulary_used"] == 0


def test_a_repeated_word_becomes_one_unit() -> None:
    found = measure("abcd" * 20, "Abcd" * 20, rounds=2, top=3)
    # ab, bc and cd first; of ab and cd that leave no bc behind, abcd (20) and cdab (19) next
    assert found["states"] == 4
    assert found["vocabulary"] == 4 + 3 + 2
    assert found["parse_length"] == 20
    assert found["vocabulary_used"] == 1
    assert found["boundary_f1"] == 1
    assert found["boundary_f1_every_step"] == pytest.approx(2 * 19 / (19 + 79))


def test_used_means_more_than_five_times() -> None:
    assert measure("ab" * 5 + "c", min_count=100)["vocabulary_used"] == 0
    assert measure("ab" * 6 + "c", min_count=100)["vocabulary_used"] == 2


def test_measures_do_not_depend_on_what_states_are_called() -> None:
    states = np.random.default_rng(0).integers(4, size=300)
    boundary = np.ones(300)
    renamed = np.array([30, 7, 90, 11])[states]
    assert complexity(states, boundary, RoundMerger()) == complexity(
        renamed, boundary, RoundMerger()
    )


def test_more_structure_is_a_shorter_parse() -> None:
    rng = np.random.default_rng(0)
    free = rng.integers(6, size=600)
    words = np.array([[0, 1, 2], [3, 4, 5]])[rng.integers(2, size=200)].ravel()
    lengths = [
        complexity(states, np.ones(600), RoundMerger())["parse_length"] for states in (free, words)
    ]
    assert lengths[0] > 1.5 * lengths[1]


def test_state_strings_cut_every_unit_of_every_member_by_itself() -> None:
    first = np.repeat([[0.0, 0.0], [0.0, 9.0], [1.0, 0.0]], 4, axis=0)
    second = 1e3 * first[::-1]
    states = state_strings(np.stack([first, second]), 2)
    assert states.shape == (2, 12)
    for member in states:
        assert len(np.unique(member)) == 3
        assert (member.reshape(3, 4) == member.reshape(3, 4)[:, :1]).all()


def test_windows_are_the_last_symbols() -> None:
    tokens = np.array([[0, 1, 0, 1, 1, 0, 1, 0]])
    single, double = symbol_windows(tokens, 1)[0], symbol_windows(tokens, 2)[0]
    assert len(np.unique(single)) == 2
    assert len(np.unique(double)) == 1 + 3  # the beginning; then 01, 10, 11
    assert double[1] == double[3] == double[6] != double[4]
    later = np.random.default_rng(0).integers(5, size=(1, 4000))
    assert len(np.unique(symbol_windows(later, 3)[0, 2:])) == 5**3
