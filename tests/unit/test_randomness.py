"""Named streams: equal names give equal draws, and no stream knows of another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chunkscope.randomness import integer_seed, seed_sequence, stream

NAMES = [
    (),
    ("corpus",),
    ("corpus", "noise"),
    ("corpus", "noise", "training"),
    ("corpus", "noise", "recording"),
    ("chunks", "density", 0),
    ("chunks", "density", 1),
    ("chunks", "density", 11),
    ("chunks", "density", 1, 1),
    ("chunksdensity", 1),
]


def test_the_values_of_the_contract():
    """Results are compared over years: a stream must never come to draw something else."""
    assert stream(0, "corpus", "noise", "training").integers(1000, size=4).tolist() == [
        777,
        148,
        873,
        33,
    ]
    assert stream(7, "chunks", "shuffled", 3).random(2).tolist() == [
        0.48776645639751304,
        0.2952095937829634,
    ]
    assert integer_seed(0, "chunks", "density", 0) == 1637135999


def test_equal_names_give_equal_draws_whatever_was_drawn_between():
    first = stream(0, "corpus", "noise").random(5)
    stream(0, "corpus", "other").random(1000)
    np.random.default_rng().random(10)
    np.testing.assert_array_equal(first, stream(0, "corpus", "noise").random(5))


def test_other_names_and_other_seeds_give_other_draws():
    draws = [tuple(stream(seed, *names).random(4)) for seed in (0, 1) for names in NAMES]
    assert len(set(draws)) == len(draws)
    seeds = {integer_seed(seed, *names) for seed in (0, 1) for names in NAMES}
    assert len(seeds) == len(draws)


def test_streams_are_uncorrelated():
    draws = np.array([stream(0, *names).normal(size=20_000) for names in NAMES])
    for first, second in itertools.combinations(draws, 2):
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_a_number_is_its_own_text_and_the_order_of_names_matters():
    assert integer_seed(0, "a", 3) == integer_seed(0, "a", "3")
    assert integer_seed(0, "a", "b") != integer_seed(0, "b", "a")
    assert integer_seed(0, "ab") != integer_seed(0, "a", "b")


@pytest.mark.parametrize("seed", range(20))
def test_integer_seeds_fit_libraries_that_take_31_bits(seed):
    assert 0 <= integer_seed(seed, "kmeans") < 2**31


def test_a_stream_is_its_seed_sequence():
    own = np.random.Generator(np.random.PCG64(seed_sequence(5, "x")))
    np.testing.assert_array_equal(own.random(3), stream(5, "x").random(3))
