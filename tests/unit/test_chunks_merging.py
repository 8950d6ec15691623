"""Chunks: planted words are found, noise is left alone, and the parse covers every step."""

from __future__ import annotations

import numpy as np
import pytest
from chunks_examples import words_corpus

from chunkscope.chunks.merging import ChunkMerger
from chunkscope.errors import ExtractionError


def planted(words, n=60, length=120, noise=(7, 8, 9), seed=0):
    """Words (tuples of labels), each followed by at least one noise label."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        row: list[int] = []
        while len(row) < length:
            row += words[rng.integers(len(words))]
            row += rng.choice(noise, size=rng.geometric(0.5)).tolist()
        rows.append(row[:length])
    return np.array(rows)


def test_planted_words_are_the_chunks_and_every_one_is_recalled():
    words = [(0, 1, 2), (3, 4), (5, 6, 5, 0)]
    labels = planted(words)
    merger = ChunkMerger().fit(labels)
    found = {merger.chunks_[k] for k in np.flatnonzero(merger.counts_ >= 10) if k >= 10}
    assert found == set(words)
    units, boundary = merger.parse(labels)
    for word in words:
        unit = merger.chunks_.index(word)
        windows = np.lib.stride_tricks.sliding_window_view(labels, len(word), axis=1)
        occurs = (windows == word).all(axis=2)
        starts = (units == unit) & boundary
        assert occurs.sum() > 300
        np.testing.assert_array_equal(starts[:, : occurs.shape[1]], occurs)


def test_noise_without_structure_is_not_merged():
    labels = np.random.default_rng(0).integers(6, size=(100, 200))
    merger = ChunkMerger().fit(labels)
    assert len(merger.merges_) == 0
    units, boundary = merger.parse(labels)
    np.testing.assert_array_equal(units, labels)
    assert boundary.all()


def test_raw_symbols_of_words_are_byte_pairs():
    corpus = words_corpus(n=100)
    merger = ChunkMerger().fit(corpus.tokens)
    spelled = {"".join(corpus.symbols[label] for label in path) for path in merger.chunks_}
    assert {"ABC", "BDA", "CCDB"} <= spelled


def test_a_unit_merges_with_itself_only_if_asked():
    labels = np.zeros((20, 31), dtype=int)
    assert len(ChunkMerger().fit(labels).merges_) == 0
    merger = ChunkMerger(self_merge=True, max_length=2, min_saving=0).fit(
        np.concatenate([labels, np.ones_like(labels)])
    )
    assert merger.chunks_[2:] == [(0, 0), (1, 1)]
    units, boundary = merger.parse(labels[:1])
    assert units[0].tolist() == [2] * 30 + [0]  # left to right, without overlap
    assert boundary[0].tolist() == [True, False] * 15 + [True]


def test_a_run_is_cut_into_pairs_from_its_own_beginning():
    row = np.array([[0, 1, 0, 0, 0, 1, 0, 0]])
    merger = ChunkMerger(self_merge=True, max_length=2)
    merger.fit(np.repeat([[0, 0, 1]], 200, axis=0))
    assert merger.merges_.tolist() == [[0, 0]]
    assert merger.parse(row)[0][0].tolist() == [0, 1, 2, 2, 0, 1, 2, 2]


@pytest.mark.parametrize("longest", [2, 3, 4])
def test_no_chunk_is_longer_than_allowed(longest):
    labels = planted([(0, 1, 2, 3), (4, 5, 6, 4)])
    merger = ChunkMerger(max_length=longest).fit(labels)
    assert max(map(len, merger.chunks_)) == longest


def test_a_pair_below_the_count_is_not_merged():
    labels = planted([(0, 1, 2), (3, 4)])
    pairs = ((labels[:, :-1] == 3) & (labels[:, 1:] == 4)).sum()
    for count, merged in ((pairs, True), (pairs + 1, False)):
        assert ((3, 4) in ChunkMerger(min_count=int(count)).fit(labels).chunks_) is merged


def test_nothing_is_merged_across_noise_or_sequence_ends():
    labels = planted([(0, 1, 2), (3, 4)])
    assert len(ChunkMerger().fit(labels).merges_) > 0
    ended = labels.reshape(-1, 1)  # the same line of labels, but every step ends its sequence
    assert len(ChunkMerger().fit(ended).merges_) == 0
    parted = np.full((len(labels), 2 * labels.shape[1]), -1)
    parted[:, ::2] = labels
    assert len(ChunkMerger().fit(parted).merges_) == 0


def test_all_noise_has_no_chunks():
    labels = np.full((3, 5), -1)
    merger = ChunkMerger().fit(labels)
    assert merger.chunks_ == []
    units, boundary = merger.parse(labels)
    assert (units == -1).all()
    assert boundary.all()


def test_a_label_is_known_though_it_did_not_occur():
    labels = planted([(0, 1, 2)])
    merger = ChunkMerger().fit(labels, n_labels=12)
    units, _ = merger.parse(np.array([[11, 0, 1, 2, 10]]))
    chunk = merger.chunks_.index((0, 1, 2))
    assert units.tolist() == [[11, chunk, chunk, chunk, 10]]
    with pytest.raises(ExtractionError, match=r"got label 12; .* below 12"):
        merger.parse(np.array([[12]]))
