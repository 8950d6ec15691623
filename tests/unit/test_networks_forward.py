"""The forward pass: against stock modules, against the affine formula, and against itself."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.errors import NetworkError, SiteError
from chunkscope.networks.building import build
from chunkscope.networks.recurrent import Recurrent
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
)
from chunkscope.networks.sites import match_sites
from chunkscope.networks.stock import to_stock

VOCABULARY = 5
SEEDS = (3, 1, 4)
ALL = [
    AffineSettings(hidden=6),
    TanhSettings(hidden=6, layers=2, leak=0.3),
    TanhSettings(hidden=6),
    TanhSettings(hidden=6, layers=2),
    GRUSettings(hidden=6),
    GRUSettings(hidden=6, layers=2),
    LSTMSettings(hidden=6),
    LSTMSettings(hidden=6, layers=3),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
]
STOCK = {"tanh": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def name(model: NetworkSettings) -> str:
    return f"{model.architecture}-{model.layers}"


each_network = pytest.mark.parametrize("model", ALL, ids=name)
each_stock = pytest.mark.parametrize("model", ALL[2:-2], ids=name)


def draw_tokens(*shape: int) -> Tensor:
    return torch.randint(VOCABULARY, shape, generator=torch.Generator().manual_seed(0))


def state_tensors(network: Recurrent, state: dict[str, Tensor], hook: str) -> Tensor:
    return torch.stack([state[f"layers.{i}.{hook}"] for i in range(network.settings.layers)], 1)


@each_stock
def test_initial_weights_are_those_that_stock_modules_draw(model: NetworkSettings) -> None:
    network = build(model, VOCABULARY, SEEDS)
    for member, seed in enumerate(SEEDS):
        torch.manual_seed(seed)
        rnn = STOCK[model.architecture](VOCABULARY, model.hidden, model.layers)
        readout = nn.Linear(model.hidden, VOCABULARY)
        ours, our_readout = to_stock(network, member)
        for expected, drawn in zip(rnn.parameters(), ours.parameters(), strict=True):
            assert torch.equal(expected, drawn)
        assert torch.equal(readout.weight, our_readout.weight)


def test_affine_weights_are_two_default_linears() -> None:
    network = build(AffineSettings(hidden=6), VOCABULARY, SEEDS)
    torch.manual_seed(SEEDS[1])
    w, v = nn.Linear(VOCABULARY + 6, 6), nn.Linear(VOCABULARY + 6, VOCABULARY)
    weights = {k: value[1] for k, value in network.state_dict().items()}
    for part, linear in ("layers.0", w), ("readout", v):
        joined = torch.cat([weights[f"{part}.weight_ih"], weights[f"{part}.weight_hh"]], 1)
        assert torch.equal(joined, linear.weight)
        assert torch.equal(weights[f"{part}.bias"], linear.bias)


def test_building_leaves_the_global_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    to_stock(build(LSTMSettings(hidden=4), VOCABULARY, SEEDS), 0)
    assert torch.equal(before, torch.random.get_rng_state())


@each_stock
def test_logits_states_and_gradients_equal_stock(model: NetworkSettings) -> None:
    network = build(model, VOCABULARY, SEEDS)
    tokens = draw_tokens(len(SEEDS), 4, 9)
    output = network(tokens)
    output.logits.square().mean((1, 2, 3)).sum().backward()
    ours = {key: value.grad for key, value in network.named_parameters()}
    for member in range(len(SEEDS)):
        rnn, readout = to_stock(network, member)
        hidden, last = rnn(functional.one_hot(tokens[member], VOCABULARY).float())
        logits = readout(hidden)
        logits.square().mean().backward()
        torch.testing.assert_close(output.logits[member], logits, rtol=1e-5, atol=1e-6)
        states = last if isinstance(last, tuple) else (last,)
        for hook, expected in zip(network.layer_type.states, states, strict=True):
            got = state_tensors(network, output.state, hook)[member]
            torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-6)
        gradients = {f"layers.{k[-1]}.{k[:-3]}": p.grad for k, p in rnn.named_parameters()}
        gradients["readout.weight"] = readout.weight.grad
        for key, expected in gradients.items():
            got = ours[key][member]
            assert (got - expected).norm() <= 1e-5 * expected.norm(), key


def test_affine_is_the_formula_of_the_paper() -> None:
    network = build(AffineSettings(hidden=6), VOCABULARY, SEEDS).double()
    tokens = draw_tokens(4, 9)
    output = network(tokens, record=["*"])
    weights = network.state_dict()
    for member in range(len(SEEDS)):
        w, v = (
            torch.cat([weights[f"{p}.weight_ih"][member], weights[f"{p}.weight_hh"][member]], 1)
            for p in ("layers.0", "readout")
        )
        for row in range(4):
            h = torch.zeros(6, dtype=torch.double)
            for t in range(9):
                joined = torch.cat([functional.one_hot(tokens[row, t], VOCABULARY).double(), h])
                logits = v @ joined + weights["readout.bias"][member]
                h = w @ joined + weights["layers.0.bias"][member]
                torch.testing.assert_close(output.logits[member, row, t], logits)
                activity = output.activations["layers.0.hook_h"][member, row, t]
                torch.testing.assert_close(activity, h)


@each_network
def test_a_member_is_the_same_alone(model: NetworkSettings) -> None:
    network = build(model, VOCABULARY, SEEDS)
    tokens = draw_tokens(len(SEEDS), 4, 9)
    together = network(tokens, record=["*"])
    for member, seed in enumerate(SEEDS):
        alone = network.select([member])
        built = build(model, VOCABULARY, [seed])
        assert type(alone) is type(network)
        assert alone.seeds == (seed,)
        for key, value in built.state_dict().items():
            assert torch.equal(value, alone.state_dict()[key])
        output = alone(tokens[member : member + 1], record=["*"])
        torch.testing.assert_close(output.logits[0], together.logits[member])
        for site, value in output.activations.items():
            torch.testing.assert_close(value[0], together.activations[site][member])


@each_network
def test_shared_tokens_are_the_same_tokens_for_every_member(model: NetworkSettings) -> None:
    network = build(model, VOCABULARY, SEEDS)
    tokens = draw_tokens(4, 9)
    each = tokens.expand(len(SEEDS), 4, 9)
    assert torch.equal(network(tokens).logits, network(each).logits)


@settings(max_examples=30, deadline=None)
@given(model=st.sampled_from(ALL), cut=st.integers(1, 11), batch=st.integers(1, 3))
def test_a_state_continues_the_pass(model: NetworkSettings, cut: int, batch: int) -> None:
    network = build(model, VOCABULARY, SEEDS)
    tokens = draw_tokens(batch, 12)
    whole = network(tokens, record=["*"])
    first = network(tokens[:, :cut], record=["*"])
    second = network(tokens[:, cut:], first.state, record=["*"])
    joined = torch.cat([first.logits, second.logits], 2)
    torch.testing.assert_close(joined, whole.logits)
    for site in network.sites:
        parts = torch.cat([first.activations[site], second.activations[site]], 2)
        torch.testing.assert_close(parts, whole.activations[site])
    for site in network.state_sites:
        torch.testing.assert_close(second.state[site], whole.state[site])


@each_network
def test_recorded_states_end_in_the_state(model: NetworkSettings) -> None:
    network = build(model, VOCABULARY, SEEDS)
    output = network(draw_tokens(2, 7), record=["*"])
    assert list(output.activations) == list(network.sites)
    assert list(output.state) == list(network.state_sites)
    for site in network.state_sites:
        assert output.activations[site].shape == (len(SEEDS), 2, 7, network.width(site))
        assert torch.equal(output.activations[site][:, :, -1], output.state[site])


@torch.no_grad()
def test_what_leaks_away_of_a_state_is_replaced() -> None:
    """One unit that no input reaches, driven by its bias alone: h_t = b (1 - (1 - leak)^t)."""
    network = build(TanhSettings(hidden=1, leak=0.2), VOCABULARY, [0]).double()
    for name, value in network.named_parameters():
        value.fill_(0.5 if name == "layers.0.bias_ih" else 0)
    hidden = network(draw_tokens(1, 30), record=["*"]).activations["layers.0.hook_h"].flatten()
    steps = torch.arange(1, 31, dtype=torch.double)
    torch.testing.assert_close(hidden, torch.tanh(torch.tensor(0.5)).double() * (1 - 0.8**steps))


@torch.no_grad()
def test_a_leak_of_one_is_none() -> None:
    leaky = build(TanhSettings(hidden=6, leak=1 - 1e-12), VOCABULARY, SEEDS).double()
    plain = build(TanhSettings(hidden=6), VOCABULARY, SEEDS).double()
    tokens = draw_tokens(4, 9)
    torch.testing.assert_close(leaky(tokens).logits, plain(tokens).logits, rtol=0, atol=1e-10)
    slow = build(TanhSettings(hidden=6, leak=0.5), VOCABULARY, SEEDS).double()
    assert (slow(tokens).logits - plain(tokens).logits).abs().max() > 1e-3


def test_gates_make_the_states() -> None:
    network = build(LSTMSettings(hidden=4), VOCABULARY, SEEDS)
    output = network(draw_tokens(2, 7), record=["*"])
    i, f, g, o, h, c = (
        output.activations[f"layers.0.hook_{n}"]
        for n in ("gate_i", "gate_f", "gate_g", "gate_o", "h", "c")
    )
    torch.testing.assert_close(c[:, :, 1:], (f * c.roll(1, 2) + i * g)[:, :, 1:])
    torch.testing.assert_close(h, o * torch.tanh(c))

    network = build(GRUSettings(hidden=4), VOCABULARY, SEEDS)
    output = network(draw_tokens(2, 7), record=["*"])
    z, n, h = (output.activations[f"layers.0.hook_{name}"] for name in ("gate_z", "gate_n", "h"))
    torch.testing.assert_close(h[:, :, 1:], ((1 - z) * n + z * h.roll(1, 2))[:, :, 1:])


def test_patterns_choose_sites_in_the_network_s_order() -> None:
    sites = build(LSTMSettings(hidden=4, layers=2), VOCABULARY, SEEDS).sites
    assert match_sites(["layers.1.hook_h", "*.hook_h"], sites) == [
        "layers.0.hook_h",
        "layers.1.hook_h",
    ]
    assert match_sites(["layers.0.hook_gate_?"], sites) == [
        f"layers.0.hook_gate_{gate}" for gate in "ifgo"
    ]
    assert match_sites([], sites) == []


def test_a_pattern_that_matches_nothing_lists_the_sites() -> None:
    network = build(TanhSettings(hidden=4), VOCABULARY, SEEDS)
    with pytest.raises(SiteError, match=r"hook_x.*has layers\.0\.hook_h; did you mean layers\.0"):
        network(draw_tokens(1, 2), record=["layers.0.hook_x"])


@pytest.mark.parametrize(
    "tokens",
    [
        torch.zeros(3, dtype=torch.long),
        torch.zeros(2, 3),
        torch.zeros(2, 0, dtype=torch.long),
        torch.zeros(2, 2, 3, dtype=torch.long),
        torch.tensor([[0, VOCABULARY]]),
        torch.tensor([[-1, 0]]),
    ],
)
def test_tokens_that_do_not_fit_are_refused(tokens: Tensor) -> None:
    network = build(TanhSettings(hidden=4), VOCABULARY, SEEDS)
    with pytest.raises(NetworkError, match="tokens: got"):
        network(tokens)


def test_states_that_do_not_fit_are_refused() -> None:
    network = build(LSTMSettings(hidden=4), VOCABULARY, SEEDS)
    tokens = draw_tokens(2, 3)
    state = network(tokens).state
    with pytest.raises(NetworkError, match=r"hook_h: got shape \(3, 2, 4\)"):
        network(draw_tokens(1, 3), state)
    with pytest.raises(SiteError, match=r"hook_c is missing"):
        network(tokens, {"layers.0.hook_h": state["layers.0.hook_h"]})
    with pytest.raises(SiteError, match=r"hook_d.*did you mean"):
        network(tokens, {**state, "layers.0.hook_d": state["layers.0.hook_h"]})


def test_ensembles_that_cannot_be_are_refused() -> None:
    with pytest.raises(NetworkError, match="no seeds"):
        build(TanhSettings(hidden=4), VOCABULARY, [])
    with pytest.raises(NetworkError, match="a name of its own"):
        build(TanhSettings(hidden=4), 2, [0], symbols="AA")
    network = build(TanhSettings(hidden=4), 2, [0], symbols="AB")
    assert network.symbols == ("A", "B")
    with pytest.raises(NetworkError, match="members"):
        network.select([1])
