"""Circuits: pairs differ as asked; patching all carries the answer; a cut is verified on others."""

from __future__ import annotations

import numpy as np
import pytest

from chunkscope.errors import InversionError, SiteError
from chunkscope.grammars import Counting, Words, prefixes
from chunkscope.inversion.circuits.pairs import draw_pairs
from chunkscope.inversion.circuits.search import (
    CUMULATIVE,
    CUTS,
    Circuit,
    cut,
    find_circuit,
    find_circuits,
    patch_cumulatively,
)
from chunkscope.inversion.circuits.settings import CircuitSettings
from chunkscope.inversion.patching import answers
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import GPTSettings, TrainingSettings
from chunkscope.networks.training import train

TASK = Counting(letters=2, distinct=2, most=2)
INPUTS = TASK.inputs()
MODEL = GPTSettings(layers=2, width=16, heads=1, context=10, initial_sd=0.25, embedding_sd=1.5)
SETTINGS = CircuitSettings(
    feature="count", matched=("letter", "length"), points=("target", "colon"), pairs=24
)


@pytest.fixture(scope="module")
def network() -> Network:
    """A network that counts."""
    network = build(MODEL, len(INPUTS.symbols), [0], INPUTS.symbols)
    drawn = TASK.draw(np.random.default_rng(0), 4000)
    settings = TrainingSettings(
        steps=400, batch=32, window=10, learning_rate=0.005, warmup=20, decay="cosine"
    )
    train(network, drawn.tokens, settings, [0], scored=drawn.scored, progress=lambda *_: None)
    return network.eval()


@pytest.fixture(scope="module")
def circuit(network: Network) -> Circuit:
    return find_circuit(network, INPUTS, SETTINGS, np.random.default_rng(0))


@pytest.fixture(scope="module")
def alike(network: Network) -> Circuit:
    return find_circuit(network, INPUTS, SETTINGS, np.random.default_rng(1), alike=True)


def test_pairs_differ_in_the_feature_alone(circuit: Circuit, network: Network) -> None:
    receivers, donors = (
        INPUTS.take(rows) for rows in (circuit.pairs.receivers, circuit.pairs.donors)
    )
    assert len(receivers) == 24
    assert (receivers.labels["count"] != donors.labels["count"]).all()
    for kind in SETTINGS.matched:
        np.testing.assert_array_equal(receivers.labels[kind], donors.labels[kind])
    for inputs, said in ((receivers, circuit.pairs.own), (donors, circuit.pairs.other)):
        np.testing.assert_array_equal(answers(network, inputs, "colon"), said)
        digits = [int(inputs.symbols[token]) for token in said]
        np.testing.assert_array_equal(digits, inputs.labels["count"])


def test_pairs_that_are_alike_share_the_feature(alike: Circuit) -> None:
    receivers, donors = (INPUTS.take(rows) for rows in (alike.pairs.receivers, alike.pairs.donors))
    for kind in (SETTINGS.feature, *SETTINGS.matched):
        np.testing.assert_array_equal(receivers.labels[kind], donors.labels[kind])
    assert (alike.pairs.receivers != alike.pairs.donors).all()
    np.testing.assert_array_equal(alike.pairs.own, alike.pairs.other)


def test_nothing_patched_carries_nothing_and_all_carries_all(circuit: Circuit) -> None:
    table = patch_cumulatively(circuit, 0)
    assert tuple(table.columns) == CUMULATIVE
    for _, steps in table.groupby("order"):
        assert steps["patched"].tolist() == list(range(len(circuit.places) + 1))
        assert steps["carried"].iloc[0] == 0
        assert steps["carried"].iloc[-1] == 1
        assert steps["difference"].iloc[0] > 0 > steps["difference"].iloc[-1]
    none = table[table["patched"] == 0]["difference"]
    every = table[table["patched"] == len(circuit.places)]["difference"]
    for ends in (none, every):  # both orders begin and end alike
        assert ends.iloc[0] == pytest.approx(ends.iloc[1], abs=1e-4)


def test_a_cut_is_verified_on_pairs_that_did_not_choose_it(
    circuit: Circuit, alike: Circuit
) -> None:
    (row,) = cut(circuit, alike, 7).itertuples()
    assert tuple(cut(circuit, alike, 7).columns) == CUTS
    assert row.member == 7
    assert row.n == 12
    places = [tuple(name.split("@"))[::-1] for name in row.sites.split(" + ")]
    assert len(places) == row.size
    carried, _ = circuit.outcome(places, slice(12, None))
    assert row.carried == pytest.approx(carried.mean())
    assert all("attn.hook_result" in site for _, site in places)
    assert row.heads == 2
    assert row.alike_kept == pytest.approx(alike.outcome(places)[0].mean())
    following = [tuple(name.split("@"))[::-1] for name in row.next_sites.split(" + ")]
    assert len(following) == row.size
    assert row.next_carried == pytest.approx(circuit.outcome(following, slice(12, None))[0].mean())


def test_a_smaller_set_carries_less(circuit: Circuit, alike: Circuit) -> None:
    (row,) = cut(circuit, alike, 0).itertuples()
    places = [tuple(name.split("@"))[::-1] for name in row.sites.split(" + ")]
    without, _ = circuit.outcome([], None)
    assert without.mean() < circuit.outcome(places)[0].mean()


def test_circuits_of_other_inputs_are_passed_over(network: Network) -> None:
    other = SETTINGS.model_copy(update={"points": ("equals",)})
    for table, columns in zip(
        find_circuits(network, [0], INPUTS, [other], 0), (CUMULATIVE, CUTS), strict=True
    ):
        assert table.empty
        assert tuple(table.columns) == columns
    steps, cuts = find_circuits(network, [0], INPUTS, [SETTINGS, other], 0)
    assert len(cuts) == 1
    assert set(steps["circuit"]) == {"count"}


def test_what_there_is_not_is_said(network: Network) -> None:
    rng = np.random.default_rng(0)
    unknown = SETTINGS.model_copy(update={"matched": ("lenght",)})
    with pytest.raises(InversionError, match=r"got label 'lenght'; must be one of .*did you mean"):
        find_circuit(network, INPUTS, unknown, rng)
    with pytest.raises(SiteError, match="match nothing"):
        find_circuit(network, INPUTS, SETTINGS.model_copy(update={"sites": ("layers.*",)}), rng)
    words = prefixes(Words(vocabulary={"AB": 0.5, "CA": 0.5}), 6)
    last = SETTINGS.model_copy(update={"points": ("last",)})
    with pytest.raises(InversionError, match="no answer follows last"):
        find_circuit(network, words, last, rng)
    truth = np.zeros(len(INPUTS), np.int64)
    with pytest.raises(InversionError, match="found 0 pairs that share letter, length"):
        draw_pairs(INPUTS, SETTINGS, truth, lambda inputs: np.zeros(len(inputs), np.int64), rng)
