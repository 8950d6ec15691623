"""A trained decoder says the preimage; it learns from members of balls, told none held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting
from chunkscope.inversion.decoder.beginnings import Alike, alphabetical, continuations, strings_of
from chunkscope.inversion.decoder.files import Trained, load_decoder, save_decoder
from chunkscope.inversion.decoder.pairs import EACH, UNTOLD, Batch, Pairs, Readings, _within
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.inversion.decoder.targets import said_of
from chunkscope.inversion.decoder.training import train_decoder
from chunkscope.inversion.distances import Metric
from chunkscope.inversion.quality import Ball, precision, total_variation
from chunkscope.inversion.selection import held_out

INPUTS = Counting(letters=3, distinct=2, most=2).inputs()
SEEN = ~held_out(INPUTS, 0.2, seed=0)
SETTINGS = DecoderSettings(
    layers=1, width=32, heads=2, steps_per_site=400, batch=64, learning_rate=0.01
)


def silent(step: int, loss: float) -> None:
    """Reports nothing."""


def one_hot(kind: str) -> np.ndarray:
    values = INPUTS.labels[kind] - INPUTS.labels[kind].min()
    return np.eye(values.max() + 1, dtype=np.float32)[values]


READINGS = Readings(("letter", "length"), (one_hot("letter"), one_hot("length")))


def test_what_it_says_is_the_preimage() -> None:
    decoder = train_decoder(INPUTS, READINGS, SEEN, 0.1, SETTINGS, seed=0, progress=silent)
    decoder.requires_grad_(False)
    for site, kind in enumerate(READINGS.names):
        for value in np.unique(INPUTS.labels[kind]):
            members = np.flatnonzero(INPUTS.labels[kind] == value)
            activity = READINGS.activity[site][members[0]]
            said = said_of(decoder, site, activity, INPUTS.tokens[members], INPUTS.length[members])
            ball = Ball.whole(INPUTS.probability[members])
            assert precision(ball, said) > 0.9
            assert total_variation(ball, said) < 0.2
    nothing = np.zeros(0, np.float32)
    said = said_of(decoder, decoder.nothing, nothing, INPUTS.tokens, INPUTS.length)
    assert total_variation(Ball.whole(INPUTS.probability), said) < 0.3


STRINGS = strings_of(INPUTS)
ROWS = {string.tobytes(): row for row, string in enumerate(STRINGS)}


def draw_batch(activity: np.ndarray, radius: float, count: int) -> Batch:
    readings = Readings(("site",), (activity,))
    return Pairs(INPUTS, readings, SEEN, radius, np.random.default_rng(0))(count)


def draw_pairs(activity: np.ndarray, radius: float, count: int) -> tuple[np.ndarray, ...]:
    """Members and the activity that they were drawn for, without those that are told nothing."""
    batch = draw_batch(activity, radius, count)
    nothing = batch.sites == 1
    assert nothing.mean() == pytest.approx(UNTOLD, abs=0.005)
    assert not batch.activity[nothing].any()
    rows = np.array([ROWS[string.tobytes()] for string in batch.strings])
    return rows[~nothing], batch.activity[~nothing]


def test_members_are_drawn_by_their_share_of_the_ball() -> None:
    activity = np.random.default_rng(1).standard_normal((len(INPUTS), 2)).astype(np.float32)
    metric = Metric("euclidean", np.zeros(2))
    rows, told = draw_pairs(activity, 0.6, 60_000)
    asked = INPUTS.probability
    for query in np.flatnonzero(SEEN)[:10]:
        found = rows[(told == activity[query]).all(axis=1)]
        near = metric.distance(activity, activity[query : query + 1])[0] <= 0.6
        shares = np.where(near, asked, 0) / asked[near].sum()
        seen = np.bincount(found, minlength=len(INPUTS)) / len(found)
        # members are drawn for every activity out of the same random inputs
        error = np.sqrt(EACH * shares * (1 - shares) / len(found))
        assert len(found) > 100
        assert (np.abs(seen - shares) < 5 * error + 0.01).all()


def test_queries_are_drawn_as_inputs_are_and_none_that_is_held_out() -> None:
    activity = np.eye(len(INPUTS), dtype=np.float32)
    rows, told = draw_pairs(activity, 0.1, 30_000)  # every ball holds its query alone
    np.testing.assert_array_equal(told, activity[rows])
    asked = np.where(SEEN, INPUTS.probability, 0)
    asked /= asked.sum()
    seen = np.bincount(rows, minlength=len(INPUTS)) / len(rows)
    error = np.sqrt(EACH * asked * (1 - asked) / len(rows))
    assert (np.abs(seen - asked) <= 5 * error).all()


def test_a_ball_in_which_nothing_is_found_stands_for_its_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chunkscope.inversion.decoder.pairs.SEARCHED", 1)
    activity = np.eye(len(INPUTS), dtype=np.float32)
    rows, told = draw_pairs(activity, 0.1, 20_000)
    np.testing.assert_array_equal(told, activity[rows])
    assert len(np.unique(rows)) > SEEN.sum() / 2


def shares_by_hand(members: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """(symbol,) of what members go on with that begin so, by their weight."""
    step = len(begins)
    alike = members[(STRINGS[members, :step] == begins).all(axis=1)]
    weight = INPUTS.probability[alike]
    return np.bincount(STRINGS[alike, step], weight, len(INPUTS.symbols) + 1) / weight.sum()


def test_shares_are_of_members_that_begin_alike() -> None:
    activity = np.random.default_rng(1).standard_normal((len(INPUTS), 2)).astype(np.float32)
    metric = Metric("euclidean", np.zeros(2))
    batch = draw_batch(activity, 0.6, 300)
    for string, shares, site, told in zip(
        batch.strings, batch.shares, batch.sites, batch.activity, strict=True
    ):
        near = metric.distance(activity, told[None])[0] <= 0.6 if site == 0 else True
        members = np.flatnonzero(np.broadcast_to(near, len(INPUTS)))
        stop = int((string == len(INPUTS.symbols)).argmax())
        for step in range(stop + 1):
            expected = shares_by_hand(members, string[:step])
            np.testing.assert_allclose(shares[step], expected, atol=1e-6)
        assert not shares[stop + 1 :].any()


def test_shares_of_random_members_are_right_in_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many begin alike to go through them, and those that are drawn tell."""
    monkeypatch.setattr("chunkscope.inversion.decoder.beginnings.FEW", 0)
    monkeypatch.setattr("chunkscope.inversion.decoder.pairs.KNOWN", 3)
    batch = draw_batch(one_hot("letter"), 0.1, 120_000)
    for letter in range(3):
        asked = (batch.activity.argmax(axis=1) == letter) & (batch.sites == 0)
        members = np.flatnonzero(one_hot("letter").argmax(axis=1) == letter)
        expected = shares_by_hand(members, STRINGS[0, :0])
        found = batch.shares[asked, 0].mean(axis=0)
        np.testing.assert_allclose(found, expected, atol=0.02)
        symbol = int(expected.argmax())
        begun = asked & (batch.strings[:, 0] == symbol)
        expected = shares_by_hand(members, np.array([symbol]))
        np.testing.assert_allclose(batch.shares[begun, 1].mean(axis=0), expected, atol=0.035)


@pytest.mark.parametrize("few", [1, 5, 30, 1000])
def test_few_begin_as_an_input_does(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chunkscope.inversion.decoder.beginnings.FEW", few)
    strings = STRINGS[alphabetical(STRINGS)]
    assert sorted(map(tuple, STRINGS.tolist())) == list(map(tuple, strings.tolist()))
    alike = Alike.among(strings)
    for row, string in enumerate(strings):
        same = [
            int((strings[:, :step] == string[:step]).all(axis=1).sum())
            for step in range(len(string) + 1)
        ]
        assert alike.shared[row] == next(step for step, n in enumerate(same) if n <= few)
        begins = string[: alike.shared[row]]
        expected = np.flatnonzero((strings[:, : len(begins)] == begins).all(axis=1))
        np.testing.assert_array_equal(np.arange(alike.first[row], alike.end[row]), expected)


def test_continuations_are_counted_with_their_weight() -> None:
    strings = np.array([[0, 1, 2], [1, 1, 2]], np.int16)
    others = np.array([[0, 1, 1], [0, 0, 1], [1, 1, 2], [0, 1, 2]], np.int16)
    found = continuations(
        strings, np.array([0, 0, 1, 1]), others, np.array([1.0, 2.0, 4.0, 8.0]), 3
    )
    expected = np.zeros((2, 3, 3))
    expected[0, 0, 0], expected[0, 1, 1], expected[0, 1, 0], expected[0, 2, 1] = 3, 1, 2, 1
    expected[1, 0, 1], expected[1, 0, 0], expected[1, 1, 1], expected[1, 2, 2] = 4, 8, 4, 4
    np.testing.assert_array_equal(found, expected)


def test_within_is_the_euclidean_metric() -> None:
    rng = np.random.default_rng(0)
    queries, activity = (rng.standard_normal((n, 5)).astype(np.float32) for n in (20, 300))
    squares = (activity**2).sum(axis=1)
    distance = Metric("euclidean", np.zeros(5)).distance(activity, queries)
    for radius in (0.5, 1.0, 1.5):
        within = _within(queries, activity, squares, radius)
        np.testing.assert_array_equal(within, distance <= radius)


def test_the_same_seed_gives_the_same_decoder() -> None:
    brief = SETTINGS.model_copy(update={"steps_per_site": 5})
    first, again, other = (
        train_decoder(INPUTS, READINGS, SEEN, 0.1, brief, seed, progress=silent).state_dict()
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["readout.weight"], other["readout.weight"])


def test_activity_of_other_inputs_is_refused() -> None:
    short = Readings(("letter",), (one_hot("letter")[1:],))
    with pytest.raises(InversionError, match=r"activity of \[83\] inputs at 1 sites; must be of"):
        train_decoder(INPUTS, short, SEEN, 0.1, SETTINGS, seed=0, progress=silent)


def test_a_decoder_comes_back_from_disk(tmp_path: Path) -> None:
    brief = SETTINGS.model_copy(update={"steps_per_site": 2})
    decoder = train_decoder(INPUTS, READINGS, SEEN, 0.1, brief, 0, progress=silent)
    save_decoder(Trained(decoder, 2, (("target", "a"), ("colon", "b"))), brief, tmp_path)
    found = load_decoder(tmp_path)
    assert found is not None
    assert (found.member, found.places) == (2, (("target", "a"), ("colon", "b")))
    weights = decoder.state_dict()
    assert all(torch.equal(weights[k], v) for k, v in found.decoder.state_dict().items())
    save_decoder(None, brief, tmp_path)
    assert load_decoder(tmp_path) is None
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InversionError, match="holds no whole decoder"):
        load_decoder(tmp_path)
