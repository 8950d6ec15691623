"""Tasks and prefixes: every input once, with its probability, its points and what is true of it."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from chunkscope.errors import GrammarError
from chunkscope.grammars import (
    Addition,
    Context,
    Corpus,
    Counting,
    Inputs,
    Task,
    Words,
    draw_prefixes,
    inputs_of,
    prefixes,
    recognise,
)
from chunkscope.randomness import stream

CHUNKS = Words(vocabulary={"ABCD": 0.3, "AEF": 0.3, "GH": 0.25, "N": 0.15})
SMALL = Counting(letters=3, distinct=2, most=2)


def texts(inputs: Inputs) -> list[str]:
    return [inputs.text(row) for row in range(len(inputs))]


def at_point(inputs: Inputs, point: str) -> list[str]:
    rows = np.arange(len(inputs))
    return [inputs.symbols[token] for token in inputs.tokens[rows, inputs.points[point]]]


def scored(inputs: Inputs) -> list[str]:
    return [
        "".join(inputs.symbols[token] for token in inputs.tokens[row, inputs.scored[row]])
        for row in range(len(inputs))
    ]


@pytest.mark.parametrize(
    ("enumerate_all", "count"),
    [
        (Counting().inputs, 328_536),
        (Addition().inputs, 810_000),
        (partial(prefixes, CHUNKS, 12), 8_405),
    ],
)
def test_enumerations_are_whole(enumerate_all: partial[Inputs], count: int) -> None:
    inputs = enumerate_all()
    assert len(inputs) == count
    assert len(np.unique(np.column_stack([inputs.tokens, inputs.length]), axis=0)) == count
    assert inputs.probability.sum() == pytest.approx(1, abs=1e-9)
    assert inputs.probability.min() > 0


@pytest.mark.parametrize("task", [Counting(), SMALL, Addition(), Addition(digits=2)])
def test_the_count_needs_no_enumeration(task: Task) -> None:
    assert task.count == len(task.inputs())


def test_strings_to_count_in_are_all_there_are() -> None:
    expected = {}
    for size in range(2, 5):
        for string in map("".join, product("abc", repeat=size)):
            counts = [string.count(letter) for letter in sorted(set(string))]
            if len(counts) == 2 and max(counts) <= 2:
                orders = factorial(size) / np.prod([factorial(count) for count in counts])
                for letter in set(string):
                    text = f"^{string}|{letter}:{string.count(letter)}$"
                    expected[text] = 1 / (3 * 2**2 * orders * 2)
    inputs = SMALL.inputs()
    assert dict(zip(texts(inputs), inputs.probability, strict=True)) == pytest.approx(expected)


def test_points_labels_and_answers_of_counting() -> None:
    inputs = SMALL.inputs()
    written = [text.strip("^$").split("|") for text in texts(inputs)]
    assert at_point(inputs, "target") == [after[0] for _, after in written]
    assert set(at_point(inputs, "colon")) == {":"}
    assert scored(inputs) == [after[-1] for _, after in written]
    labels = inputs.labels
    for row, (string, after) in enumerate(written):
        assert labels["count"][row] == string.count(after[0]) == int(after[-1])
        assert "abc"[labels["letter"][row]] == after[0]
        assert labels["length"][row] == len(string)


def test_points_labels_and_answers_of_addition() -> None:
    inputs = Addition().inputs().take(np.random.default_rng(0).integers(810_000, size=500))
    assert set(at_point(inputs, "equals")) == {"="}
    labels = {kind: values.tolist() for kind, values in inputs.labels.items()}
    for row, text in enumerate(texts(inputs)):
        question, answer = text.strip("^$").split("=")
        first, second = question.split("+")
        assert int(first) + int(second) == int(answer)
        assert scored(inputs)[row] == f"{answer}$"
        assert [labels[f"f{place}"][row] for place in (1, 2, 3)] == list(map(int, first))
        assert [labels[f"s{place}"][row] for place in (1, 2, 3)] == list(map(int, second))
        assert "".join(str(labels[f"t{place}"][row]) for place in range(4)) == answer.zfill(4)
        for place in (1, 2, 3):
            kept = int(first[place - 1 :]) + int(second[place - 1 :])
            assert labels[f"carry{place}"][row] == (kept >= 10 ** (4 - place))
        assert [at_point(inputs, f"a{at}")[row] for at in (1, 2, 3)] == list(answer[:3])


@pytest.mark.parametrize("task", [SMALL, Addition(digits=2)])
def test_draws_follow_the_probabilities(task: Task) -> None:
    every, n = task.inputs(), 200_000
    drawn = task.draw(np.random.default_rng(3), n)
    place = {text: row for row, text in enumerate(texts(every))}
    seen = np.bincount([place[text] for text in texts(drawn)], minlength=len(every))
    expected = n * every.probability
    chi2 = ((seen - expected) ** 2 / expected).sum()
    degrees = len(every) - 1
    assert abs(chi2 - degrees) < 4 * np.sqrt(2 * degrees)
    first = every.take(np.array([place[drawn.text(0)]]))
    for kind, values in drawn.labels.items():
        assert values[0] == first.labels[kind][0]
    assert drawn.probability[0] == first.probability[0]


@pytest.mark.parametrize(
    "grammar",
    [
        CHUNKS,
        Words(vocabulary={"AB": 0.5, "AC": 0.5}, filler={"x": 0.7, "y": 0.3},
              gap={"kind": "geometric", "p": 0.4}),
        Context(contexts={"x": {"AB": 0.5, "BA": 0.5}, "y": {"AA": 1.0}}, switch=0.3),
    ],
)  # fmt: skip
def test_prefixes_are_what_sequences_begin_with(grammar: Words) -> None:
    longest, n = 5, 40_000
    inputs = prefixes(grammar, longest)
    drawn = grammar.sample(np.random.default_rng(0), n, longest)
    probability = dict(zip(texts(inputs), longest * inputs.probability, strict=True))
    state = dict(zip(texts(inputs), inputs.labels["state"].tolist(), strict=True))
    sequences = [drawn.text(row) for row in range(n)]
    for length in range(1, longest + 1):
        begun, seen = np.unique([text[:length] for text in sequences], return_counts=True)
        assert sum(p for text, p in probability.items() if len(text) == length) == pytest.approx(1)
        for text, count in zip(begun.tolist(), seen, strict=True):
            p = probability[text]
            assert abs(count / n - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-12
    for row in range(200):
        for length in range(1, longest + 1):
            label = drawn.labels["state"][row, length - 1]
            assert state[sequences[row][:length]] == label
    assert at_point(inputs, "last") == [text[-1] for text in texts(inputs)]


def split(task: Task, training: int, recording: tuple[int, int], length: int | None = None):
    length = length or task.longest
    return task.split(partial(stream, 0), (training, length), (*recording, length))


def test_nothing_recorded_was_trained_on() -> None:
    training, recording = split(SMALL, 20, (3, 4))
    assert training.tokens.shape == (20, SMALL.longest)
    assert recording.tokens.shape == (7, SMALL.longest)
    trained = {training.text(row) for row in range(20)}
    assert not trained & {recording.text(row) for row in range(7)}
    assert recording.labels["count"].shape == recording.tokens.shape


def test_what_is_scored_is_kept_in_the_file(tmp_path: Path) -> None:
    training, _ = split(SMALL, 20, (3, 4))
    training.save(tmp_path / "corpus.npz")
    loaded = Corpus.load(tmp_path / "corpus.npz")
    np.testing.assert_array_equal(loaded.scored, training.scored)
    assert loaded.scored.sum() == 20


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(GrammarError, match="got sequences of 9 symbols; must be 10, the length"):
        split(SMALL, 20, (3, 4), length=9)
    with pytest.raises(GrammarError, match=r"leave 0 of 140 drawn inputs to record; must be 7"):
        split(SMALL, 5000, (3, 4))
    with pytest.raises(GrammarError, match=r"5,838,873,891,084,000 inputs .* or sample"):
        Counting(letters=26, most=9).inputs()
    with pytest.raises(GrammarError, match="at most 2,000,000 are enumerated"):
        prefixes(Words(vocabulary=dict.fromkeys("ABCDEFGH", 0.125)), 12)
    with pytest.raises(GrammarError, match="must be at least 1"):
        prefixes(CHUNKS, 0)
    with pytest.raises(ValidationError, match="must be at most 2, the letters that there are"):
        Counting(letters=2)


SOURCES = (SMALL, Addition(digits=2), CHUNKS)


def every_input(source: Task | Words) -> Inputs:
    return inputs_of(source, 8, 1_000_000, 1, np.random.default_rng(0))


@pytest.mark.parametrize("source", SOURCES)
def test_inputs_are_recognised_as_what_they_are(source: Task | Words) -> None:
    inputs = every_input(source)
    valid, found = recognise(source, inputs.tokens, inputs.length)
    assert valid.all()
    np.testing.assert_allclose(found.probability, inputs.probability)
    for part in ("points", "labels"):
        for name, values in getattr(inputs, part).items():
            np.testing.assert_array_equal(getattr(found, part)[name], values)


@pytest.mark.parametrize("source", SOURCES)
def test_what_differs_in_a_symbol_is_another_input_or_none(source: Task | Words) -> None:
    inputs, rng = every_input(source), np.random.default_rng(1)
    known = {(row.tobytes(), n) for row, n in zip(inputs.tokens, inputs.length, strict=True)}
    rows = rng.integers(len(inputs), size=3000)
    tokens, length = inputs.tokens[rows].copy(), inputs.length[rows].copy()
    at = rng.integers(length)
    tokens[np.arange(3000), at] = rng.integers(len(inputs.symbols), size=3000)
    cut = rng.random(3000) < 0.2
    length[cut] = rng.integers(1, length[cut] + 1)
    tokens[np.arange(tokens.shape[1]) >= length[:, None]] = 0
    valid, _ = recognise(source, tokens, length)
    expected = [(row.tobytes(), n) in known for row, n in zip(tokens, length, strict=True)]
    np.testing.assert_array_equal(valid, expected)
    assert 0.01 < valid.mean() < 0.99


@pytest.mark.parametrize("source", SOURCES)
def test_a_sample_is_drawn_where_there_are_too_many(source: Task | Words) -> None:
    every = every_input(source)
    drawn = inputs_of(source, 8, len(every) - 1, 20_000, np.random.default_rng(0))
    assert every.drawn is None
    assert drawn.drawn is not None
    assert drawn.drawn.sum() == 20_000
    np.testing.assert_allclose(drawn.weight, drawn.drawn / 20_000)
    index = {
        row.tobytes() + bytes([n]): at
        for at, (row, n) in enumerate(zip(every.tokens, every.length, strict=True))
    }
    rows = [
        index[row.tobytes() + bytes([n])] for row, n in zip(drawn.tokens, drawn.length, strict=True)
    ]
    assert len(set(rows)) == len(rows)
    np.testing.assert_allclose(drawn.probability, every.probability[rows], rtol=1e-6)
    seen = np.zeros(len(every))
    seen[rows] = drawn.weight
    error = np.sqrt(every.probability * (1 - every.probability) / 20_000)
    assert (np.abs(seen - every.probability) < 5 * error + 3 / 20_000).all()


def test_prefixes_that_are_drawn_are_read_as_those_that_are_enumerated() -> None:
    every, drawn = prefixes(CHUNKS, 6), draw_prefixes(CHUNKS, 6, np.random.default_rng(0), 500)
    state = {every.text(row): every.labels["state"][row] for row in range(len(every))}
    assert [state[drawn.text(row)] for row in range(500)] == drawn.labels["state"].tolist()


def test_inputs_come_back_from_disk(tmp_path: Path) -> None:
    inputs = SMALL.inputs()
    inputs.save(tmp_path / "inputs.npz")
    found = Inputs.load(tmp_path / "inputs.npz")
    assert (found.symbols, found.drawn) == (inputs.symbols, inputs.drawn)
    for name in ("tokens", "length", "probability", "scored"):
        np.testing.assert_array_equal(getattr(found, name), getattr(inputs, name))
    for part in ("points", "labels"):
        assert list(getattr(found, part)) == list(getattr(inputs, part))
        for name, values in getattr(inputs, part).items():
            np.testing.assert_array_equal(getattr(found, part)[name], values)
    (tmp_path / "inputs.npz").write_bytes(b"PK")
    with pytest.raises(GrammarError, match="not whole inputs"):
        Inputs.load(tmp_path / "inputs.npz")
