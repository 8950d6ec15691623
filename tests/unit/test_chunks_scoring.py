"""From activity to the table of scores, on a network that holds the parse and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chunks_examples import activity_of, words_corpus

from chunkscope.chunks.extraction import (
    Stream,
    read_baselines,
    read_density,
    read_symbols,
    stream_of,
)
from chunkscope.chunks.scoring import ROWS, Truth, score_stream, seed_agreement, summary, tidy
from chunkscope.chunks.settings import ChunkSettings

SETTINGS = ChunkSettings(density={"candidates": (30, 60, 800), "reach": 3})
MEMBERS = 2


@pytest.fixture(scope="module")
def truth():
    corpus = words_corpus(n=120)
    train = np.arange(120) < 80
    return Truth(corpus.tokens, corpus.labels, corpus.next_distribution, train)


@pytest.fixture(scope="module")
def activity(truth):
    return [activity_of(truth.labels["state"], noise=0.1, seed=m) for m in range(MEMBERS)]


@pytest.fixture(scope="module")
def streams(truth, activity):
    """Row -> the stream of every member."""
    found: dict[str, list[Stream]] = {row: [] for row in ROWS}
    for member, values in enumerate(activity):
        train = truth.train
        reading = read_density(values[train], truth.tokens[train], SETTINGS, 0, member)
        found["density"].append(stream_of(reading, values))
        rows = read_baselines(reading, values, truth.tokens, train, SETTINGS, 0, member)
        for row, stream in rows.items():
            found[row].append(stream)
        blind = np.random.default_rng(member).normal(size=values.shape).astype(np.float32)
        empty = read_density(blind[train], truth.tokens[train], SETTINGS, 0, member)
        found["untrained"].append(stream_of(empty, blind))
    raw = read_symbols(truth.tokens, 6, truth.train, SETTINGS.merging)
    found["byte_pairs"].append(raw)
    return found


@pytest.fixture(scope="module")
def scores(streams, truth, activity):
    rows = []
    for row, members in streams.items():
        for member, stream in enumerate(members):
            seen = activity[member] if row == "density" else None
            rows.extend(tidy(row, member, score_stream(stream, truth, seen)))
    return pd.DataFrame(rows)


def value(scores, row, measure):
    found = scores.query("row == @row and measure == @measure")["value"]
    assert len(found) == (1 if row == "byte_pairs" else MEMBERS)
    return found.mean()


def test_the_parse_is_read_off_the_activity(scores):
    assert value(scores, "density", "state_ari") > 0.99
    assert value(scores, "density", "word_recall") == 1.0
    assert value(scores, "density", "word_occurrence_recall") > 0.98
    assert value(scores, "density", "boundary_f1") > 0.98
    assert value(scores, "density", "share_of_bayes") == pytest.approx(1, abs=0.02)
    assert value(scores, "density", "share_of_hidden") == pytest.approx(1, abs=0.05)
    assert value(scores, "density", "noise") < 0.01


def test_shuffled_time_and_activity_that_holds_nothing_are_at_the_floor(scores):
    assert value(scores, "shuffled", "states") == value(scores, "density", "states")
    assert value(scores, "shuffled", "state_ari") == pytest.approx(0, abs=0.01)
    assert np.isnan(value(scores, "shuffled", "word_recall"))  # no chunks: not estimable
    assert value(scores, "shuffled", "state_bits") < 0.05
    assert value(scores, "untrained", "states") == 0
    assert value(scores, "untrained", "noise") == 1
    assert np.isnan(value(scores, "untrained", "state_ari"))  # no states: not estimable
    assert np.isnan(value(scores, "untrained", "boundary_f1"))


def test_k_means_of_as_many_states_finds_the_same_blobs_or_fewer(scores):
    assert value(scores, "kmeans", "states") == value(scores, "density", "states")
    assert 0.7 < value(scores, "kmeans", "state_ari") <= 1


def test_raw_symbols_tell_less_of_what_comes_next(scores):
    assert value(scores, "byte_pairs", "states") == 6
    assert value(scores, "byte_pairs", "state_bits") < value(scores, "density", "state_bits")


def test_the_test_split_alone_is_scored(streams, truth):
    stream = streams["density"][0]
    spoiled = Truth(
        truth.tokens,
        {kind: np.where(truth.train[:, None], 0, labels) for kind, labels in truth.labels.items()},
        truth.next_distribution,
        truth.train,
    )
    assert score_stream(stream, spoiled, None) == pytest.approx(
        score_stream(stream, truth, None), nan_ok=True
    )


def test_streams_come_back_from_a_file(streams, tmp_path):
    stream = streams["density"][0]
    np.savez(tmp_path / "parse.npz", **stream.arrays("density/seed0"))
    with np.load(tmp_path / "parse.npz") as file:
        back = Stream.from_arrays(file, "density/seed0")
    np.testing.assert_array_equal(back.chunks, stream.chunks)
    for kind in ("states", "letters", "units", "boundary"):
        np.testing.assert_array_equal(getattr(back.parse, kind), getattr(stream.parse, kind))


def test_a_symbol_that_only_the_test_split_has_can_be_parsed(truth):
    tokens = truth.tokens.copy()
    tokens[-1, 3] = 6
    stream = read_symbols(tokens, 7, truth.train, SETTINGS.merging)
    assert stream.parse.units[-1, 3] == 6


def test_equal_seeds_give_equal_streams_and_another_member_others(truth, activity):
    def shuffled(member):
        train = truth.train
        reading = read_density(activity[0][train], truth.tokens[train], SETTINGS, 0, member)
        args = (reading, activity[0], truth.tokens, train, SETTINGS, 0, member)
        return read_baselines(*args)["shuffled"].parse.states

    np.testing.assert_array_equal(shuffled(0), shuffled(0))
    assert (shuffled(0) != shuffled(1)).mean() > 0.3


def test_members_that_hold_the_same_parse_agree(streams, truth):
    first, second = streams["density"]
    same = seed_agreement({3: first, 5: second}, ~truth.train)
    assert list(same) == [3, 5]
    assert min(same.values()) > 0.99
    mixed = seed_agreement({3: first, 5: second, 7: streams["shuffled"][0]}, ~truth.train)
    assert mixed[7] == pytest.approx(0, abs=0.02)
    assert mixed[3] == pytest.approx(0.5, abs=0.02)
    assert seed_agreement({3: first}, ~truth.train) == {}


def test_the_summary_has_a_floor_and_a_ceiling_beside_every_measure(scores):
    table = summary(scores).set_index(["row", "measure"])
    assert list(table.columns) == ["mean", "ci_low", "ci_high", "n", "floor", "ceiling"]
    ari = table.loc[("density", "state_ari")]
    assert ari["floor"] == value(scores, "shuffled", "state_ari")
    assert ari["ceiling"] == 1
    assert ari["n"] == MEMBERS
    bits = table.loc[("kmeans", "state_bits")]
    assert bits["ceiling"] == value(scores, "density", "bayes_bits")
    f1 = table.loc[("density", "boundary_f1")]
    chances = [value(scores, "density", f"boundary_f1_{kind}") for kind in ("random", "every_step")]
    assert f1["floor"] == pytest.approx(max(chances))
    counts = table.loc[("density", "states")]
    assert np.isnan(counts["floor"])
    assert np.isnan(counts["ceiling"])
    assert set(table.index.get_level_values("row")) == set(ROWS)
