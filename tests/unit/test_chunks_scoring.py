"""From activity to the table of scores, on a network that holds the parse and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chunks_examples import activity_of, words_corpus

from chunkscope.chunks.comparison import UNTRAINED, Comparison
from chunkscope.chunks.extraction import Stream, read_density, stream_of
from chunkscope.chunks.extractors.base import NOISE
from chunkscope.chunks.scoring import (
    GIVEN,
    ROWS,
    Truth,
    compare,
    member_streams,
    score_agreement,
    score_stream,
    seed_agreement,
    summary,
    tidy,
)
from chunkscope.chunks.settings import ChunkSettings

SETTINGS = ChunkSettings(
    density={"candidates": (30, 60, 800), "reach": 3},
    trajectories={"window": 2},
    symbolic={"levels": 2},
    prototypes={"epochs": 10},
    autoencoder={"epochs": 10},
)
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
def comparison(truth):
    return Comparison(SETTINGS, truth.tokens, truth.train, 0)


@pytest.fixture(scope="module")
def streams(truth, activity, comparison):
    """Row -> the stream of every member."""
    found: dict[str, list[Stream]] = {row: [] for row in ROWS}
    for member, values in enumerate(activity):
        train = truth.train
        reading = read_density(values[train], truth.tokens[train], SETTINGS, 0, member)
        density = stream_of(reading, values)
        n = len(reading.dictionary.prototypes)
        blind = np.random.default_rng(member).normal(size=values.shape).astype(np.float32)
        empty = read_density(blind[train], truth.tokens[train], SETTINGS, 0, member)
        rows = {
            "density": density,
            "averaging": comparison.average(values, truth.labels["state"], member),
            "shuffled": comparison.shuffle(density.parse.states, n, member),
            "untrained": stream_of(empty, blind),
            **comparison.read(SETTINGS.extractors, values, n, member),
        }
        others = comparison.read(UNTRAINED, blind, len(empty.dictionary.prototypes), member)
        rows |= {f"untrained_{row}": stream for row, stream in others.items()}
        for row, stream in rows.items():
            found[row].append(stream)
    found["byte_pairs"].append(comparison.symbols(6))
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


def test_every_extractor_reads_the_parse_off_activity_that_holds_nothing_else(scores):
    for row in ("trajectories", "mixture", "symbolic", "symbolic_merged"):
        assert value(scores, row, "state_homogeneity") > 0.9, row
        assert value(scores, row, "share_of_bayes") > 0.9, row
    for row in ("trajectories", "mixture", "prototypes", "autoencoder"):
        assert value(scores, row, "word_recall") == 1, row
    assert value(scores, "averaging", "word_recall") > 0.5


def test_merging_alone_parts_the_two_rows_of_level_strings(scores):
    for measure in ("states", "noise", "state_ari", "state_bits"):
        both = (value(scores, row, measure) for row in ("symbolic", "symbolic_merged"))
        assert next(both) == next(both), measure
    assert value(scores, "symbolic", "chunks") <= 30  # six rounds of five
    assert value(scores, "symbolic", "boundary_f1") != value(
        scores, "symbolic_merged", "boundary_f1"
    )


def test_no_extractor_finds_the_parse_in_activity_that_holds_nothing(scores):
    for row in (row for row in ROWS if row.startswith("untrained_")):
        assert abs(value(scores, row, "state_ari")) < 0.02, row
        assert value(scores, row, "state_bits") < 0.02, row


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
    stream = Comparison(SETTINGS, tokens, truth.train, 0).symbols(7)
    assert stream.parse.units[-1, 3] == 6


def test_equal_seeds_give_equal_streams_and_another_member_others(streams, comparison):
    states = streams["density"][0].parse.states

    def shuffled(member):
        return comparison.shuffle(states, int(states.max()) + 1, member).parse.states

    np.testing.assert_array_equal(shuffled(0), shuffled(0))
    assert (shuffled(0) != shuffled(1)).mean() > 0.3
    np.testing.assert_array_equal(np.sort(shuffled(0), axis=1), np.sort(states, axis=1))


def test_readings_come_back_and_do_not_hang_on_one_another(streams, comparison, activity):
    for names in (("kmeans",), ("symbolic", "autoencoder"), ("prototypes", "mixture")):
        n = int(streams["kmeans"][0].parse.states.max()) + 1
        for row, stream in comparison.read(names, activity[0], n, 0).items():
            np.testing.assert_array_equal(stream.parse.units, streams[row][0].parse.units)
    assert comparison.read(("shuffled", "byte_pairs", "averaging"), activity[0], 5, 0) == {}


def test_activity_without_different_rows_has_no_states_or_one(comparison, activity, capsys):
    found = comparison.read(SETTINGS.extractors, np.zeros_like(activity[0]), 5, 0)
    assert found["kmeans"].parse.states.max() == 0
    assert (found["prototypes"].parse.states == NOISE).all()
    assert "prototypes: no states: " in capsys.readouterr().out
    for row, stream in found.items():
        assert bool(len(stream.chunks)) == (row == "symbolic"), row  # whose rounds join runs


def test_rows_of_the_untrained_network_are_named_after_those_of_the_trained(streams):
    trained, untrained = {}, {}
    for row in ("density", "kmeans", "untrained", "untrained_kmeans"):
        name, kept = {
            "untrained": ("density", untrained),
            "untrained_kmeans": ("kmeans", untrained),
        }.get(row, (row, trained))
        kept |= streams[row][1].arrays(f"{name}/seed1")
    found = member_streams(trained, untrained, 1)
    assert list(found) == ["density", "kmeans", "untrained", "untrained_kmeans"]
    for row, stream in found.items():
        np.testing.assert_array_equal(stream.parse.states, streams[row][1].parse.states)
    assert member_streams(trained, untrained, 0) == {}


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


def test_agreement_of_members_has_the_interval_of_their_pairs():
    agreements = {0: [0.2, 0.5, 0.8, 0.9], 1: [0.4, 0.4]}
    lines = [
        {"row": "density", "seed": seed, "measure": measure, "value": value}
        for measure, values in {"seed_agreement": agreements[0], "state_ari": agreements[0]}.items()
        for seed, value in enumerate(values)
    ]
    lines += [
        {"row": "kmeans", "seed": seed, "measure": "seed_agreement", "value": value}
        for seed, value in enumerate(agreements[1])
    ]
    table = summary(pd.DataFrame(lines)).set_index(["row", "measure"])
    shared, alone = table.loc[("density", "seed_agreement")], table.loc[("density", "state_ari")]
    assert shared["mean"] == alone["mean"]
    assert shared["ci_high"] - shared["ci_low"] > 2 * (alone["ci_high"] - alone["ci_low"])
    assert np.isnan(table.loc[("kmeans", "seed_agreement"), "ci_low"])  # a single pair


def test_readings_are_compared_on_the_same_members(scores):
    more = scores[scores["row"] == "density"].assign(seed=7, value=0.0)
    table = compare({"a": pd.concat([scores, more]), "b": scores}, MEMBERS)
    assert list(table.columns) == [
        *("run", "row", "measure", "mean", "ci_low", "ci_high", "n", "floor", "ceiling")
    ]
    first, second = (table[table["run"] == run].reset_index(drop=True) for run in "ab")
    pd.testing.assert_frame_equal(first.drop(columns="run"), second.drop(columns="run"))
    assert table["n"].max() == MEMBERS


def test_agreement_is_that_of_states_that_were_found(streams, truth):
    members = {
        m: {row: found[m] for row, found in streams.items() if m < len(found)}
        for m in range(MEMBERS)
    }
    sweep = pd.DataFrame({"seed": [0], "chosen": [True], "stability": [0.5]})
    lines = pd.DataFrame(score_agreement(members, sweep, ~truth.train))
    across = lines[lines["measure"] == "seed_agreement"]
    assert set(across["row"]) == set(ROWS) - set(GIVEN)
    assert across.set_index("row")["value"]["density"].min() > 0.99
