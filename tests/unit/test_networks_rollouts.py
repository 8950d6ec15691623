"""Free running: equal to reading one's own words, step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from chunkscope.errors import InterventionError, NetworkError
from chunkscope.networks.building import build
from chunkscope.networks.edits import Edit
from chunkscope.networks.rollouts import rollout
from chunkscope.networks.sampling import Sampling, nucleus
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
)

VOCABULARY, SEEDS, BATCH, PREFIX, STEPS = 5, (3, 1, 4), 4, 3, 6
MODELS = [
    AffineSettings(hidden=6),
    TanhSettings(hidden=6),
    GRUSettings(hidden=6, layers=2),
    LSTMSettings(hidden=6),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture)


def draw_prefix() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(VOCABULARY, (BATCH, PREFIX), generator=generator)


def steer(length: int, width: int = 6) -> Edit:
    rng = np.random.default_rng(0)
    return Edit(
        "layers.0.hook_h",
        when=rng.random((BATCH, length)) < 0.5,
        units=rng.random((BATCH, width)) < 0.7,
        keep=np.ones(BATCH),
        hold=np.zeros(BATCH),
        value=rng.normal(size=(BATCH, width)),
    )


@each_model
@pytest.mark.parametrize("edited", [False, True], ids=["plain", "edited"])
@torch.no_grad()
def test_greedy_is_the_argmax_of_reading_it_all_again(model: NetworkSettings, edited: bool) -> None:
    network = build(model, VOCABULARY, SEEDS)
    edits = [steer(PREFIX + STEPS - 1, network.width("layers.0.hook_h"))] if edited else []
    said = rollout(network, draw_prefix(), STEPS, intervene=edits)
    assert said.tokens.shape == (len(SEEDS), BATCH, STEPS)
    whole = torch.cat([draw_prefix().expand(len(SEEDS), -1, -1), said.tokens], 2)
    output = network(whole[:, :, :-1], intervene=edits)
    expected = output.logits[:, :, PREFIX - 1 :].softmax(-1)
    torch.testing.assert_close(said.probabilities, expected)
    assert torch.equal(said.tokens, expected.argmax(-1))
    assert said.fired == output.fired


@each_model
@torch.no_grad()
def test_a_state_stands_for_the_prefix_before_it(model: NetworkSettings) -> None:
    network, prefix = build(model, VOCABULARY, SEEDS), draw_prefix()
    state = network(prefix[:, :2]).state
    said = rollout(network, prefix[:, 2:], STEPS, state=state)
    expected = rollout(network, prefix, STEPS)
    assert torch.equal(said.tokens, expected.tokens)
    torch.testing.assert_close(said.probabilities, expected.probabilities)


def drawn(seed: int, *shape: int, **sampling: float) -> Sampling:
    return Sampling(torch.rand(shape, generator=torch.Generator().manual_seed(seed)), **sampling)


def test_samples_follow_the_probabilities_and_their_random_numbers() -> None:
    network = build(TanhSettings(hidden=6), VOCABULARY, SEEDS)
    prefix = draw_prefix()[:1].expand(20_000, -1)
    said = rollout(network, prefix, 2, drawn(0, 20_000, 2))
    again = rollout(network, prefix, 2, drawn(0, 20_000, 2))
    other = rollout(network, prefix, 2, drawn(1, 20_000, 2))
    assert torch.equal(said.tokens, again.tokens)
    assert not torch.equal(said.tokens, other.tokens)
    shares = torch.nn.functional.one_hot(said.tokens[:, :, 0], VOCABULARY).float().mean(1)
    expected = said.probabilities[:, 0, 0]
    spread = (expected * (1 - expected) / 20_000).sqrt()
    assert ((shares - expected).abs() < 5 * spread).all()


def test_a_nucleus_holds_the_fewest_likeliest_symbols() -> None:
    weights = torch.tensor([[0.1, 0.4, 0.3, 0.2], [0.0, 0.0, 1.0, 0.0]])
    expected = torch.tensor([[0.0, 0.4, 0.3, 0.0], [0.0, 0.0, 1.0, 0.0]])
    assert torch.equal(nucleus(weights, 0.7), expected)
    assert torch.equal(nucleus(weights, 0.71)[0], torch.tensor([0.0, 0.4, 0.3, 0.2]))
    assert torch.equal(nucleus(weights, 1.0), weights)


def test_a_low_temperature_or_a_small_nucleus_says_the_likeliest() -> None:
    probabilities = torch.tensor([[0.1, 0.45, 0.35, 0.1]]).expand(1, 500, 4)
    for narrow in ({"temperature": 0.01}, {"temperature": 0.001}, {"top_p": 0.4}):
        assert (drawn(0, 500, 1, **narrow).draw(probabilities, 0) == 1).all()
    assert len(drawn(0, 500, 1).draw(probabilities, 0).unique()) == 4


def test_the_largest_random_number_still_draws_a_likely_symbol() -> None:
    probabilities = torch.tensor([[[0.5, 0.5, 0.0]]])
    largest = Sampling(torch.full((1, 1), 1 - 2**-24))
    assert largest.draw(probabilities, 0).item() == 1


def test_what_cannot_run_is_refused() -> None:
    network, prefix = build(TanhSettings(hidden=6), VOCABULARY, SEEDS), draw_prefix()
    with pytest.raises(NetworkError, match="steps: got 0"):
        rollout(network, prefix, 0)
    with pytest.raises(NetworkError, match=r"random numbers of shape \(1, 1\)"):
        rollout(network, prefix, 1, drawn(0, 1, 1))
    with pytest.raises(NetworkError, match=r"temperature 0\.0"):
        drawn(0, 1, 1, temperature=0.0)
    with pytest.raises(InterventionError, match="got 9 steps; a rollout reads 8"):
        rollout(network, prefix, STEPS, intervene=[steer(9)])
