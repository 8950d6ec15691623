"""Chunks: what must hold for any stream, against slow and plain recomputation."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chunkscope.chunks.codelength import conditional_bits
from chunkscope.chunks.equivalence import (
    _cost_changes,
    _following_counts,
    _lump,
    _present_counts,
    lump_states,
)
from chunkscope.chunks.extractors.clustering import draw_sample
from chunkscope.chunks.merging import ChunkMerger

EVERYTHING = -1e9  # a saving that any merge has


@st.composite
def streams(draw: st.DrawFn, labels: int = 4) -> np.ndarray:
    """Few labels and much repetition, with noise."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 25)))
    return draw(arrays(np.int64, shape, elements=st.integers(-1, labels - 1)))


def description(units: list[list[int]], dictionary: list[tuple[int, ...]], n_labels: int) -> float:
    """Bits of the parse and of what its dictionary spells, from the definition."""
    flat = np.array([unit for row in units for unit in row])
    total = sum(-np.log2(np.mean(flat == unit)) * np.sum(flat == unit) for unit in np.unique(flat))
    return float(total + sum(len(entry) for entry in dictionary) * np.log2(n_labels + 1))


def join(row: list[int], pair: tuple[int, int], new: int) -> list[int]:
    out, at = [], 0
    while at < len(row):
        if tuple(row[at : at + 2]) == pair:
            out.append(new)
            at += 2
        else:
            out.append(row[at])
            at += 1
    return out


@settings(max_examples=150, deadline=None)
@given(streams(), st.booleans(), st.integers(2, 6))
def test_a_merge_saves_what_the_description_loses(labels, self_merge, longest):
    merger = ChunkMerger(
        min_count=1, min_saving=EVERYTHING, self_merge=self_merge, max_length=longest
    ).fit(labels)
    rows, n = labels.tolist(), merger.n_labels_
    for at, (pair, saving) in enumerate(zip(merger.merges_.tolist(), merger.savings_, strict=True)):
        new = n + at
        joined = [join(row, tuple(pair), new) for row in rows]
        units = sum(map(len, rows))
        before = description(rows, [], n)
        after = description(joined, [merger.chunks_[new]], n) + 0.5 * np.log2(units)
        np.testing.assert_allclose(saving, before - after, atol=1e-9)
        rows = joined
    counted = [unit for row in rows for unit in row if unit >= 0]
    assert merger.counts_.tolist() == np.bincount(counted, minlength=len(merger.chunks_)).tolist()
    units, boundary = merger.parse(labels)
    assert units[boundary].tolist() == [unit for row in rows for unit in row]


@settings(max_examples=150, deadline=None)
@given(streams(), streams(), st.booleans())
def test_the_parse_covers_every_step_and_spells_the_stream(labels, others, self_merge):
    merger = ChunkMerger(min_count=2, min_saving=EVERYTHING, self_merge=self_merge)
    merger.fit(labels, n_labels=4)
    for stream in (labels, others):
        units, boundary = merger.parse(stream)
        assert units.shape == boundary.shape == stream.shape
        assert boundary[:, 0].all()
        for row, unit, begins in zip(stream, units, boundary, strict=True):
            starts = np.flatnonzero(begins)
            for start, end in zip(starts, [*starts[1:], len(row)], strict=True):
                assert len(set(unit[start:end])) == 1
                path = (-1,) if unit[start] == -1 else merger.chunks_[unit[start]]
                assert tuple(row[start:end]) == path


@settings(max_examples=100, deadline=None)
@given(streams())
def test_the_merge_taken_is_the_best_and_none_is_left_that_pays(labels):
    labels = np.tile(labels, (3, 3))
    merger = ChunkMerger(min_count=2).fit(labels)
    assert (merger.savings_ > 0).all()
    stopped = ChunkMerger(min_count=2, min_saving=EVERYTHING).fit(labels)
    k = len(merger.merges_)
    np.testing.assert_array_equal(stopped.merges_[:k], merger.merges_)
    assert (stopped.savings_[k : k + 1] <= 0).all()


def code(present: np.ndarray, following: np.ndarray, half_log: float) -> float:
    """L of the letters, cell by cell."""
    bits = 0.0
    for table in (present, following.reshape(len(following), -1)):
        for row in table:
            seen = row[row > 0]
            bits += -(seen * np.log2(seen / seen.sum())).sum() + half_log * (len(seen) - 1)
    return bits


@settings(max_examples=150, deadline=None)
@given(streams(labels=5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_the_change_of_a_lump_is_the_change_of_the_whole_code(labels, symbols, seed):
    tokens = np.random.default_rng(seed).integers(symbols, size=labels.shape)
    present = _present_counts(labels, tokens, 5, symbols)
    following = _following_counts(labels, tokens, 5, symbols)
    change = _cost_changes(present, following, 3.0)
    whole = code(present, following, 3.0)
    for i in range(5):
        for j in range(5):
            if i >= j:
                assert change[i, j] == np.inf
            else:
                lumped = code(*_lump(present, following, i, j), 3.0)
                np.testing.assert_allclose(change[i, j], lumped - whole, atol=1e-8)


@settings(max_examples=100, deadline=None)
@given(streams(labels=5), st.integers(0, 2**32 - 1))
def test_letters_are_numbered_by_their_first_state(labels, seed):
    tokens = np.random.default_rng(seed).integers(2, size=labels.shape)
    letters = lump_states(np.tile(labels, (4, 4)), np.tile(tokens, (4, 4)), 5).tolist()
    firsts = [letters.index(letter) for letter in range(max(letters) + 1)]
    assert firsts == sorted(firsts)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40),
)
def test_probabilities_of_a_context_sum_to_one(pairs):
    context, outcome = np.array(pairs).T
    every = np.array([(c, o) for c in range(4) for o in range(5)]).T
    bits = conditional_bits(context, outcome, *every)
    assert (bits >= 0).all()
    np.testing.assert_allclose((2.0**-bits).reshape(4, 5).sum(axis=1), 1)


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.float32, (30, 3), elements=st.sampled_from([-1.5, -0.0, 0.0, 1.0])),
    st.integers(3, 30),
    st.integers(0, 2**31),
    st.randoms(use_true_random=False),
)
def test_a_sample_does_not_depend_on_the_order_of_rows(rows, size, seed, random):
    order = list(range(30))
    random.shuffle(order)
    first, second = (draw_sample(table, size, seed).rows for table in (rows, rows[order]))
    np.testing.assert_array_equal(first, second)
