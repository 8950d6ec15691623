"""The GPT: against an independent reference, step by step, member by member, edited anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn

from chunkscope.errors import InterventionError, NetworkError, SiteError
from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_pretrained
from chunkscope.networks.edits import Edit
from chunkscope.networks.network import Network
from chunkscope.networks.rollouts import rollout
from chunkscope.networks.settings import GPTSettings
from chunkscope.networks.transformer import rotations, turn

VOCABULARY, BATCH, TIME = 7, 3, 9
SEEDS = (3, 1)
MODEL = GPTSettings(layers=2, width=12, heads=3, context=16)
SITES = build(MODEL, VOCABULARY, [0]).sites

Change = Callable[[str, Tensor], Tensor]


def draw_network() -> Network:
    """An ensemble in double precision whose every weight matters, biases too."""
    network = build(MODEL, VOCABULARY, SEEDS).double()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.2 * torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
    return network


def draw_tokens(*shape: int) -> Tensor:
    return torch.randint(VOCABULARY, shape, generator=torch.Generator().manual_seed(0))


class Reference:
    """One member, from modules of torch.nn; positions turn complex numbers."""

    def __init__(self, network: Network, member: int) -> None:
        self.weights = {k: v[member] for k, v in network.state_dict().items()}

    def linear(self, name: str, part: str) -> nn.Linear:
        weight = self.weights[f"{name}.weight_{part}"]
        module = nn.Linear(*weight.T.shape, dtype=weight.dtype)
        module.load_state_dict({"weight": weight, "bias": self.weights[f"{name}.bias_{part}"]})
        return module

    def norm(self, name: str) -> nn.LayerNorm:
        module = nn.LayerNorm(MODEL.width, dtype=torch.double)
        module.load_state_dict({k: self.weights[f"{name}.{k}"] for k in ("weight", "bias")})
        return module

    def logits(self, tokens: Tensor, tap: Change) -> Tensor:
        """(batch, time, vocabulary); ``tap(site, activity)`` may change what it is given."""
        table = nn.Embedding.from_pretrained(self.weights["embed.weight"])
        x = tap("hook_embed", table(tokens))
        for layer in range(MODEL.layers):
            at = f"blocks.{layer}"
            x = tap(f"{at}.hook_resid_pre", x)
            normal = tap(f"{at}.ln1.hook_normalized", self.norm(f"{at}.ln1")(x))
            x = x + tap(f"{at}.hook_attn_out", self.attention(f"{at}.attn", normal, tap))
            x = tap(f"{at}.hook_resid_mid", x)
            normal = tap(f"{at}.ln2.hook_normalized", self.norm(f"{at}.ln2")(x))
            hidden = tap(f"{at}.mlp.hook_pre", self.linear(f"{at}.mlp", "in")(normal))
            hidden = tap(f"{at}.mlp.hook_post", nn.GELU("tanh")(hidden))
            x = x + tap(f"{at}.hook_mlp_out", self.linear(f"{at}.mlp", "out")(hidden))
            x = tap(f"{at}.hook_resid_post", x)
        x = tap("ln_final.hook_normalized", self.norm("ln_final")(x))
        return x @ table.weight.T

    def attention(self, at: str, normal: Tensor, tap: Change) -> Tensor:
        projected = self.linear(at, "qkv")(normal).split(MODEL.width, -1)
        q, k, v = (tap(f"{at}.hook_{name}", x) for name, x in zip("qkv", projected, strict=True))
        size = MODEL.width // MODEL.heads
        gathered = []
        for head in range(MODEL.heads):
            units = slice(head * size, (head + 1) * size)
            scores = self.turned(q[..., units]) @ self.turned(k[..., units]).mH
            ahead = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
            pattern = (scores.real / size**0.5).masked_fill(ahead, -torch.inf).softmax(-1)
            gathered.append(pattern @ v[..., units])
        gathered = list(tap(f"{at}.hook_z", torch.cat(gathered, -1)).split(size, -1))
        out = self.linear(at, "out")
        for head, z in enumerate(gathered):
            alone = [z if other == head else torch.zeros_like(z) for other in range(MODEL.heads)]
            gathered[head] = tap(f"{at}.hook_result.{head}", out(torch.cat(alone, -1)) - out.bias)
        return sum(gathered) + out.bias

    @staticmethod
    def turned(activity: Tensor) -> Tensor:
        half = activity.shape[-1] // 2
        speed = 10_000.0 ** (-torch.arange(half, dtype=torch.double) / half)
        angle = torch.arange(activity.shape[-2], dtype=torch.double).outer(speed)
        return torch.complex(activity[..., :half], activity[..., half:]) * torch.exp(1j * angle)


def draw_edit(site: str, hold: float = 0.0, first: int = 0, time: int = TIME) -> Edit:
    """An edit of some units at some steps, none of them before ``first``."""
    rng = np.random.default_rng(2)
    width = build(MODEL, VOCABULARY, [0]).width(site)
    when = rng.random((BATCH, time)) < 0.5
    when[:, first] = True
    when[:, :first] = False
    return Edit(
        site,
        when=when,
        units=rng.random((BATCH, width)) < 0.6,
        keep=rng.uniform(-1, 1, BATCH),
        hold=np.full(BATCH, hold),
        value=rng.normal(size=(len(SEEDS), BATCH, width)),
    )


def edit_unit_by_unit(edit: Edit, member: int) -> Change:
    def change(site: str, activity: Tensor) -> Tensor:
        if site != edit.site:
            return activity
        activity = activity.clone()
        for row, step in np.argwhere(edit.when):
            for unit in np.flatnonzero(edit.units[row]):
                before = activity[row, step - 1, unit] if step else 0.0
                activity[row, step, unit] = (
                    edit.keep[row] * activity[row, step, unit]
                    + edit.hold[row] * before
                    + edit.value[member, row, unit]
                )
        return activity

    return change


@torch.no_grad()
def test_logits_and_every_site_equal_the_reference() -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    output = network(tokens, record=["*"])
    assert list(output.activations) == list(network.sites)
    for member in range(len(SEEDS)):
        seen: dict[str, Tensor] = {}

        def note(site: str, activity: Tensor, seen: dict[str, Tensor] = seen) -> Tensor:
            seen[site] = activity
            return activity

        logits = Reference(network, member).logits(tokens, note)
        torch.testing.assert_close(output.logits[member], logits)
        assert seen.keys() == output.activations.keys()
        for site, activity in seen.items():
            assert network.width(site) == activity.shape[-1]
            torch.testing.assert_close(output.activations[site][member], activity)


@torch.no_grad()
@pytest.mark.parametrize("hold", [0.0, 0.7])
@pytest.mark.parametrize("site", SITES)
def test_an_edit_of_every_site_is_felt_downstream_as_in_the_reference(
    site: str, hold: float
) -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    edit = draw_edit(site, hold)
    output = network(tokens, intervene=[edit])
    assert output.fired == (int(edit.when.sum()),)
    assert not torch.allclose(output.logits, network(tokens).logits)
    for member in range(len(SEEDS)):
        expected = Reference(network, member).logits(tokens, edit_unit_by_unit(edit, member))
        torch.testing.assert_close(output.logits[member], expected)


@torch.no_grad()
@pytest.mark.parametrize("site", SITES)
def test_an_edit_changes_nothing_before_it_acts(site: str) -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    edited = network(tokens, intervene=[draw_edit(site, first=4)], record=["*"])
    plain = network(tokens, record=["*"])
    torch.testing.assert_close(edited.logits[:, :, :4], plain.logits[:, :, :4])
    assert not torch.allclose(edited.logits[:, :, 4:], plain.logits[:, :, 4:])
    upstream = network.sites[: network.sites.index(site)]
    for other in upstream:
        torch.testing.assert_close(edited.activations[other], plain.activations[other])


@torch.no_grad()
def test_edits_of_one_site_act_in_order_whether_or_not_one_holds() -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    first, second = (draw_edit("blocks.0.hook_resid_mid") for _ in range(2))
    second = replace(second, keep=np.ones(BATCH), when=~first.when)
    holding = replace(first, hold=np.full(BATCH, 1e-12))
    together = network(tokens, intervene=[first, second])
    torch.testing.assert_close(together.logits, network(tokens, intervene=[holding, second]).logits)
    swapped = network(tokens, intervene=[replace(second, when=first.when), first])
    assert not torch.allclose(together.logits, swapped.logits)


@torch.no_grad()
@pytest.mark.parametrize("hold", [0.0, 0.7])
def test_members_may_be_edited_at_steps_of_their_own(hold: float) -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    edit = draw_edit("blocks.0.hook_mlp_out", hold)
    when = np.stack([edit.when, ~edit.when])
    output = network(tokens, intervene=[replace(edit, when=when)])
    for member in range(len(SEEDS)):
        own = replace(edit, when=when[member])
        expected = Reference(network, member).logits(tokens, edit_unit_by_unit(own, member))
        torch.testing.assert_close(output.logits[member], expected)


@torch.no_grad()
def test_the_future_changes_nothing() -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    other = tokens.clone()
    other[:, 5:] = (other[:, 5:] + 1) % VOCABULARY
    before, after = network(tokens).logits, network(other).logits
    assert torch.equal(before[:, :, :5], after[:, :, :5])
    assert not torch.allclose(before[:, :, 5:], after[:, :, 5:])


@torch.no_grad()
def test_order_matters() -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    swapped = tokens[:, [1, 0, *range(2, TIME)]]
    moved = (tokens != swapped).any(1)
    assert moved.any()
    last = network(tokens).logits[:, moved, -1], network(swapped).logits[:, moved, -1]
    assert ((last[0] - last[1]).abs().amax(-1) > 1e-6).all()


def test_turned_queries_and_keys_know_only_how_far_apart_they_are() -> None:
    query, key = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0)).double()

    def score(at: int, to: int) -> float:
        turned = turn(query, 2, rotations(at, 1, 4, query)), turn(key, 2, rotations(to, 1, 4, key))
        return float((turned[0] * turned[1]).sum())

    assert score(5, 2) == pytest.approx(score(103, 100))
    assert score(5, 2) != pytest.approx(score(5, 3))


@settings(max_examples=15, deadline=None)
@given(cuts=st.sets(st.integers(1, TIME - 1), max_size=3), edited=st.booleans())
@torch.no_grad()
def test_a_state_continues_the_pass(cuts: set[int], edited: bool) -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    sites = ("blocks.0.attn.hook_k", "blocks.1.hook_resid_mid")
    edits = [draw_edit(site, hold=0.7) for site in sites] if edited else []
    whole = network(tokens, intervene=edits, record=["*"])
    state, logits, stream = None, [], []
    ends = [*sorted(cuts), TIME]
    for start, end in zip([0, *ends], ends, strict=False):
        part = [replace(edit, when=edit.when[:, start:end]) for edit in edits]
        output = network(tokens[:, start:end], state, part, ["blocks.1.hook_resid_post"])
        state = output.state
        logits.append(output.logits)
        stream.append(output.activations["blocks.1.hook_resid_post"])
    torch.testing.assert_close(torch.cat(logits, 2), whole.logits)
    expected = whole.activations["blocks.1.hook_resid_post"]
    torch.testing.assert_close(torch.cat(stream, 2), expected)
    assert state is not None
    for name, value in whole.state.items():
        torch.testing.assert_close(state[name], value)


@torch.no_grad()
def test_a_rollout_is_the_argmax_of_reading_it_all_again() -> None:
    network, prefix = draw_network(), draw_tokens(BATCH, 4)
    edit = draw_edit("blocks.1.hook_resid_pre", hold=0.5, time=9)
    said = rollout(network, prefix, 6, intervene=[edit])
    whole = torch.cat([prefix.expand(len(SEEDS), -1, -1), said.tokens], 2)
    output = network(whole[:, :, :-1], intervene=[edit])
    torch.testing.assert_close(said.probabilities, output.logits[:, :, 3:].softmax(-1))
    assert said.fired == output.fired


def test_a_member_is_the_same_alone_and_learns_the_same() -> None:
    network, tokens = draw_network(), draw_tokens(len(SEEDS), BATCH, TIME)
    together = network(tokens, record=["*"])
    together.logits.square().mean((1, 2, 3)).sum().backward()
    for member in range(len(SEEDS)):
        alone = network.select([member])
        output = alone(tokens[member : member + 1], record=["*"])
        output.logits.square().mean().backward()
        torch.testing.assert_close(output.logits[0], together.logits[member])
        for site, value in output.activations.items():
            torch.testing.assert_close(value[0], together.activations[site][member])
        for ours, its in zip(network.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(ours.grad[member], its.grad[0])


def test_gradients_flow_through_an_edited_pass() -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    edit = draw_edit("blocks.0.hook_resid_post", hold=0.5)
    value = torch.tensor(edit.value, requires_grad=True)
    network(tokens, intervene=[replace(edit, value=value)]).logits.square().sum().backward()
    assert value.grad is not None
    nudged = torch.zeros_like(value)
    nudged[0, 1] = 1e-6 * torch.tensor(edit.units[1])
    with torch.no_grad():
        high, low = (
            network(tokens, intervene=[replace(edit, value=edit.value + sign * nudged.numpy())])
            for sign in (1, -1)
        )
    slope = (high.logits.square().sum() - low.logits.square().sum()) / 2
    torch.testing.assert_close((value.grad * nudged).sum(), slope, rtol=1e-4, atol=1e-10)


def test_initial_weights_are_those_of_gpt_2() -> None:
    weights = build(GPTSettings(layers=8, width=128, heads=4), 500, [0, 1]).state_dict()
    smaller = 0.02 / 4
    for name, weight in weights.items():
        if "bias" in name:
            assert not weight.any()
        elif ".ln" in name or name.startswith("ln"):
            assert (weight == 1).all()
        else:
            sd = smaller if name.endswith("weight_out") else 0.02
            assert weight[0].std().item() == pytest.approx(sd, rel=0.03), name
            assert not torch.equal(weight[0], weight[1])


def test_initial_weights_may_be_larger() -> None:
    model = GPTSettings(layers=2, width=128, heads=4, initial_sd=0.2, embedding_sd=1.5)
    weights = build(model, 500, [0]).state_dict()
    assert weights["embed.weight"].std().item() == pytest.approx(1.5, rel=0.03)
    assert weights["blocks.0.attn.weight_qkv"].std().item() == pytest.approx(0.2, rel=0.03)
    assert weights["blocks.1.mlp.weight_out"].std().item() == pytest.approx(0.1, rel=0.03)


@torch.no_grad()
def test_recording_heads_changes_no_bit() -> None:
    network, tokens = draw_network(), draw_tokens(BATCH, TIME)
    recorded = network(tokens, record=["blocks.*.attn.hook_result.*"])
    assert torch.equal(recorded.logits, network(tokens).logits)


@torch.no_grad()
def test_saved_weights_come_back(tmp_path: Path) -> None:
    network = build(MODEL, VOCABULARY, SEEDS)
    save_pretrained(network, tmp_path)
    loaded = from_pretrained(tmp_path)
    assert loaded.settings == MODEL
    tokens = draw_tokens(BATCH, TIME)
    assert torch.equal(loaded(tokens).logits, network(tokens).logits)


@torch.no_grad()
def test_what_does_not_fit_is_refused() -> None:
    network = draw_network()
    state = network(draw_tokens(BATCH, 10)).state
    with pytest.raises(NetworkError, match="got 17 steps; this network reads at most 16"):
        network(draw_tokens(1, 17))
    with pytest.raises(NetworkError, match="got 7 steps after 10; this network reads at most 16"):
        network(draw_tokens(BATCH, 7), state)
    with pytest.raises(NetworkError, match=r"cache_k: got shape \(2, 3, 10, 12\); must be \(2, 1,"):
        network(draw_tokens(1, 2), state)
    with pytest.raises(NetworkError, match=r"blocks\.1\.attn\.cache_v: missing"):
        network(
            draw_tokens(BATCH, 2), {k: v for k, v in state.items() if "1.attn.cache_v" not in k}
        )
    with pytest.raises(SiteError, match=r"hook_mid.*did you mean"):
        network(
            draw_tokens(BATCH, 2), {**state, "blocks.0.hook_mid": state["blocks.0.attn.cache_k"]}
        )
    with pytest.raises(SiteError, match=r"hook_x"):
        network(draw_tokens(1, 2), record=["blocks.*.hook_x"])
    narrow = replace(draw_edit("hook_embed"), site="blocks.0.mlp.hook_post")
    with pytest.raises(InterventionError, match=r"units: got bool of shape \(3, 12\)"):
        network(draw_tokens(BATCH, TIME), intervene=[narrow])
    with pytest.raises(ValidationError, match="width: got 10 for 2 heads; must be a multiple of 4"):
        GPTSettings(width=10, heads=2)
