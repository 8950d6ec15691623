"""Edits: against a naive loop, on every site, alone and batched, and where they must be felt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chunkscope.errors import InterventionError, SiteError
from chunkscope.networks.building import build
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
)

VOCABULARY, HIDDEN, BATCH, TIME = 5, 6, 4, 8
SEEDS = (3, 1)
MODELS = {
    "affine": AffineSettings(hidden=HIDDEN),
    "tanh": TanhSettings(hidden=HIDDEN, layers=2),
    "leaky": TanhSettings(hidden=HIDDEN, layers=2, leak=0.3),
    "gru": GRUSettings(hidden=HIDDEN, layers=2),
    "lstm": LSTMSettings(hidden=HIDDEN, layers=2),
    "mingru": MinGRUSettings(hidden=HIDDEN),
    "ssm": SSMSettings(hidden=HIDDEN, state=2),
}
ALL_SITES = [
    (key, site) for key, model in MODELS.items() for site in build(model, VOCABULARY, [0]).sites
]


def network_of(model: NetworkSettings) -> Network:
    return build(model, VOCABULARY, SEEDS).double()


def draw_tokens() -> Tensor:
    return torch.randint(VOCABULARY, (BATCH, TIME), generator=torch.Generator().manual_seed(0))


def draw_edit(
    network: Network, site: str, rng: np.random.Generator, seed_axis: bool = False
) -> Edit:
    lead, width = (len(SEEDS),) if seed_axis else (), network.width(site)
    return Edit(
        site,
        when=rng.random((*lead, BATCH, TIME)) < 0.4,
        units=rng.random((BATCH, width)) < 0.6,
        keep=rng.uniform(-1, 1, BATCH),
        hold=rng.uniform(-1, 1, BATCH),
        value=rng.normal(size=(*lead, BATCH, width)),
    )


class Naive:
    """One member, one row, one number at a time after the formulas; edits unit by unit."""

    def __init__(self, network: Network, member: int, edits: list[Edit], row: int) -> None:
        self.weights = {k: v[member].numpy() for k, v in network.state_dict().items()}
        self.settings = network.settings
        self.member, self.row, self.edits = member, row, edits
        self.before: dict[str, np.ndarray] = {}

    def tap(self, site: str, now: np.ndarray, t: int) -> np.ndarray:
        before = self.before.get(site, np.zeros_like(now))
        for edit in self.edits:
            when = edit.when if edit.when.ndim == 2 else edit.when[self.member]
            if edit.site != site or not when[self.row, t]:
                continue
            now = now.copy()
            value = edit.value if edit.value.ndim == 2 else edit.value[self.member]
            for unit in range(len(now)):
                if edit.units[self.row, unit]:
                    now[unit] = (
                        edit.keep[self.row] * now[unit]
                        + edit.hold[self.row] * before[unit]
                        + value[self.row, unit]
                    )
        self.before[site] = now
        return now

    def logits(self, tokens: np.ndarray) -> np.ndarray:
        return np.stack([self.step(symbol, t) for t, symbol in enumerate(tokens)])

    def step(self, symbol: int, t: int) -> np.ndarray:
        one_hot = x = np.eye(VOCABULARY)[symbol]
        w = self.weights
        if self.settings.architecture in ("mingru", "ssm"):
            return w["readout.weight"] @ self.stream(one_hot, t) + w["readout.bias"]
        incoming = self.before.get("layers.0.hook_h", np.zeros(HIDDEN))
        for layer in range(self.settings.layers):
            x = self.cell(x, f"layers.{layer}.", t)
        if self.settings.architecture == "affine":
            from_state = w["readout.weight_hh"] @ incoming
            return w["readout.weight_ih"] @ one_hot + from_state + w["readout.bias"]
        return w["readout.weight"] @ x + w["readout.bias"]

    def cell(self, x: np.ndarray, at: str, t: int) -> np.ndarray:
        w, h = self.weights, self.before.get(at + "hook_h", np.zeros(HIDDEN))
        if self.settings.architecture == "affine":
            h = w[at + "weight_ih"] @ x + w[at + "weight_hh"] @ h + w[at + "bias"]
            return self.tap(at + "hook_h", h, t)
        from_input = w[at + "weight_ih"] @ x + w[at + "bias_ih"]
        from_state = w[at + "weight_hh"] @ h + w[at + "bias_hh"]
        if self.settings.architecture == "tanh":
            leak = self.settings.leak
            h = (1 - leak) * h + leak * np.tanh(from_input + from_state)
            return self.tap(at + "hook_h", h, t)
        if self.settings.architecture == "gru":
            (ir, iz, i_n), (hr, hz, hn) = np.split(from_input, 3), np.split(from_state, 3)
            r = self.tap(at + "hook_gate_r", sigmoid(ir + hr), t)
            z = self.tap(at + "hook_gate_z", sigmoid(iz + hz), t)
            n = self.tap(at + "hook_gate_n", np.tanh(i_n + r * hn), t)
            return self.tap(at + "hook_h", (1 - z) * n + z * h, t)
        i, f, g, o = np.split(from_input + from_state, 4)
        i = self.tap(at + "hook_gate_i", sigmoid(i), t)
        f = self.tap(at + "hook_gate_f", sigmoid(f), t)
        g = self.tap(at + "hook_gate_g", np.tanh(g), t)
        o = self.tap(at + "hook_gate_o", sigmoid(o), t)
        c = self.before.get(at + "hook_c", np.zeros(HIDDEN))
        c = self.tap(at + "hook_c", f * c + i * g, t)
        return self.tap(at + "hook_h", o * np.tanh(c), t)

    def stream(self, one_hot: np.ndarray, t: int) -> np.ndarray:
        w = self.weights
        stream = w["embed.weight"] @ one_hot + w["embed.bias"]
        for layer in range(self.settings.layers):
            at = f"layers.{layer}."
            u = w[at + "gain"] * stream / np.sqrt((stream**2).mean() + 1e-5)
            said = getattr(self, self.settings.architecture)(u, at, t)
            stream = stream + w[at + "weight_out"] @ said + w[at + "bias_out"]
            stream = self.tap(at + "hook_resid_post", stream, t)
        return stream

    def mingru(self, u: np.ndarray, at: str, t: int) -> np.ndarray:
        w, h = self.weights, self.before.get(at + "hook_h", np.zeros(HIDDEN))
        z = self.tap(at + "hook_gate_z", sigmoid(w[at + "weight_z"] @ u + w[at + "bias_z"]), t)
        n = self.tap(at + "hook_gate_n", w[at + "weight_n"] @ u + w[at + "bias_n"], t)
        return self.tap(at + "hook_h", (1 - z) * h + z * n, t)

    def ssm(self, u: np.ndarray, at: str, t: int) -> np.ndarray:
        w, size = self.weights, self.settings.state
        h = self.before.get(at + "hook_h", np.zeros(HIDDEN * size)).copy()
        delta = np.log1p(np.exp(w[at + "weight_delta"] @ u + w[at + "bias_delta"]))
        delta = self.tap(at + "hook_delta", delta, t)
        b, c = np.split(w[at + "weight_bc"] @ u + w[at + "bias_bc"], 2)
        for unit in range(HIDDEN):
            for n in range(size):
                rate = np.exp(w[at + "log_rate"][unit * size + n])
                h[unit * size + n] *= np.exp(-delta[unit] * rate)
                h[unit * size + n] += delta[unit] * b[n] * u[unit]
        h = self.tap(at + "hook_h", h, t)
        return h.reshape(HIDDEN, size) @ c + w[at + "skip"] * u


def sigmoid(x: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(x / 2)) / 2


def naive_logits(network: Network, tokens: Tensor, edits: list[Edit]) -> np.ndarray:
    return np.array(
        [
            [Naive(network, member, edits, row).logits(tokens[row].numpy()) for row in range(BATCH)]
            for member in range(len(SEEDS))
        ]
    )


@pytest.mark.parametrize(("architecture", "site"), ALL_SITES)
@pytest.mark.parametrize("seed_axis", [False, True])
@torch.no_grad()
def test_an_edit_equals_the_naive_loop(architecture: str, site: str, seed_axis: bool) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()
    edits = [draw_edit(network, site, np.random.default_rng(1), seed_axis)]
    expected = naive_logits(network, tokens, edits)
    np.testing.assert_allclose(network(tokens, intervene=edits).logits, expected, atol=1e-10)
    assert not np.allclose(network(tokens).logits, expected, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(architecture=st.sampled_from(sorted(MODELS)), seed=st.integers(0, 10**6))
@torch.no_grad()
def test_several_edits_equal_the_naive_loop(architecture: str, seed: int) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()
    rng = np.random.default_rng(seed)
    edits = [draw_edit(network, str(rng.choice(network.sites)), rng) for _ in range(4)]
    edits.append(draw_edit(network, edits[0].site, rng))  # twice at one site
    expected = naive_logits(network, tokens, edits)
    np.testing.assert_allclose(network(tokens, intervene=edits).logits, expected, atol=1e-10)


@pytest.mark.parametrize(("architecture", "site"), ALL_SITES)
@torch.no_grad()
def test_rows_of_a_batch_equal_one_by_one(architecture: str, site: str) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()
    edit = draw_edit(network, site, np.random.default_rng(2))
    together = network(tokens, intervene=[edit]).logits
    for row in range(BATCH):
        fields = {
            key: getattr(edit, key)[row : row + 1]
            for key in ("when", "units", "keep", "hold", "value")
        }
        alone = network(tokens[row : row + 1], intervene=[replace(edit, **fields)]).logits
        torch.testing.assert_close(alone[:, 0], together[:, row], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("architecture", "site"), ALL_SITES)
@torch.no_grad()
def test_an_edit_is_felt_from_its_step_on_and_never_before(architecture: str, site: str) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()
    at, width = 3, network.width(site)
    when = np.zeros((BATCH, TIME), bool)
    when[:2, at] = True
    ablate = Edit(
        site,
        when=when,
        units=np.ones((BATCH, width), bool),
        keep=np.zeros(BATCH),
        hold=np.zeros(BATCH),
        value=np.full((BATCH, width), 0.5),
    )
    output = network(tokens, intervene=[ablate])
    nothing = replace(ablate, when=np.zeros_like(when))
    plain = network(tokens, intervene=[nothing]).logits
    change = (output.logits - plain).abs().amax(-1)  # (seed, batch, time)
    torch.testing.assert_close(network(tokens).logits, plain)
    first = at + 1 if architecture == "affine" else at
    assert output.fired == (2,)
    assert (change[:, 2:] == 0).all()
    assert (change[:, :2, :first] == 0).all()
    last = first + 1 if site == "layers.1.hook_resid_post" else TIME  # which goes nowhere else
    assert (change[:, :2, first:last] > 1e-9).all()
    assert (change[:, :2, last:] == 0).all()


@pytest.mark.parametrize("architecture", sorted(MODELS))
@torch.no_grad()
def test_the_four_kinds(architecture: str) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()
    site = "layers.0.hook_h"
    plain = network(tokens, record=[site]).activations[site]
    when = np.zeros((BATCH, TIME), bool)
    when[:, 4] = True
    units = np.zeros((BATCH, network.width(site)), bool)
    units[:, :3] = True
    v = np.random.default_rng(5).normal(size=units.shape)
    zero, one = np.zeros(BATCH), np.ones(BATCH)
    kinds = {
        "graft": (zero, zero, v, torch.as_tensor(v).expand(len(SEEDS), -1, -1)),
        "ablate": (zero, zero, 0 * v, 0 * plain[:, :, 4]),
        "freeze": (zero, one, 0 * v, plain[:, :, 3]),
        "steer": (one, zero, v, plain[:, :, 4] + torch.as_tensor(v)),
    }
    for keep, hold, value, expected in kinds.values():
        edit = Edit(site, when, units, keep, hold, value)
        edited = network(tokens, intervene=[edit], record=[site]).activations[site]
        torch.testing.assert_close(edited[:, :, 4, :3], expected[..., :3])
        torch.testing.assert_close(edited[:, :, 4, 3:], plain[:, :, 4, 3:])
        torch.testing.assert_close(edited[:, :, :4], plain[:, :, :4])


@pytest.mark.parametrize(("architecture", "site"), ALL_SITES)
@torch.no_grad()
def test_a_freeze_goes_on_over_a_continued_state(architecture: str, site: str) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()
    edit = replace(draw_edit(network, site, np.random.default_rng(6)), hold=np.ones(BATCH))
    whole = network(tokens, intervene=[edit])
    state, parts = None, []
    for first, last in (0, 3), (3, 4), (4, TIME):
        part = replace(edit, when=edit.when[:, first:last])
        output = network(tokens[:, first:last], state, [part])
        state = output.state
        parts.append(output.logits)
    torch.testing.assert_close(torch.cat(parts, 2), whole.logits)


def test_fired_counts_cells_with_a_unit() -> None:
    network, tokens = network_of(MODELS["tanh"]), draw_tokens()
    edit = draw_edit(network, "layers.1.hook_h", np.random.default_rng(7))
    never = replace(edit, when=np.zeros((BATCH, TIME), bool))
    units = edit.units.copy()
    units[0] = False
    output = network(tokens, intervene=[edit, never, replace(edit, units=units)])
    assert output.fired == (edit.when.sum(), 0, edit.when[1:].sum())
    assert network(tokens).fired == ()


@pytest.mark.parametrize("architecture", sorted(MODELS))
@pytest.mark.parametrize("seed_axis", [False, True])
def test_gradients_flow_through_an_edited_pass(architecture: str, seed_axis: bool) -> None:
    network, tokens = network_of(MODELS[architecture]), draw_tokens()[:, :5]
    site = network.sites[-1]
    edit = draw_edit(network, site, np.random.default_rng(8), seed_axis)
    edit = replace(edit, when=edit.when[..., :5])
    numbers = [torch.tensor(getattr(edit, name)) for name in ("keep", "hold", "value")]
    names, weights = zip(*network.named_parameters(), strict=True)

    def loss(keep: Tensor, hold: Tensor, value: Tensor, *changed: Tensor) -> tuple[Tensor, ...]:
        edits = [replace(edit, keep=keep, hold=hold, value=value)]
        output = torch.func.functional_call(
            network, dict(zip(names, changed, strict=True)), (tokens, None, edits)
        )
        return output.logits.square().mean((2, 3))

    inputs = [tensor.detach().requires_grad_() for tensor in (*numbers, *weights)]
    assert torch.autograd.gradcheck(loss, inputs, fast_mode=True)
    gradients = torch.autograd.grad(loss(*inputs).sum(), inputs)
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


@torch.no_grad()
def test_members_edited_at_their_own_steps_are_those_edited_alone() -> None:
    network, tokens = network_of(MODELS["lstm"]), draw_tokens()
    edit = draw_edit(network, "layers.0.hook_c", np.random.default_rng(11), seed_axis=True)
    together = network(tokens, intervene=[edit])
    assert together.fired == (edit.when.sum(),)
    for member in range(len(SEEDS)):
        alone = replace(edit, when=edit.when[member], value=edit.value[member])
        output = network.select([member])(tokens, intervene=[alone])
        torch.testing.assert_close(output.logits[0], together.logits[member])
        assert output.fired == (edit.when[member].sum(),)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("when", np.ones((BATCH, TIME - 1), bool)),
        ("when", np.ones((BATCH, TIME))),
        ("when", np.ones((len(SEEDS) + 1, BATCH, TIME), bool)),
        ("units", np.ones((1, HIDDEN), bool)),
        ("keep", np.ones(BATCH - 1)),
        ("hold", np.ones((BATCH, 1))),
        ("value", np.ones((len(SEEDS) + 1, BATCH, HIDDEN))),
        ("value", np.full((BATCH, HIDDEN), np.nan)),
    ],
)
def test_fields_that_do_not_fit_are_refused(field: str, wrong: np.ndarray) -> None:
    network, tokens = network_of(MODELS["gru"]), draw_tokens()
    edit = replace(
        draw_edit(network, "layers.0.hook_h", np.random.default_rng(9)), **{field: wrong}
    )
    with pytest.raises(InterventionError, match=rf"edit of layers\.0\.hook_h: {field}: got"):
        network(tokens, intervene=[edit])


def test_an_unknown_site_is_refused() -> None:
    network, tokens = network_of(MODELS["gru"]), draw_tokens()
    edit = replace(
        draw_edit(network, "layers.0.hook_h", np.random.default_rng(10)), site="layers.0.hook_c"
    )
    with pytest.raises(SiteError, match="did you mean"):
        network(tokens, intervene=[edit])
