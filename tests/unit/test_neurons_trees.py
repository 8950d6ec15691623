"""Decision trees that explain units: planted kinds and contexts, what they say, determinism."""

import numpy as np
import pytest

from chunkscope.neurons.controls import OWN, SHUFFLED, told
from chunkscope.neurons.excerpts import NOTHING, Activity, draw_sample
from chunkscope.neurons.explainers.grams import Grams
from chunkscope.neurons.explainers.trees import KINDS, Trees, kinds_of
from chunkscope.neurons.scores import pearson
from chunkscope.neurons.settings import DrawSettings

SYMBOLS = ["\u0120the", "\u0120A", "cat", "7", "12", "\u010a", "s", "Dog", "\u0120run", "ing"]
DIGIT, AFTER_CAPITAL, SYMBOL, EARLY, DEAD = range(5)


def activity(seed, sequences=300, time=32):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(len(SYMBOLS), size=(sequences, time)).astype(np.int32)
    capital = np.isin(tokens, [1, 7])
    values = np.zeros((*tokens.shape, 5), np.float32)
    values[..., DIGIT] = np.isin(tokens, [3, 4])
    values[:, 1:, AFTER_CAPITAL] = capital[:, :-1]
    values[..., SYMBOL] = 2.0 * (tokens == 2) + 0.5
    values[:, : time // 4, EARLY] = 1
    return Activity.cut(tokens, values, time)


@pytest.fixture(scope="module")
def explained():
    seen = draw_sample(activity(0), DrawSettings(random=200), np.random.default_rng(0))
    return seen, Trees.explain(seen, SYMBOLS, depth=3)


def test_kinds_are_told_by_the_symbols():
    of = {kind: [s for s in SYMBOLS if kinds_of(s)[at]] for at, kind in enumerate(KINDS)}
    assert of["begins a word"] == ["\u0120the", "\u0120A", "\u0120run"]
    assert of["has a capital"] == ["\u0120A", "Dog"]
    assert of["has a digit"] == ["7", "12"]
    assert of["breaks the line"] == ["\u010a"]
    assert "cat" in of["is letters alone"]
    assert "7" not in of["is letters alone"]
    assert of["is short"] == ["\u0120A", "7", "12", "\u010a", "s"]


def test_planted_units_are_explained(explained):
    _, trees = explained
    held_out = draw_sample(activity(1), DrawSettings(random=100), np.random.default_rng(1))
    found = pearson(held_out, trees.simulate(held_out.tokens))
    assert found[[DIGIT, AFTER_CAPITAL, SYMBOL, EARLY]].min() > 0.99
    assert np.isnan(found[DEAD])


def test_a_table_of_symbols_cannot_say_what_hangs_on_the_symbol_before(explained):
    seen, _ = explained
    held_out = draw_sample(activity(1), DrawSettings(random=100), np.random.default_rng(1))
    table = Grams.explain(seen, len(SYMBOLS), order=1)
    told = pearson(held_out, table.simulate(held_out.tokens))
    assert told[AFTER_CAPITAL] < 0.1
    assert told[DIGIT] > 0.99


def test_trees_say_what_they_ask(explained):
    _, trees = explained
    assert trees.sentence(DIGIT, SYMBOLS) == "most active (1.00) where the symbol has a digit"
    said = trees.sentence(AFTER_CAPITAL, SYMBOLS)
    assert said == "most active (1.00) where the symbol before has a capital"
    tree = trees.as_json(SYMBOL, SYMBOLS)
    assert tree["question"] == "the symbol is 'cat'"
    assert tree["yes"]["mean"] == pytest.approx(2.5)
    assert tree["no"]["mean"] == pytest.approx(0.5)
    assert trees.sentence(EARLY, SYMBOLS).startswith("most active (1.00) where not (it stands")
    assert trees.sentence(DEAD, SYMBOLS) == "most active (0.00) where anything stands"
    assert trees.lengths.tolist() == [1, 1, 1, 1, 0]


def test_shuffled_neither_symbols_nor_places_are_told(explained):
    seen, trees = explained
    held_out = draw_sample(activity(1), DrawSettings(random=200), np.random.default_rng(1))
    rng = np.random.default_rng(2)
    said = dict(told(trees, seen.tokens, held_out.tokens, len(SYMBOLS), rng))
    assert pearson(held_out, said[OWN][1])[EARLY] > 0.99
    assert abs(pearson(held_out, said[SHUFFLED][1])[EARLY]) < 0.1


def test_clipped_symbols_answer_no_question():
    settings = DrawSettings(top=20, random=20, clipped=10)
    seen = draw_sample(activity(0), settings, np.random.default_rng(0))
    trees = Trees.explain(seen, SYMBOLS, depth=3)
    tokens = np.full((5, 1, 4), NOTHING, np.int32)
    tokens[:, 0, 2:] = 3
    said = trees.simulate(tokens)
    assert said[DIGIT, 0, 2] == pytest.approx(1)
    assert said[AFTER_CAPITAL, 0, 2] == pytest.approx(0)
