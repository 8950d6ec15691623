"""Corpus: what a perfect predictor scores, and files that come back whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chunkscope.errors import GrammarError
from chunkscope.grammars import Context, Corpus, Words


def coin(tokens: list[list[int]], heads: float) -> Corpus:
    """A memoryless corpus of two symbols."""
    array = np.array(tokens, np.uint8)
    following = np.broadcast_to(np.float32([heads, 1 - heads]), (*array.shape, 2))
    return Corpus(array, ("H", "T"), {"word": array.astype(np.int32)}, following.copy())


@pytest.fixture
def corpus() -> Corpus:
    grammar = Context(contexts={"P": {"ABC": 1}, "Q": {"BCA": 0.5, "BD": 0.5}}, switch=0.3)
    return grammar.sample(np.random.default_rng(5), n=3, length=50)


def test_bayes_loss_is_the_mean_surprise_of_the_steps_that_follow() -> None:
    corpus = coin([[1, 0, 1], [0, 0, 0]], heads=0.8)
    assert corpus.bayes_loss == pytest.approx(-(3 * np.log(0.8) + np.log(0.2)) / 4, rel=1e-6)


def test_bayes_accuracy_ignores_which_symbols_came_out() -> None:
    assert coin([[1, 1, 1]], heads=0.8).bayes_accuracy == pytest.approx(0.8)


def test_bayes_accuracy_leaves_out_the_last_step() -> None:
    corpus = coin([[0, 1, 1]], heads=0.8)
    corpus.next_distribution[0] = [[0.9, 0.1], [0.3, 0.7], [0.5, 0.5]]
    assert corpus.bayes_accuracy == pytest.approx(0.8)


def test_text_joins_single_characters_and_spaces_longer_symbols() -> None:
    corpus = coin([[0, 1]], heads=0.5)
    assert corpus.text(0) == "HT"
    spelt = Corpus(corpus.tokens, ("go", "stop"), corpus.labels, corpus.next_distribution)
    assert spelt.text(0) == "go stop"


def test_save_and_load_return_the_same_corpus_and_the_same_bytes(
    corpus: Corpus, tmp_path: Path
) -> None:
    corpus.save(tmp_path / "first.npz")
    loaded = Corpus.load(tmp_path / "first.npz")
    loaded.save(tmp_path / "second.npz")
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    assert (loaded.symbols, loaded.names) == (corpus.symbols, corpus.names)
    assert loaded.labels.keys() == corpus.labels.keys()
    for kind, values in corpus.labels.items():
        np.testing.assert_array_equal(loaded.labels[kind], values, strict=True)
    np.testing.assert_array_equal(loaded.tokens, corpus.tokens, strict=True)
    np.testing.assert_array_equal(loaded.next_distribution, corpus.next_distribution, strict=True)


def test_equal_seeds_give_equal_bytes_and_other_seeds_others(tmp_path: Path) -> None:
    grammar = Words(vocabulary={"AB": 0.5, "CD": 0.5})
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        grammar.sample(np.random.default_rng(seed), 2, 40).save(tmp_path / name)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_truncated_file_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "corpus.npz"
    corpus.save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(GrammarError, match="not a whole corpus"):
        Corpus.load(path)


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "corpus.npz", tokens=np.zeros((1, 1)))
    with pytest.raises(GrammarError, match="symbols"):
        Corpus.load(tmp_path / "corpus.npz")
