"""What a network does on a corpus stands in the store, site by site and member by member."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from chunkscope.errors import SiteError, StoreError
from chunkscope.grammars import Corpus, Counting
from chunkscope.networks import passes
from chunkscope.networks.building import build
from chunkscope.networks.recurrent import Recurrent
from chunkscope.networks.settings import GRUSettings, LSTMSettings
from chunkscope.store import ActivationStore, StoreSettings
from chunkscope.store.recording import record_activations, record_inputs

N, TIME, TRAIN, SEEDS = 11, 6, 7, (4, 9, 2)
SYMBOLS = ("a", "b", "c")


@pytest.fixture
def corpus() -> Corpus:
    rng = np.random.default_rng(1)
    return Corpus(
        tokens=rng.integers(0, 3, (N, TIME)).astype(np.uint8),
        symbols=SYMBOLS,
        labels={"word": rng.integers(0, 2, (N, TIME)).astype(np.int32)},
        next_distribution=rng.dirichlet(np.ones(3), (N, TIME)).astype(np.float32),
        names={"word": ("ab", "c")},
    )


@pytest.fixture
def network() -> Recurrent:
    return build(LSTMSettings(hidden=5, layers=2), 3, SEEDS, SYMBOLS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "activations.zarr.zip"


@pytest.fixture(autouse=True)
def passes_of_four_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SYMBOLS_PER_PASS", 4 * TIME)


def test_every_site_of_every_member_is_what_the_whole_ensemble_does(
    network: Recurrent, corpus: Corpus, path: Path
) -> None:
    record_activations(network, corpus, TRAIN, ["*"], path)
    tokens = torch.from_numpy(corpus.tokens.astype(np.int64))
    with torch.no_grad():
        expected = network(tokens, record=["*"]).activations
    with ActivationStore.open(path, verify="digests") as store:
        assert store.seeds == [0, 1, 2]
        assert store.attributes["network_seeds"] == list(SEEDS)
        for member in store.seeds:
            assert set(store.sites(member)) == set(network.sites)
            for site in network.sites:
                np.testing.assert_allclose(
                    store.activations(member, site), expected[site][member], atol=1e-6
                )


def test_losses_are_the_cross_entropy_of_the_next_symbol(
    network: Recurrent, corpus: Corpus, path: Path
) -> None:
    record_activations(network, corpus, TRAIN, ["layers.0.hook_h"], path)
    tokens = torch.from_numpy(corpus.tokens.astype(np.int64))
    with torch.no_grad():
        logits = network(tokens).logits
    with ActivationStore.open(path) as store:
        for member in store.seeds:
            losses = store.loss(member)
            assert np.isnan(losses[:, -1]).all()
            for time in range(TIME - 1):
                nats = functional.cross_entropy(
                    logits[member, :, time], tokens[:, time + 1], reduction="none"
                )
                np.testing.assert_allclose(losses[:, time], nats, atol=1e-6)


def test_the_corpus_stands_beside_the_activations_and_is_split_in_its_order(
    network: Recurrent, corpus: Corpus, path: Path
) -> None:
    record_activations(network, corpus, TRAIN, ["layers.0.*"], path, attributes={"run": "tiny"})
    with ActivationStore.open(path) as store:
        assert store.attributes["run"] == "tiny"
        assert store.symbols == list(SYMBOLS)
        assert store.label_names("word") == ["ab", "c"]
        np.testing.assert_array_equal(store.is_train, np.arange(N) < TRAIN)
        np.testing.assert_array_equal(store.tokens("train"), corpus.tokens[:TRAIN])
        np.testing.assert_array_equal(store.labels("word", "test"), corpus.labels["word"][TRAIN:])
        np.testing.assert_array_equal(store.next_distribution(), corpus.next_distribution)
        assert all(site.startswith("layers.0.") for site in store.sites(0))


@pytest.mark.parametrize("codec", ["raw", "zstd", "lz4"])
def test_the_same_network_makes_the_same_bytes(
    network: Recurrent, corpus: Corpus, tmp_path: Path, codec: str
) -> None:
    settings = StoreSettings.model_validate({"codec": codec})
    for name in ("first", "second"):
        record_activations(network, corpus, TRAIN, ["*"], tmp_path / name, settings)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_network_that_diverged_is_named_and_leaves_no_file(corpus: Corpus, path: Path) -> None:
    network = build(GRUSettings(hidden=5), 3, SEEDS, SYMBOLS)
    column = corpus.tokens[4, 2]
    with torch.no_grad():  # unit 3 of the second member breaks at the first symbol of that kind
        network.layers[0].weight_ih[1, 2 * 5 + 3, column] = torch.nan
    first = tuple(int(i) for i in np.argwhere(corpus.tokens == column)[0])
    place = rf"seed 1: layers\.0\.hook_h: got nan at .* \({first[0]}, {first[1]}, 3\)"
    with pytest.raises(StoreError, match=place):
        record_activations(network, corpus, TRAIN, ["layers.0.hook_h"], path)
    assert not list(path.parent.iterdir())


def test_a_pattern_without_a_site_is_refused_and_leaves_no_file(
    network: Recurrent, corpus: Corpus, path: Path
) -> None:
    with pytest.raises(SiteError):
        record_activations(network, corpus, TRAIN, ["layers.7.hook_h"], path)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("points", [["target"], ["colon"], ["colon", "target"]])
def test_inputs_are_recorded_at_their_own_points(path: Path, points: list[str]) -> None:
    inputs = Counting(letters=3, distinct=2, most=2).inputs()
    network = build(LSTMSettings(hidden=5), len(inputs.symbols), SEEDS, inputs.symbols)
    record_inputs(network, inputs, points, ["layers.*.hook_[hc]"], path)
    with torch.no_grad():
        whole = network(torch.from_numpy(inputs.tokens.astype(np.int64)), record=["*"]).activations
    rows = np.arange(len(inputs))[:, None]
    steps = np.stack([inputs.points[point] for point in points], axis=1)
    with ActivationStore.open(path, verify="digests") as store:
        assert store.attributes["points"] == points
        np.testing.assert_array_equal(store.tokens(), inputs.tokens[rows, steps])
        for member in range(len(SEEDS)):
            assert store.sites(member) == ["layers.0.hook_h", "layers.0.hook_c"]
            for site in store.sites(member):
                expected = whole[site][member].numpy()[rows, steps]
                found = store.activations(member, site)
                assert found.shape == (len(inputs), len(points), 5)
                np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_point_that_inputs_have_not_is_refused(path: Path) -> None:
    inputs = Counting(letters=3, distinct=2, most=2).inputs()
    network = build(LSTMSettings(hidden=5), len(inputs.symbols), SEEDS, inputs.symbols)
    with pytest.raises(StoreError, match="got point 'colom'; inputs are read at target, colon"):
        record_inputs(network, inputs, ["target", "colom"], ["*"], path)
    assert not path.exists()
