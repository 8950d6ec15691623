"""Networks that read real numbers: against stock modules, against symbols, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError
from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_checkpoints, save_pretrained
from chunkscope.networks.rollouts import rollout
from chunkscope.networks.settings import (
    AffineSettings,
    GPTSettings,
    GRUSettings,
    HuggingFaceSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
    TrainingSettings,
)
from chunkscope.networks.stock import from_stock, to_stock
from chunkscope.networks.training import train

CHANNELS, SYMBOLS = ("fixation", "left", "right", "rule"), ("wait", "left", "right")
SEEDS, BATCH, TIME = (3, 1), 4, 9
STOCK_MODELS = [
    TanhSettings(hidden=6),
    TanhSettings(hidden=6, layers=2),
    GRUSettings(hidden=6, layers=2),
    LSTMSettings(hidden=6, layers=2),
]
STOCK = {"tanh": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
MODELS = [
    *STOCK_MODELS,
    TanhSettings(hidden=6, leak=0.3),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
]


def name(model: NetworkSettings) -> str:
    return f"{model.architecture}-{model.layers}"


each_model = pytest.mark.parametrize("model", MODELS, ids=name)
each_stock = pytest.mark.parametrize("model", STOCK_MODELS, ids=name)


def draw_numbers(*lead: int, channels: int = len(CHANNELS)) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*lead, BATCH, TIME, channels, generator=generator)


@each_stock
def test_weights_logits_states_and_gradients_are_those_of_stock(model: NetworkSettings) -> None:
    network = build(model, len(SYMBOLS), SEEDS, SYMBOLS, CHANNELS)
    inputs = draw_numbers(len(SEEDS))
    output = network(inputs)
    output.logits.square().mean((1, 2, 3)).sum().backward()
    for member, seed in enumerate(SEEDS):
        torch.manual_seed(seed)
        rnn = STOCK[model.architecture](len(CHANNELS), model.hidden, model.layers, batch_first=True)
        readout = nn.Linear(model.hidden, len(SYMBOLS))
        ours, our_readout = to_stock(network, member)
        for expected, drawn in zip(rnn.parameters(), ours.parameters(), strict=True):
            assert torch.equal(expected, drawn)
        assert torch.equal(readout.weight, our_readout.weight)

        hidden, last = rnn(inputs[member])
        logits = readout(hidden)
        logits.square().mean().backward()
        torch.testing.assert_close(output.logits[member], logits, rtol=1e-5, atol=1e-6)
        states = last if isinstance(last, tuple) else (last,)
        for hook, expected in zip(network.layer_type.states, states, strict=True):
            got = [output.state[f"layers.{layer}.{hook}"][member] for layer in range(model.layers)]
            torch.testing.assert_close(torch.stack(got), expected, rtol=1e-5, atol=1e-6)
        gradients = {f"layers.{k[-1]}.{k[:-3]}": p.grad for k, p in rnn.named_parameters()}
        for key, expected in gradients.items():
            got = network.get_parameter(key).grad[member]
            assert (got - expected).norm() <= 1e-5 * expected.norm(), key


@each_model
def test_one_hot_channels_are_symbols(model: NetworkSettings) -> None:
    """The same weights, once as a network of symbols and once as one of channels."""
    symbols = build(model, 4, SEEDS)
    channels = build(model, 4, SEEDS, channels=CHANNELS)
    tokens = torch.randint(4, (BATCH, TIME), generator=torch.Generator().manual_seed(1))
    one_hot = functional.one_hot(tokens, 4).float()
    expected, got = symbols(tokens, record=["*"]), channels(one_hot, record=["*"])
    torch.testing.assert_close(got.logits, expected.logits)
    assert list(got.activations) == list(expected.activations)
    for site, activity in expected.activations.items():
        torch.testing.assert_close(got.activations[site], activity)


@each_model
@torch.no_grad()
def test_members_rows_and_steps_do_not_touch(model: NetworkSettings) -> None:
    network = build(model, len(SYMBOLS), SEEDS, channels=CHANNELS)
    shared = draw_numbers()
    plain = network(shared).logits
    each = shared.expand(len(SEEDS), -1, -1, -1)
    assert torch.equal(network(each).logits, plain)

    changed = each.clone()
    changed[1, 2, 5] += 1
    moved = (network(changed).logits - plain).abs().amax(-1)
    assert (moved[1, 2, 5:] > 0).all()
    moved[1, 2, 5:] = 0
    assert (moved == 0).all()

    alone = network.select([1])
    assert alone.channels == CHANNELS
    torch.testing.assert_close(alone(changed[1:]).logits, network(changed).logits[1:])


@each_model
@torch.no_grad()
def test_a_state_continues_the_pass(model: NetworkSettings) -> None:
    network, inputs = build(model, 3, SEEDS, channels=CHANNELS), draw_numbers(len(SEEDS))
    first = network(inputs[:, :, :4])
    second = network(inputs[:, :, 4:], first.state)
    joined = torch.cat([first.logits, second.logits], 2)
    torch.testing.assert_close(joined, network(inputs).logits)


@torch.no_grad()
def test_recorded_states_read_out_to_the_logits() -> None:
    network, inputs = build(STOCK_MODELS[0], 3, SEEDS, channels=CHANNELS), draw_numbers()
    output = network(inputs, record=["*"])
    read = network.read_out(inputs, output.activations["layers.0.hook_h"])
    assert torch.equal(read, output.logits)


@each_model
def test_a_saved_network_comes_back_with_its_channels(
    model: NetworkSettings, tmp_path: Path
) -> None:
    network = build(model, len(SYMBOLS), SEEDS, SYMBOLS, CHANNELS)
    save_pretrained(network, tmp_path)
    save_checkpoints({0: network.state_dict()}, tmp_path / "checkpoints.safetensors")
    for loaded in (from_pretrained(tmp_path), from_pretrained(tmp_path, step=0)):
        assert (loaded.channels, loaded.symbols, loaded.settings) == (CHANNELS, SYMBOLS, model)
        inputs = draw_numbers()
        assert torch.equal(loaded(inputs).logits, network(inputs).logits)


def test_the_config_of_a_network_of_symbols_names_no_channels(tmp_path: Path) -> None:
    save_pretrained(build(STOCK_MODELS[2], 4, SEEDS), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert set(config) == {"chunkscope_version", "network", "seeds", "symbols"}
    (tmp_path / "config.json").write_text(json.dumps(config | {"channels": []}))
    with pytest.raises(NetworkError, match="channels: must be a list that is not empty"):
        from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config | {"channels": ["a"]}))
    with pytest.raises(NetworkError, match="asks for"):
        from_pretrained(tmp_path)


def test_stock_recurrences_over_numbers_come_in() -> None:
    rnn, readout = nn.LSTM(4, 6, 2, batch_first=True), nn.Linear(6, 3)
    network = from_stock(rnn, readout, SYMBOLS, channels=CHANNELS)
    assert (network.channels, network.symbols) == (CHANNELS, SYMBOLS)
    inputs = draw_numbers()
    torch.testing.assert_close(network(inputs).logits[0], readout(rnn(inputs)[0]))
    with pytest.raises(NetworkError, match="input_size must equal the 2 channels"):
        from_stock(rnn, readout, channels=("a", "b"))


@pytest.mark.parametrize(
    "inputs",
    [
        torch.zeros(BATCH, TIME, dtype=torch.long),
        torch.zeros(BATCH, TIME, 4, dtype=torch.long),
        torch.zeros(BATCH, TIME),
        torch.zeros(BATCH, TIME, 3),
        torch.zeros(BATCH, 0, 4),
        torch.zeros(3, BATCH, TIME, 4),
    ],
)
def test_numbers_that_do_not_fit_are_refused(inputs: Tensor) -> None:
    network = build(STOCK_MODELS[0], 3, SEEDS, channels=CHANNELS)
    with pytest.raises(NetworkError, match=r"inputs: got .* reads fixation, left, right, rule"):
        network(inputs)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    """The last one is not finite in the network's own precision."""
    network = build(STOCK_MODELS[0], 3, SEEDS, channels=CHANNELS)
    inputs = draw_numbers().double()
    inputs[0, 3, 1] = value
    with pytest.raises(NetworkError, match="NaN or infinite"):
        network(inputs)


def test_numbers_given_to_a_network_of_symbols_are_refused() -> None:
    with pytest.raises(NetworkError, match="tokens: got float32"):
        build(STOCK_MODELS[0], 4, SEEDS)(draw_numbers())


@pytest.mark.parametrize(
    "model",
    [
        AffineSettings(hidden=6),
        GPTSettings(layers=1, width=8, heads=2, context=16),
        HuggingFaceSettings(path="nowhere"),
    ],
    ids=lambda model: model.architecture,
)
def test_architectures_that_read_symbols_alone_say_so(model: NetworkSettings) -> None:
    with pytest.raises(NetworkError, match=r"channels: got .* reads symbols alone"):
        build(model, 4, [0], channels=CHANNELS)


@pytest.mark.parametrize("channels", [(), ("a", "a")])
def test_channels_that_cannot_be_are_refused(channels: tuple[str, ...]) -> None:
    with pytest.raises(NetworkError, match="at least one, each with a name of its own"):
        build(STOCK_MODELS[0], 4, SEEDS, channels=channels)


def test_only_networks_of_symbols_say_and_learn_the_next_one() -> None:
    network = build(STOCK_MODELS[0], 4, SEEDS, channels=CHANNELS)
    with pytest.raises(NetworkError, match="rollout: got a network that reads the channels"):
        rollout(network, draw_numbers(), steps=1)
    tokens = np.zeros((5, 20), int)
    with pytest.raises(NetworkError, match="training: got a network that reads the channels"):
        train(network, tokens, TrainingSettings(steps=1, window=10), SEEDS)
