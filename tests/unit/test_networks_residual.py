"""minGRU and the state-space model: the scan against the step loop, and what they can learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from chunkscope.errors import NetworkError, SiteError
from chunkscope.networks.building import build
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.settings import (
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TrainingSettings,
)
from chunkscope.networks.stock import to_stock
from chunkscope.networks.training import evaluate, train

VOCABULARY, SEEDS, BATCH, TIME = 5, (3, 1), 4, 13
MODELS = [MinGRUSettings(hidden=6), SSMSettings(hidden=6, state=3)]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture)


def draw_tokens() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(VOCABULARY, (BATCH, TIME), generator=generator)


def in_a_loop(network: Network) -> list[Edit]:
    """Edits that change nothing, so that every layer runs step by step."""
    sites = network.state_sites
    zero, one = np.zeros(BATCH), np.ones(BATCH)
    nothing = [np.zeros((BATCH, network.width(site)), np.float32) for site in sites]
    return [
        Edit(site, np.ones((BATCH, TIME), bool), value == 0, keep=one, hold=zero, value=value)
        for site, value in zip(sites, nothing, strict=True)
    ]


@each_model
def test_the_scan_is_the_loop_in_values_and_gradients(model: NetworkSettings) -> None:
    network, tokens = build(model, VOCABULARY, SEEDS).double(), draw_tokens()
    with torch.no_grad():
        start = network(tokens).state
    found = []
    for edits in [], in_a_loop(network):
        network.zero_grad()
        output = network(tokens, start, edits, record=["*"])
        output.logits.log_softmax(-1).square().sum().backward()
        tensors = [output.logits, *output.activations.values()]
        tensors += [output.state[site] for site in network.state_sites]
        found.append(tensors + [parameter.grad for parameter in network.parameters()])
    for scanned, looped in zip(*found, strict=True):
        torch.testing.assert_close(scanned, looped, rtol=1e-10, atol=1e-12)


@each_model
@torch.no_grad()
def test_only_the_state_remembers(model: NetworkSettings) -> None:
    """The first step cannot be told from what comes later once every state is zeroed."""
    network, tokens = build(model, VOCABULARY, SEEDS), draw_tokens()
    erase = [
        Edit(
            site,
            when=np.ones((BATCH, TIME), bool),
            units=np.ones((BATCH, network.width(site)), bool),
            keep=np.zeros(BATCH),
            hold=np.zeros(BATCH),
            value=np.zeros((BATCH, network.width(site))),
        )
        for site in network.state_sites
    ]
    other = tokens.clone()
    other[:, 0] = (other[:, 0] + 1) % VOCABULARY
    changed = (network(other).logits - network(tokens).logits).abs().amax((0, 1, 3))
    assert (changed > 0).all()
    forgotten = network(other, None, erase).logits - network(tokens, None, erase).logits
    assert (forgotten[:, :, 1:] == 0).all()


@torch.no_grad()
def test_the_gates_make_the_states() -> None:
    network = build(MODELS[0], VOCABULARY, SEEDS)
    recorded = network(draw_tokens(), record=["layers.1.*"]).activations
    z, n, h, stream = (
        recorded[f"layers.1.hook_{name}"] for name in ("gate_z", "gate_n", "h", "resid_post")
    )
    torch.testing.assert_close(h[:, :, 0], (z * n)[:, :, 0])
    torch.testing.assert_close(h[:, :, 1:], ((1 - z) * h.roll(1, 2) + z * n)[:, :, 1:])
    weights = network.state_dict()
    read = torch.einsum("svu,sbtu->sbtv", weights["readout.weight"], stream)
    logits = network(draw_tokens()).logits
    torch.testing.assert_close(logits, read + weights["readout.bias"][:, None, None])


@torch.no_grad()
def test_a_fresh_state_space_model_decays_as_s4d_real() -> None:
    """Without input to any unit, number n of it is left with exp(-(n + 1) delta) of itself."""
    network = build(SSMSettings(hidden=6, state=3, layers=1), VOCABULARY, SEEDS)
    delta = torch.nn.functional.softplus(network.get_parameter("layers.0.bias_delta"))
    assert ((delta > 0.00099) & (delta < 0.101)).all()
    network.get_parameter("layers.0.gain").zero_()
    state = {"layers.0.hook_h": torch.ones(len(SEEDS), BATCH, 18)}
    after = network(draw_tokens()[:, :1], state).state["layers.0.hook_h"].unflatten(-1, (6, 3))
    expected = torch.exp(-delta[..., None] * torch.tensor([1.0, 2.0, 3.0]))
    torch.testing.assert_close(after, expected.unsqueeze(1).expand_as(after))


def repeats(sequences: int) -> tuple[np.ndarray, np.ndarray]:
    """A symbol, six others that say nothing, and the first again; only it is to be predicted."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(1, VOCABULARY, size=(sequences, 8))
    tokens[:, 1:-1] = rng.integers(0, VOCABULARY, size=(sequences, 6))
    tokens[:, -2] = 0
    tokens[:, -1] = tokens[:, 0]
    scored = np.zeros(tokens.shape, bool)
    scored[:, -1] = True
    return tokens, scored


@pytest.mark.parametrize(
    "model", [MinGRUSettings(hidden=16), SSMSettings(hidden=16, state=4)], ids=["mingru", "ssm"]
)
def test_the_first_symbol_is_remembered(model: NetworkSettings) -> None:
    """The last symbol but one is always the same, so that chance is 1 of 4 without a memory."""
    tokens, scored = repeats(400)
    network = build(model, VOCABULARY, SEEDS)
    settings = TrainingSettings(steps=150, batch=32, window=8, learning_rate=0.01)
    before = evaluate(network, tokens, scored)[1]
    train(network, tokens, settings, (30, 10), progress=lambda *_: None, scored=scored)
    after = evaluate(network, tokens, scored)[1]
    assert (before < 0.5).all()
    assert (after > 0.95).all()


@each_model
def test_what_does_not_fit_is_said(model: NetworkSettings) -> None:
    network, tokens = build(model, VOCABULARY, SEEDS), draw_tokens()
    state = network(tokens).state
    width = network.width("layers.0.hook_h")
    with pytest.raises(NetworkError, match=rf"hook_h: got shape \(2, 4, {width}\)"):
        network(tokens[:2], state)
    with pytest.raises(SiteError, match=r"layers\.1\.hook_h is missing"):
        network(tokens, {"layers.0.hook_h": state["layers.0.hook_h"]})
    with pytest.raises(NetworkError, match=f"got architecture {model.architecture}"):
        to_stock(network, 0)
