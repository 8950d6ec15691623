"""Merging in rounds: by hand, against a naive parser, and where the variants part."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from chunkscope.chunks.merging import ChunkMerger
from chunkscope.chunks.rounds import RoundMerger
from chunkscope.chunks.settings import RoundSettings
from chunkscope.errors import ExtractionError


def line(text):
    """One sequence of labels a=0, b=1, ...; a space is noise."""
    return np.array([[-1 if letter == " " else ord(letter) - ord("a") for letter in text]])


def spelled(merger, labels):
    """The parse of one sequence as text, a bar between units."""
    units, boundary = merger.parse(labels)
    letters = [chr(label + ord("a")) if label >= 0 else " " for label in labels[0].tolist()]
    assert boundary[0, 0]
    for unit, start in zip(units[boundary].tolist(), np.flatnonzero(boundary[0]), strict=True):
        if unit >= 0:
            path = merger.chunks_[unit]
            assert tuple(labels[0, start : start + len(path)].tolist()) == path
    marked = [f"|{x}" if new else x for x, new in zip(letters, boundary[0], strict=True)]
    return "".join(marked)[1:]


def words(n=400, seed=0):
    """A line of five words that overlap one another."""
    vocabulary = ["abcd", "bc", "cdab", "e", "eef"]
    drawn = np.random.default_rng(seed).integers(len(vocabulary), size=n)
    return line("".join(vocabulary[i] for i in drawn))


def naive_parse(labels, chunks):
    """Lengths of the pieces, by trying every chunk at every place and keeping the longest."""
    labels, at, lengths = labels[0].tolist(), 0, []
    while at < len(labels):
        fits = [len(c) for c in chunks if tuple(labels[at : at + len(c)]) == c]
        lengths.append(max(fits, default=1))
        at += lengths[-1]
    return lengths


def test_by_hand():
    labels = line("abcabcabcxabcabyab")
    merger = RoundMerger(rounds=1, top=1, min_count=2).fit(labels)
    assert [tuple(chunk) for chunk in merger.chunks_[merger.n_labels_ :]] == [(0, 1)]
    assert merger.merges_.tolist() == [[0, 1]]
    assert spelled(merger, labels) == "ab|c|ab|c|ab|c|x|ab|c|ab|y|ab"
    twice = RoundMerger(rounds=2, top=1, min_count=2).fit(labels)
    assert spelled(twice, labels) == "abc|abc|abc|x|abc|ab|y|ab"
    assert twice.counts_[[twice.n_labels_, twice.n_labels_ + 1]].tolist() == [2, 4]
    assert twice.counts_[0] == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_longest_match_is_that_of_a_naive_parser(seed):
    merger = RoundMerger(min_count=3).fit(words(seed=seed))
    later = words(seed=seed + 100)
    _, boundary = merger.parse(later)
    starts = np.flatnonzero(boundary[0])
    lengths = np.diff(np.append(starts, boundary.size))
    assert lengths.tolist() == naive_parse(later, merger.chunks_)
    assert lengths.max() > 3


def test_a_round_joins_the_commonest_pairs_and_no_rarer_ones():
    labels = words()
    pairs = Counter(pairwise(labels[0].tolist()))
    commonest = [pair for pair, _ in pairs.most_common(4)]
    merger = RoundMerger(rounds=1, top=4).fit(labels)
    assert merger.chunks_[merger.n_labels_ :] == commonest
    least = pairs[commonest[2]]
    kept = RoundMerger(rounds=1, top=9, min_count=least).fit(labels)
    assert len(kept.merges_) == sum(count >= least for count in pairs.values())


def test_rounds_end_when_nothing_is_left_and_convergence_does_not_end_before():
    labels = words(4000)
    six, all_ = RoundMerger().fit(labels), RoundMerger(rounds="convergence").fit(labels)
    assert six.rounds_ == 6
    assert len(six.merges_) == 30
    assert all_.rounds_ > 6
    assert len(RoundMerger(rounds=10_000).fit(labels).merges_) == len(all_.merges_)
    assert all_.chunks_[: len(six.chunks_)] == six.chunks_
    units, boundary = all_.parse(labels)
    assert max(Counter(pairwise(units[boundary].tolist())).values()) < 10
    assert RoundMerger(min_count=10_000).fit(labels).rounds_ == 0


def test_the_variants_part_where_they_must():
    runs = line("aaab" * 12)
    assert (0, 0) in RoundMerger(rounds=1).fit(runs).chunks_
    assert (0, 0) not in RoundMerger(rounds=1, self_merge=False).fit(runs).chunks_
    # aa: 24 overlapping, 12 disjoint
    assert (0, 0) in RoundMerger(rounds=1, min_count=13).fit(runs).chunks_
    assert (0, 0) not in RoundMerger(rounds=1, min_count=13, pairs="disjoint").fit(runs).chunks_
    assert RoundMerger(rounds=1, min_count=12, pairs="disjoint").fit(runs).chunks_[2] == (0, 0)


def test_the_last_listed_match_is_not_always_the_longest():
    labels = line("abcd " * 20 + "abce " * 12 + "cd " * 40)
    fits = {
        how: RoundMerger(rounds=2, top=2, matching=how).fit(labels)
        for how in ("longest", "last_listed")
    }
    for merger in fits.values():  # cd and ab, then ab+cd and ab+c
        assert merger.chunks_[5:] == [(2, 3), (0, 1), (0, 1, 2, 3), (0, 1, 2)]
    assert spelled(fits["longest"], line("abcdabce")) == "abcd|abc|e"
    assert spelled(fits["last_listed"], line("abcdabce")) == "abc|d|abc|e"


def test_replay_joins_in_the_order_found_where_look_up_takes_the_longest():
    labels = line("bc" * 30 + "ab" * 12 + "d" + "ab" * 3)
    fits = {
        how: RoundMerger(rounds=1, top=2, min_count=10, matching=how).fit(labels)
        for how in ("longest", "replay")
    }
    for merger in fits.values():
        assert merger.chunks_[merger.n_labels_ :] == [(1, 2), (2, 1)]
    assert spelled(fits["longest"], line("cbc")) == "cb|c"
    assert spelled(fits["replay"], line("cbc")) == "c|bc"


def test_replay_is_the_other_merger_with_the_same_pairs():
    labels = words().reshape(-1)[:1000].reshape(20, 50)
    merger = RoundMerger(matching="replay", self_merge=False).fit(labels)
    other = ChunkMerger().fit(labels, n_labels=merger.n_labels_)
    other.merges_, other.chunks_ = merger.merges_, merger.chunks_
    for ours, theirs in zip(merger.parse(labels), other.parse(labels), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_nothing_is_joined_across_noise_or_sequence_ends():
    labels = words()
    for apart in (labels.reshape(-1, 1), np.insert(labels, slice(1, None), -1, axis=1)):
        merger = RoundMerger().fit(apart)
        assert merger.chunks_ == [(label,) for label in range(merger.n_labels_)]
        units, boundary = merger.parse(apart)
        np.testing.assert_array_equal(units, apart)
        assert boundary.all()


def test_labels_that_did_not_occur_are_known_up_to_those_fitted():
    merger = RoundMerger().fit(words(), n_labels=30)
    assert merger.parse(np.array([[29, -1]]))[0].tolist() == [[29, -1]]
    with pytest.raises(ExtractionError, match=r"got label 30; .* below 30"):
        merger.parse(np.array([[30]]))
    with pytest.raises(ExtractionError, match="at most 1048576"):
        RoundMerger().fit(words(), n_labels=2_000_000)
    empty = RoundMerger().fit(np.full((2, 4), -1))
    assert empty.chunks_ == []
    assert (empty.parse(np.full((2, 4), -1))[0] == -1).all()


def test_the_defaults_are_those_of_the_settings():
    assert RoundMerger().get_params() == RoundSettings().model_dump()
