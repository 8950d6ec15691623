"""The L1 norm of code units in training: its gradient, what it does, and who cannot have it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional
from training_examples import VOCABULARY, draw_corpus, silent

from chunkscope.errors import NetworkError
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import (
    CRATESettings,
    GPTSettings,
    GRUSettings,
    NetworkSettings,
    TrainingSettings,
)
from chunkscope.networks.training import History, draw_windows, train

CONTEXT = 16
SEEDS, WINDOW_SEEDS = (3, 1, 4), (30, 10, 40)
SHAPE = {"layers": 2, "width": 16, "heads": 2, "context": CONTEXT, "initial_sd": 0.2}
MODELS = [GPTSettings(**SHAPE), GPTSettings(**SHAPE, activation="relu"), CRATESettings(**SHAPE)]
BRIEF = TrainingSettings(steps=12, batch=4, window=12, gradient_clip=None, sparsity=3.0)

each_model = pytest.mark.parametrize(
    "model", MODELS, ids=lambda m: f"{m.architecture} {getattr(m, 'activation', '')}"
)


def trained(
    model: NetworkSettings, settings: TrainingSettings, members: slice = slice(None)
) -> tuple[Network, History]:
    network, corpus = build(model, VOCABULARY, SEEDS[members]), draw_corpus(12, CONTEXT)
    return network, train(network, corpus, settings, WINDOW_SEEDS[members], progress=silent)


@torch.no_grad()
def activity(network: Network) -> torch.Tensor:
    """Mean absolute activity of code units on the corpus, member by member."""
    symbols = torch.from_numpy(draw_corpus(12, CONTEXT))
    found = network(symbols, record=["blocks.*.mlp.hook_post"]).activations
    return torch.stack([units.abs().mean((1, 2, 3)) for units in found.values()]).mean(0)


@each_model
def test_what_is_minimised_is_that_of_a_loop_by_hand(model: NetworkSettings) -> None:
    ours, history = trained(model, BRIEF, slice(1, 2))
    other = build(model, VOCABULARY, SEEDS[1:2])
    adam, told = torch.optim.Adam(other.parameters(), BRIEF.learning_rate), []
    for step in range(BRIEF.steps):
        windows = draw_windows(draw_corpus(12, CONTEXT), BRIEF, WINDOW_SEEDS[1:2], step)[0]
        read, targets = torch.from_numpy(windows).split([BRIEF.window - 1, 1], 1)
        targets = torch.cat([read[:, 1:], targets], 1).flatten()
        output = other(read, record=["*"])
        nats = functional.cross_entropy(output.logits[0].flatten(0, 1), targets)
        first, second = (output.activations[f"blocks.{block}.mlp.hook_post"] for block in (0, 1))
        adam.zero_grad()
        (nats + 3.0 * (first.abs().mean() + second.abs().mean()) / 2).backward()
        adam.step()
        told.append(nats.item())
    for weight, expected in zip(ours.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(weight, expected, rtol=1e-4, atol=1e-5)
    # what is told is the cross-entropy alone
    assert history.rows[-1].training_loss == pytest.approx(np.mean(told), rel=1e-5)


@each_model
def test_units_come_to_rest(model: NetworkSettings) -> None:
    longer = BRIEF.model_copy(update={"steps": 60, "gradient_clip": 1.0})
    (sparse, history), (plain, _) = (
        trained(model, longer.model_copy(update={"sparsity": sparsity})) for sparsity in (1.0, 0.0)
    )
    assert (activity(sparse) < 0.7 * activity(plain)).all()
    assert all(row.training_loss < 1.55 for row in history.rows[-3:])  # log 5 = 1.61: it learns


@each_model
def test_a_member_trains_as_it_would_alone(model: NetworkSettings) -> None:
    together, _ = trained(model, BRIEF)
    for member in range(len(SEEDS)):
        alone, _ = trained(model, BRIEF, slice(member, member + 1))
        expected = together.select([member])
        for weight, value in zip(alone.parameters(), expected.parameters(), strict=True):
            torch.testing.assert_close(weight, value, rtol=1e-4, atol=1e-5)


def test_a_network_without_code_units_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"sparsity: got 3; must be 0 for the architecture gru"):
        trained(GRUSettings(hidden=4), BRIEF)
