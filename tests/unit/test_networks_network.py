"""What every network offers, whatever its architecture, and who relies on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from chunkscope.errors import InterventionError, NetworkError, SiteError
from chunkscope.interventions.intervene import intervene
from chunkscope.interventions.intervention import Intervention
from chunkscope.interventions.recipients import Recording
from chunkscope.networks.building import build
from chunkscope.networks.checkpoints import from_pretrained, save_pretrained
from chunkscope.networks.settings import (
    AffineSettings,
    GPTSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
)
from chunkscope.networks.sites import site_names, site_widths, state_sites

VOCABULARY, SEEDS, BATCH, TIME = 5, (3, 1), 4, 6
GPT = GPTSettings(layers=2, width=8, heads=2, context=16)
MODELS = [
    AffineSettings(hidden=6),
    TanhSettings(hidden=6, layers=2),
    GRUSettings(hidden=6),
    LSTMSettings(hidden=6, layers=2),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
    GPT,
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture)


def draw_tokens(*lead: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(VOCABULARY, (*lead, BATCH, TIME), generator=generator)


@each_model
@torch.no_grad()
def test_every_site_is_as_wide_as_its_activity(model: NetworkSettings) -> None:
    network = build(model, VOCABULARY, SEEDS)
    activations = network(draw_tokens(), record=["*"]).activations
    assert list(activations) == list(network.sites) == site_names(model)
    shapes = {site: tuple(a.shape) for site, a in activations.items()}
    assert shapes == {site: (2, BATCH, TIME, network.width(site)) for site in network.sites}
    with pytest.raises(SiteError, match="hook_x"):
        network.width("layers.0.hook_x")


def test_sites_of_one_network_may_differ_in_width() -> None:
    assert len(set(site_widths(GPT).values())) > 1


def test_a_state_is_activity_in_the_recurrent_family_alone() -> None:
    assert state_sites(MODELS[3]) == [f"layers.{i}.hook_{n}" for i in range(2) for n in "hc"]
    assert state_sites(GPT) == []
    assert build(MODELS[3], VOCABULARY, SEEDS).state_sites == tuple(state_sites(MODELS[3]))


@each_model
@torch.no_grad()
def test_interventions_meet_sites_of_any_width(model: NetworkSettings) -> None:
    network, rng = build(model, VOCABULARY, SEEDS), np.random.default_rng(0)
    combinations = [()] + [
        (Intervention("graft", site, value=rng.normal(size=network.width(site)), when=(2,)),)
        for site in network.sites
    ]
    response = intervene(network, draw_tokens(), combinations)
    assert (response.fired == (np.arange(len(combinations)) > 0)[:, None]).all()
    plain = network(draw_tokens()).logits.softmax(-1).numpy()
    np.testing.assert_allclose(response.probabilities[:, 0], plain, atol=1e-6)
    moved = np.abs(response.probabilities[:, 1:] - plain[:, None]).max((-1, -2))
    assert (moved.max(0) > 1e-6).all()  # every site, at some sequence


@each_model
@torch.no_grad()
def test_a_state_can_be_given_back_for_every_combination(model: NetworkSettings) -> None:
    network, tokens = build(model, VOCABULARY, SEEDS), draw_tokens()
    state = network(tokens[:, :3]).state
    site = network.sites[0]
    graft = (Intervention("graft", site, value=np.ones(network.width(site)), when=(1,)),)
    response = intervene(network, tokens[:, 3:], [(), graft], state)
    plain = network(tokens).logits[:, :, 3:].softmax(-1).numpy()
    np.testing.assert_allclose(response.probabilities[:, 0], plain, atol=1e-6)
    assert np.abs(response.probabilities[:, 1] - plain).max() > 1e-6


def test_no_pass_goes_on_from_a_store_without_the_state() -> None:
    network, tokens = build(GPT, VOCABULARY, SEEDS[:1]), draw_tokens()
    activations = {"hook_embed": np.zeros((BATCH, TIME, GPT.width))}
    with pytest.raises(InterventionError, match="state of a GPT"):
        Recording(tokens.numpy(), activations).check(network, ["hook_embed"], 2)


@each_model
@torch.no_grad()
def test_a_saved_network_is_the_same(model: NetworkSettings, tmp_path: Path) -> None:
    network, tokens = build(model, VOCABULARY, SEEDS), draw_tokens(len(SEEDS))
    save_pretrained(network, tmp_path)
    again = from_pretrained(tmp_path)
    assert type(again) is type(network)
    assert torch.equal(again(tokens).logits, network(tokens).logits)
    one = network.select([1])
    assert one.seeds == (1,)
    torch.testing.assert_close(one(tokens[1:]).logits[0], network(tokens).logits[1])


@each_model
def test_tokens_outside_the_vocabulary_are_refused(model: NetworkSettings) -> None:
    with pytest.raises(NetworkError, match=r"got 0\.\.5; must lie in 0\.\.4"):
        build(model, VOCABULARY, SEEDS)(torch.tensor([[0, VOCABULARY]]))
