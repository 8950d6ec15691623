"""Matching dictionaries: closed forms, brute force, and what must differ."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from chunkscope.chunks.extraction import Stream
from chunkscope.chunks.matching import match, match_members, overlaps, summarise_matches
from chunkscope.chunks.reading import Parse
from chunkscope.statistics import mean_interval, pairwise_interval

RNG = np.random.default_rng(0)


def stream_of(states: np.ndarray, units: np.ndarray, chunks: list[int]) -> Stream:
    boundary = np.ones(states.shape, bool)
    return Stream(Parse(states, states, units, boundary), np.array(chunks))


def test_overlap_is_the_jaccard_index_of_the_steps() -> None:
    first, second = np.array([0, 0, 1, 1, -1, 4]), np.array([7, 7, 7, -1, 2, 2])
    expected = np.array([[0, 2 / 3], [0, 1 / 4], [1 / 2, 0]])  # rows 0, 1, 4; columns 2, 7
    assert overlaps(first, second) == pytest.approx(expected)


def test_match_is_the_best_assignment() -> None:
    for shape in ((4, 4), (3, 5), (5, 2)):
        overlap = RNG.random(shape)
        wide = overlap if shape[0] <= shape[1] else overlap.T
        best = max(
            sum(wide[row, column] for row, column in enumerate(columns))
            for columns in permutations(range(wide.shape[1]), wide.shape[0])
        )
        found = match(overlap)
        assert found.sum() == pytest.approx(best)
        assert len(found) == max(shape)


def example(members: int = 4) -> dict[int, Stream]:
    """Members that name the same states differently; the last one is random."""
    truth = np.repeat(RNG.integers(6, size=(20, 15)), 4, axis=1)
    streams = {}
    for member in range(members - 1):
        names = RNG.permutation(6)
        streams[member] = stream_of(names[truth], names[truth], [0, 1, 2, 3, 4, 5])
    states = RNG.integers(6, size=truth.shape)
    return streams | {members - 1: stream_of(states, states, [0, 1, 2, 3, 4, 5])}


def test_renamed_states_match_and_random_ones_do_not() -> None:
    test = np.arange(20) >= 10
    table = match_members(example(), test, np.random.default_rng(1)).set_index(["first", "second"])
    states = table[table["level"] == "states"]
    assert states.loc[(0, 1), ["jaccard", "matched"]].tolist() == [1, 1]
    assert states.loc[(0, 3), "matched"] == 0
    assert states["null_matched"].eq(0).all()
    assert states["null_jaccard"].max() < 0.5


def test_only_chunks_of_the_dictionary_count_as_chunks() -> None:
    units = np.tile([0, 1, 5, 5], (4, 10))
    streams = {0: stream_of(units, units, [5]), 1: stream_of(units, units, [])}
    table = match_members(streams, np.ones(4, bool), np.random.default_rng(0)).set_index("level")
    assert np.isnan(table.loc["chunks", "jaccard"])
    assert table.loc["states", "jaccard"] == 1


def test_summary_counts_members() -> None:
    table = match_members(example(), np.ones(20, bool), np.random.default_rng(1))
    summary = summarise_matches(table.assign(row="density"))
    assert summary["n"].eq(4).all()
    assert set(summary["level"]) == {"states", "chunks"}


def test_interval_over_pairs_of_a_mean_is_that_of_the_units() -> None:
    """The jackknife is the t interval where a pair's value is the mean of its two units'."""
    values = RNG.standard_normal(9)
    pairs = {(i, j): (values[i] + values[j]) / 2 for i in range(9) for j in range(i)}
    found, expected = pairwise_interval(pairs), mean_interval(values)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (expected.mean, expected.low, expected.high)
    )
    assert found.n == 9


def test_interval_over_pairs_needs_three_units() -> None:
    found = pairwise_interval({(0, 1): 0.5})
    assert found.mean == 0.5
    assert np.isnan(found.low)
    assert pd.isna(pairwise_interval({}).mean)
