"""A trained decoder says the preimage; it learns from members of balls, and from none held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from chunkscope.errors import InversionError
from chunkscope.grammars import Counting
from chunkscope.inversion.decoder.files import Trained, load_decoder, save_decoder
from chunkscope.inversion.decoder.pairs import UNTOLD, Pairs, Readings, _within
from chunkscope.inversion.decoder.scoring import said_of
from chunkscope.inversion.decoder.settings import DecoderSettings
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
            members = np.flatnonzero((INPUTS.labels[kind] == value) & SEEN)
            activity = READINGS.activity[site][members[0]]
            said = said_of(decoder, site, activity, INPUTS.tokens[members], INPUTS.length[members])
            ball = Ball.whole(INPUTS.probability[members])
            assert precision(ball, said) > 0.9
            assert total_variation(ball, said) < 0.2
    nothing = np.zeros(0, np.float32)
    at_large = np.flatnonzero(SEEN)
    said = said_of(
        decoder, decoder.nothing, nothing, INPUTS.tokens[at_large], INPUTS.length[at_large]
    )
    assert total_variation(Ball.whole(INPUTS.probability[at_large]), said) < 0.3


def draw_pairs(activity: np.ndarray, radius: float, count: int) -> tuple[np.ndarray, ...]:
    """Members and the activity that they were drawn for, without those that are told nothing."""
    pairs = Pairs(INPUTS, Readings(("site",), (activity,)), SEEN, radius, np.random.default_rng(0))
    rows, sites, told = pairs(count)
    assert (sites == 1).mean() == pytest.approx(UNTOLD, abs=0.005)
    assert not told[sites == 1].any()
    return rows[sites == 0], told[sites == 0]


def test_members_are_drawn_by_their_share_of_the_ball() -> None:
    activity = np.random.default_rng(1).standard_normal((len(INPUTS), 2)).astype(np.float32)
    metric = Metric("euclidean", np.zeros(2))
    rows, told = draw_pairs(activity, 0.6, 60_000)
    asked = np.where(SEEN, INPUTS.probability, 0)
    for query in np.flatnonzero(SEEN)[:10]:
        found = rows[(told == activity[query]).all(axis=1)]
        near = metric.distance(activity, activity[query : query + 1])[0] <= 0.6
        shares = np.where(near, asked, 0) / asked[near].sum()
        seen = np.bincount(found, minlength=len(INPUTS)) / len(found)
        # eight members are drawn for every activity out of the same random inputs
        error = np.sqrt(8 * shares * (1 - shares) / len(found))
        assert len(found) > 100
        assert (np.abs(seen - shares) < 5 * error + 0.01).all()


def test_queries_are_drawn_as_inputs_are_and_none_that_is_held_out() -> None:
    activity = np.eye(len(INPUTS), dtype=np.float32)
    rows, told = draw_pairs(activity, 0.1, 30_000)  # every ball holds its query alone
    np.testing.assert_array_equal(told, activity[rows])
    asked = np.where(SEEN, INPUTS.probability, 0)
    asked /= asked.sum()
    seen = np.bincount(rows, minlength=len(INPUTS)) / len(rows)
    error = np.sqrt(8 * asked * (1 - asked) / len(rows))
    assert (np.abs(seen - asked) <= 5 * error).all()


def test_a_ball_in_which_nothing_is_found_stands_for_its_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chunkscope.inversion.decoder.pairs.SEARCHED", 1)
    activity = np.eye(len(INPUTS), dtype=np.float32)
    rows, told = draw_pairs(activity, 0.1, 20_000)
    np.testing.assert_array_equal(told, activity[rows])
    assert len(np.unique(rows)) > SEEN.sum() / 2


def test_within_is_the_euclidean_metric() -> None:
    rng = np.random.default_rng(0)
    queries, activity = (rng.standard_normal((n, 5)).astype(np.float32) for n in (20, 300))
    distance = Metric("euclidean", np.zeros(5)).distance(activity, queries)
    for radius in (0.5, 1.0, 1.5):
        np.testing.assert_array_equal(_within(queries, activity, radius), distance <= radius)


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
