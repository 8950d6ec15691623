"""The dictionary through training, on parses made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.reading import Parse
from chunkscope.chunks.tracing import (
    WORD_COLUMNS,
    first_appearance,
    trace_dictionary,
    trace_words,
)

# two words, 0 = two steps and 1 = three steps, one after the other
WORD = np.tile([0, 0, 1, 1, 1], (3, 8))
BOUNDARY = np.tile([1, 0, 1, 0, 0], (3, 8))
LABELS = {"word": WORD, "boundary": BOUNDARY}
TEST = np.array([False, True, True])


def stream_of(units: np.ndarray, boundary: np.ndarray, chunks: list[int]) -> Stream:
    return Stream(Parse(units, units, units, boundary.astype(bool)), np.array(chunks, dtype=int))


def test_the_true_parse_scores_one() -> None:
    scores = trace_dictionary(stream_of(WORD, BOUNDARY, [0, 1]), LABELS, TEST)
    assert scores["boundary_f1"] == scores["word_recall"] == scores["word_precision"] == 1
    assert (scores["states"], scores["chunks"]) == (2, 2)


def test_without_a_chunk_scores_are_not_estimable() -> None:
    scores = trace_dictionary(stream_of(WORD, BOUNDARY, []), LABELS, TEST)
    assert np.isnan(scores["word_recall"])
    assert scores["chunks"] == 0


def test_words_are_found_one_by_one() -> None:
    cut = np.tile([1, 0, 1, 0, 1], (3, 8))  # the second word falls apart
    rows = list(trace_words(stream_of(WORD, cut, [0, 1]), LABELS, TEST, ("AB", "CDE")))
    assert rows == [{"word": "AB", "found": True}, {"word": "CDE", "found": False}]


def test_a_corpus_of_single_symbols_has_no_word_that_could_appear() -> None:
    every = np.ones_like(BOUNDARY)
    labels = {"word": WORD, "boundary": every}
    rows = list(trace_words(stream_of(WORD, every, []), labels, TEST, ("A", "B")))
    assert rows == []
    found = first_appearance(pd.DataFrame(rows, columns=WORD_COLUMNS))
    assert list(found.columns) == ["seed", "word", "step"]
    assert found.empty


def test_a_word_appears_where_it_stays() -> None:
    steps = [0, 10, 20, 30]
    histories = {"comes": [0, 0, 1, 1], "flickers": [1, 0, 0, 1], "goes": [0, 1, 1, 0]}
    table = pd.DataFrame(
        [
            {"seed": 0, "step": step, "word": word, "found": bool(there)}
            for word, history in histories.items()
            for step, there in zip(steps, history, strict=True)
        ]
    )
    found = first_appearance(table.sample(frac=1, random_state=0)).set_index("word")["step"]
    assert found["comes"] == 20
    assert found["flickers"] == 30
    assert np.isnan(found["goes"])
