"""CRATE and the variants of the GPT: against plain NumPy, the lasso, and the published sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_pretrained
from chunkscope.networks.crate import CRATE, SparseCode
from chunkscope.networks.edits import Edit
from chunkscope.networks.gpt import GPT
from chunkscope.networks.network import Network
from chunkscope.networks.settings import CRATESettings, GPTSettings
from chunkscope.networks.taps import PassTap

VOCABULARY, BATCH, TIME, HEADS = 7, 3, 9, 3
SEEDS = (3, 1)
SIZE: dict[str, Any] = {"layers": 2, "width": 12, "heads": HEADS, "context": 16}
MODELS = {
    "crate": CRATESettings(**SIZE, positions="learned"),
    "crate, rotary, 3 iterations": CRATESettings(**SIZE, iterations=3),
    "crate, residual, untied": CRATESettings(**SIZE, skip=True, tied=False),
    "crate, full attention": CRATESettings(**SIZE, attention="full", step_size=0.2, penalty=0.5),
    "gpt of the paper": GPTSettings(**SIZE, positions="learned", activation="relu", bias=False),
    "gpt, gelu": GPTSettings(**SIZE, positions="learned"),
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
CRATES = [model for model in MODELS.values() if isinstance(model, CRATESettings)]


def draw_network(model: CRATESettings | GPTSettings) -> Network:
    """An ensemble in double precision whose every weight matters, biases and norms too."""
    network = build(model, VOCABULARY, SEEDS).double()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.2 * torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
    return network


def draw_tokens(*shape: int) -> Tensor:
    return torch.randint(VOCABULARY, shape, generator=torch.Generator().manual_seed(0))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Reference:
    """One member on one sequence, in NumPy, step by step."""

    def __init__(self, network: Network, member: int) -> None:
        self.w = {name: value[member].numpy() for name, value in network.state_dict().items()}
        self.model: Any = network.settings

    def logits(self, tokens: np.ndarray) -> np.ndarray:
        table = self.w["embed.weight"]
        x = table[tokens]
        if self.model.positions == "learned":
            x = x + self.w["positions.weight"][: len(tokens)]
        for layer in range(self.model.layers):
            at = f"blocks.{layer}"
            x = x + self.attention(f"{at}.attn", self.norm(f"{at}.ln1", x))
            normal = self.norm(f"{at}.ln2", x)
            if self.model.architecture == "crate":
                said = self.code_says(f"{at}.mlp", normal)
                x = x + said if self.model.skip else said
            else:
                x = x + self.mlp(f"{at}.mlp", normal)
        return self.norm("ln_final", x) @ table.T

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return normal * self.w[f"{name}.weight"] + self.w.get(f"{name}.bias", 0)

    def map(self, at: str, part: str, x: np.ndarray) -> np.ndarray:
        return x @ self.w[f"{at}.weight_{part}"].T + self.w.get(f"{at}.bias_{part}", 0)

    def attention(self, at: str, x: np.ndarray) -> np.ndarray:
        if f"{at}.weight_u" in self.w:
            q = k = v = self.map(at, "u", x)
        else:
            q, k, v = np.split(self.map(at, "qkv", x), 3, -1)
        size, out = x.shape[-1] // HEADS, []
        for head in range(HEADS):
            units = slice(head * size, (head + 1) * size)
            query, key = q[:, units], k[:, units]
            if self.model.positions == "rotary":
                query, key = self.turned(query), self.turned(key)
            for step in range(len(x)):
                weights = softmax(query[step] @ key[: step + 1].T / np.sqrt(size))
                out.append((step, units, weights @ v[: step + 1, units]))
        z = np.zeros_like(x)
        for step, units, gathered in out:
            z[step, units] = gathered
        return self.map(at, "out", z)

    @staticmethod
    def turned(x: np.ndarray) -> np.ndarray:
        half = x.shape[1] // 2
        angle = np.outer(np.arange(len(x)), 10_000.0 ** (-np.arange(half) / half))
        both = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angle)
        return np.concatenate([both.real, both.imag], 1)

    def mlp(self, at: str, x: np.ndarray) -> np.ndarray:
        hidden = self.map(at, "in", x)
        if self.model.activation == "relu":
            hidden = np.maximum(hidden, 0)
        else:
            inner = np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)
            hidden = 0.5 * hidden * (1 + np.tanh(inner))
        return self.map(at, "out", hidden)

    def code_says(self, at: str, x: np.ndarray) -> np.ndarray:
        d = self.w[f"{at}.dictionary"]
        code = ista(x, d, self.model.step_size, self.model.penalty, self.model.iterations)
        return code @ self.w.get(f"{at}.decoder", d).T


def ista(x: np.ndarray, d: np.ndarray, eta: float, penalty: float, steps: int) -> np.ndarray:
    """(row, atom) the code of every row, one step after the other."""
    code = np.zeros((len(x), d.shape[1]))
    for _ in range(steps):
        code = np.maximum(0, code + eta * (x @ d - code @ d.T @ d) - eta * penalty)
    return code


def code_of(x: np.ndarray, d: np.ndarray, settings: CRATESettings) -> np.ndarray:
    """The package's code of these rows."""
    layer = SparseCode({"dictionary": torch.tensor(d)[None]})
    tap = PassTap([], ["hook_post"], {})
    with torch.no_grad():
        layer(torch.tensor(x)[None, None], settings, tap, "")
    return tap.activations["hook_post"][0, 0].numpy()


@torch.no_grad()
@every_model
def test_logits_equal_the_reference(model: CRATESettings | GPTSettings) -> None:
    network, tokens = draw_network(model), draw_tokens(BATCH, TIME)
    found = network(tokens).logits
    for member in range(len(SEEDS)):
        reference = Reference(network, member)
        for row in range(BATCH):
            expected = reference.logits(tokens[row].numpy())
            np.testing.assert_allclose(found[member, row], expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
@every_model
def test_what_comes_later_changes_nothing_before(model: CRATESettings | GPTSettings) -> None:
    network, tokens = draw_network(model), draw_tokens(BATCH, TIME)
    other = tokens.clone()
    other[:, 5:] = (other[:, 5:] + 1) % VOCABULARY
    before, after = network(tokens).logits, network(other).logits
    torch.testing.assert_close(before[:, :, :5], after[:, :, :5], atol=1e-6, rtol=0)
    assert not torch.allclose(before[:, :, 5:], after[:, :, 5:])


@torch.no_grad()
@every_model
def test_a_state_continues_the_pass(model: CRATESettings | GPTSettings) -> None:
    network, tokens = draw_network(model), draw_tokens(BATCH, TIME)
    first = network(tokens[:, :4])
    second = network(tokens[:, 4:], first.state)
    whole = network(tokens).logits
    torch.testing.assert_close(torch.cat([first.logits, second.logits], 2), whole)


@torch.no_grad()
@every_model
def test_every_site_is_there_and_can_be_edited(model: CRATESettings | GPTSettings) -> None:
    network, tokens = draw_network(model), draw_tokens(BATCH, TIME)
    output = network(tokens, record=["*"])
    assert list(output.activations) == list(network.sites)
    for site, activity in output.activations.items():
        assert activity.shape == (len(SEEDS), BATCH, TIME, network.width(site))
        doubled = Edit(
            site,
            when=np.ones((BATCH, TIME), bool),
            units=np.ones((BATCH, network.width(site)), bool),
            keep=np.full(BATCH, 2.0),
            hold=np.zeros(BATCH),
            value=np.zeros((len(SEEDS), BATCH, network.width(site))),
        )
        edited = network(tokens, intervene=[doubled])
        assert not torch.allclose(edited.logits, output.logits), site


@torch.no_grad()
@every_model
def test_saved_weights_come_back(model: CRATESettings | GPTSettings, tmp_path: Path) -> None:
    network = build(model, VOCABULARY, SEEDS)
    save_pretrained(network, tmp_path)
    loaded = from_pretrained(tmp_path)
    assert loaded.settings == model
    assert torch.equal(loaded(draw_tokens(1, TIME)).logits, network(draw_tokens(1, TIME)).logits)


def test_one_step_is_the_closed_form_and_two_are_numpy_s() -> None:
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(20, 8)), rng.normal(size=(8, 32)) / 2
    one = code_of(x, d, CRATESettings(**SIZE, iterations=1, step_size=0.1, penalty=0.4))
    np.testing.assert_allclose(one, np.maximum(0, 0.1 * (x @ d - 0.4)), atol=1e-12)
    two = code_of(x, d, CRATESettings(**SIZE, iterations=2, step_size=0.1, penalty=0.4))
    np.testing.assert_allclose(two, ista(x, d, 0.1, 0.4, 2), atol=1e-12)
    assert np.abs(one - two).max() > 0.01


def test_many_small_steps_find_the_non_negative_lasso() -> None:
    """Karush-Kuhn-Tucker: where a unit is on its gradient is -penalty, elsewhere no less."""
    rng = np.random.default_rng(1)
    x, d = rng.normal(size=(30, 8)), rng.normal(size=(8, 16)) / 2
    penalty, step = 0.3, 0.9 / np.linalg.norm(d, 2) ** 2
    settings = CRATESettings(**SIZE, iterations=1000, step_size=step, penalty=penalty)
    code = code_of(x, d, settings)
    left = (x - code @ d.T) @ d  # minus the gradient of the squared error
    on = code > 0
    assert 0.05 < on.mean() < 0.5
    assert np.abs(left[on] - penalty).max() < 1e-3
    assert left[~on].max() < penalty + 1e-3


def test_query_key_and_value_are_one() -> None:
    network = draw_network(MODELS["crate"])
    assert "blocks.0.attn.hook_u" in network.sites
    assert "blocks.0.attn.hook_q" not in network.sites
    assert network.state_dict()["blocks.0.attn.weight_u"].shape == (2, 12, 12)
    state = network(draw_tokens(1, 5)).state  # positions are learned, so that keys are not turned
    torch.testing.assert_close(state["blocks.0.attn.cache_k"], state["blocks.0.attn.cache_v"])


PUBLISHED = {  # layers, width -> millions of CRATE and of GPT; six layers of CRATE are a misprint
    (1, 128): (6.54, 6.64),
    (2, 128): (6.64, 6.83),
    (3, 128): (6.74, 7.03),
    (6, 768): (59.9, 81.1),
    (12, 768): (81.2, 123.6),
}


@pytest.mark.parametrize(("layers", "width"), PUBLISHED)
def test_published_sizes_have_their_parameters(layers: int, width: int) -> None:
    """CRATE Vd + L (6 d^2 + 5 d) + 2 d, GPT Vd + L (12 d^2 + 2 d) + d; positions do not count."""
    size: dict[str, Any] = {"layers": layers, "width": width, "heads": 4 * (1 + 2 * (width > 128))}
    v = 50_304
    crate = CRATESettings(**size, context=1024, positions="learned")
    gpt = GPTSettings(**size, context=1024, positions="learned", activation="relu", bias=False)
    with torch.device("meta"):
        drawn = CRATE.draw(crate, v, v), GPT.draw(gpt, v, v)
    counted = [
        sum(w.numel() for name, w in weights.items() if not name.startswith("positions"))
        for weights in drawn
    ]
    assert counted[0] == v * width + layers * (6 * width**2 + 5 * width) + 2 * width
    assert counted[1] == v * width + layers * (12 * width**2 + 2 * width) + width
    for found, published in zip(counted, PUBLISHED[layers, width], strict=True):
        assert found / 1e6 == pytest.approx(published, abs=0.06)


def test_initial_dictionaries_are_kaiming_s() -> None:
    weights = build(CRATESettings(layers=2, width=128, heads=4), 50, [0, 1]).state_dict()
    dictionary = weights["blocks.0.mlp.dictionary"]
    assert dictionary.shape == (2, 128, 512)
    assert dictionary.abs().max() <= np.sqrt(6 / 128)
    assert dictionary[0].std().item() == pytest.approx(np.sqrt(2 / 128), rel=0.02)
    assert weights["blocks.0.attn.weight_out"][0].std().item() == pytest.approx(0.01, rel=0.05)
    assert not torch.equal(dictionary[0], dictionary[1])


@torch.no_grad()
def test_the_published_penalty_leaves_a_sparse_code() -> None:
    """Units that are off are exactly 0, and a larger penalty turns more of them off."""
    shares = []
    for penalty in (0.0, 0.1, 2.0):
        model = CRATESettings(**SIZE, penalty=penalty)
        code = build(model, VOCABULARY, SEEDS)(draw_tokens(BATCH, TIME), record=["*.hook_post"])
        values = code.activations["blocks.0.mlp.hook_post"]
        assert (values >= 0).all()
        shares.append((values > 0).double().mean().item())
    assert shares[0] > shares[1] > shares[2] > 0
