"""The dictionary: what it says of states and chunks, recomputed by brute force."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from chunks_examples import activity_of, words_corpus

from chunkscope.chunks.dictionary import Dictionary, describe_chunks, spell
from chunkscope.chunks.extractors.density import DensityExtractor
from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.reading import read_chunks
from chunkscope.chunks.settings import MergingSettings


@pytest.fixture(scope="module")
def corpus():
    return words_corpus(n=80)


@pytest.fixture(scope="module")
def activity(corpus):
    activity = activity_of(corpus.labels["state"], noise=0.1)
    activity[..., 3] = 0.5  # a dead unit
    activity[..., 5] = np.random.default_rng(0).normal(scale=0.3, size=activity.shape[:2])  # blind
    return activity


@pytest.fixture(scope="module")
def reading(corpus, activity):
    extractor = DensityExtractor(candidates=(30, 60), reach=3)
    return read_chunks(extractor, activity, corpus.tokens)


def test_members_tolerance_and_constrained_units(reading, activity):
    found, labels = reading.dictionary, reading.extractor.labels_
    for state, prototype in enumerate(reading.extractor.prototypes_):
        members = activity[labels == state].astype(np.float64)
        assert found.members[state] == len(members)
        spread = np.sqrt(((members - prototype) ** 2).mean(axis=0))
        np.testing.assert_allclose(found.tolerance[state], spread, rtol=1e-5)
        overall = activity.reshape(-1, activity.shape[-1]).astype(np.float64).std(axis=0)
        varies = overall > 0
        relative = np.divide(members.std(axis=0), overall, where=varies, out=np.full(12, np.inf))
        steadiest = np.argsort(relative, kind="stable")[: len(overall) // 2]
        assert np.flatnonzero(found.constrained[state]).tolist() == sorted(steadiest.tolist())
    assert not found.constrained[:, 3].any()
    assert not found.constrained[:, 5].any()
    assert found.constrained.sum(axis=1).max() == 6  # half of the units


def test_a_state_that_no_step_is_in_constrains_nothing(corpus, activity):
    class WithOneMore(DensityExtractor):
        def fit(self, activations, tokens):
            super().fit(activations, tokens)
            self.prototypes_ = np.r_[self.prototypes_, np.full((1, 12), 99.0)]
            self.radii_, self.persistence_ = np.r_[self.radii_, 0], np.r_[self.persistence_, 0]
            return self

    extractor = WithOneMore(min_cluster_size=60, repeats=2)
    found = read_chunks(extractor, activity, corpus.tokens).dictionary
    assert found.members[-1] == 0
    assert not found.constrained[-1].any()
    assert found.letters[-1] not in found.letters[:-1]


def test_the_words_are_in_the_dictionary_and_spelled_as_they_are(reading, corpus):
    table = reading.dictionary.chunk_table(corpus.symbols)
    assert sorted(table["spelling"]) == ["ABC", "BDA", "CCDB"]  # and no word that an end has cut
    assert (table["spelled"] > 0.99).all()
    assert (table["count"] >= 10).all()
    assert (table["saving_bits"] > 0).all()
    states = reading.dictionary.state_table()
    assert states["constrained_units"].tolist() == reading.dictionary.constrained.sum(1).tolist()


def test_units_of_the_dictionary_are_units_of_the_parse(reading, corpus, activity):
    parse, found = reading.parse(activity), reading.dictionary
    for unit, path, count in zip(found.units, found.paths, found.counts, strict=True):
        path = path[path >= 0]
        at = np.argwhere((parse.units == unit) & parse.boundary)
        assert count <= len(at)
        for sequence, time in at:
            assert parse.letters[sequence, time : time + len(path)].tolist() == path.tolist()


def test_arrays_come_back_from_a_file(reading, tmp_path):
    np.savez(tmp_path / "d.npz", **reading.dictionary.arrays("seed0/"))
    with np.load(tmp_path / "d.npz") as file:
        back = Dictionary.from_arrays(file, "seed0/")
    for field in fields(Dictionary):
        saved, read = getattr(reading.dictionary, field.name), getattr(back, field.name)
        assert read.dtype == saved.dtype
        np.testing.assert_array_equal(read, saved)
    assert back.status == "ok"


def test_the_share_spelled_is_that_of_the_commonest_spelling():
    tokens = np.tile([5, 6, 7, 9, 9, 9, 9, 9], (40, 1))
    tokens[:10, 1] = 8  # a quarter of the occurrences read another symbol
    labels = np.tile([0, 1, 2, 3, 4, 3, 5, 3], (40, 1))
    labels[:, 3:] = np.random.default_rng(0).integers(3, 6, size=(40, 5))
    merger = ChunkMerger().fit(labels)
    units, boundary = merger.parse(labels)
    found = describe_chunks(merger, units, boundary, tokens)
    at = [row[row >= 0].tolist() for row in found["paths"]].index([0, 1, 2])
    assert found["spellings"][at][:3].tolist() == [5, 6, 7]
    assert found["spelled"][at] == 0.75
    assert found["counts"][at] == 40


def test_the_order_of_sequences_renumbers_nothing(corpus, activity):
    order = np.r_[np.random.default_rng(0).permutation(60), np.arange(60, 80)]
    both = []
    for which in (np.arange(80), order):
        extractor = DensityExtractor(candidates=(30, 60))
        both.append(read_chunks(extractor, activity[which], corpus.tokens[which]).dictionary)
    for field in fields(Dictionary):
        first, second = (getattr(found, field.name) for found in both)
        np.testing.assert_allclose(first, second, rtol=1e-6, err_msg=field.name)


def test_no_states_and_no_chunks_are_results(corpus):
    constant = np.zeros((*corpus.tokens.shape, 4), dtype=np.float32)
    none = read_chunks(DensityExtractor(candidates=(50,)), constant, corpus.tokens)
    assert none.dictionary.status == "no_states"
    parse = none.parse(constant)
    assert (parse.units == -1).all()
    assert parse.boundary.all()
    tokens = np.random.default_rng(0).integers(3, size=(60, 80))
    noise = read_chunks(DensityExtractor(candidates=(50,)), activity_of(tokens), tokens)
    assert len(noise.dictionary.prototypes) == 3
    assert noise.dictionary.status == "no_chunks"
    for found in (none.dictionary, noise.dictionary):
        assert len(found.chunk_table(corpus.symbols)) == len(found.counts) == 0
        assert len(found.state_table()) == len(found.prototypes)


def test_merging_settings_reach_the_merger(corpus, activity):
    extractor = DensityExtractor(candidates=(60,))
    longest = MergingSettings(max_length=2)
    found = read_chunks(extractor, activity, corpus.tokens, longest).dictionary
    assert found.paths.shape[1] == 2


def test_spelling():
    assert spell(np.array([0, 1, 1, -1]), ("a", "b")) == "abb"
    assert spell(np.array([0, 1]), ("a", "cue")) == "a cue"
