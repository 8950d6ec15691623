"""The learning rate over a training, and weight decay: against torch's own AdamW."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chunkscope.networks.building import build
from chunkscope.networks.settings import GPTSettings, TanhSettings, TrainingSettings
from chunkscope.networks.training import cross_entropy, draw_windows, learning_rate, train

TOKENS = np.random.default_rng(0).integers(0, 5, (4, 20))


def test_the_rate_is_the_same_at_every_step_by_default() -> None:
    settings = TrainingSettings(steps=50, learning_rate=0.3)
    assert {learning_rate(settings, step) for step in range(50)} == {0.3}


def test_the_rate_rises_in_equal_steps_and_falls_along_a_cosine() -> None:
    settings = TrainingSettings(steps=110, learning_rate=2.0, warmup=10, decay="cosine")
    rates = np.array([learning_rate(settings, step) for step in range(110)])
    np.testing.assert_allclose(rates[:10], 0.2 * np.arange(1, 11))
    assert rates[10] == 2.0
    np.testing.assert_allclose(rates[60], 1.1)  # half way, the mean of 2 and a tenth of it
    np.testing.assert_allclose(rates[35] + rates[85], 2.2)  # a cosine is odd about its middle
    assert (np.diff(rates[10:]) < 0).all()
    assert 0.2 < rates[-1] < 0.202


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_training_is_adamw_with_matrices_alone_decaying(decay: float) -> None:
    settings = TrainingSettings(
        steps=4,
        batch=2,
        window=8,
        learning_rate=0.05,
        warmup=2,
        decay="cosine",
        weight_decay=decay,
        gradient_clip=None,
    )
    model = GPTSettings(layers=1, width=8, heads=2)
    ours, reference = (build(model, 5, [4, 2]).double() for _ in range(2))
    train(ours, TOKENS, settings, [7, 8], progress=lambda step, loss: None)
    matrices = [p for name, p in reference.named_parameters() if "weight" in name and p.ndim == 3]
    vectors = [p for p in reference.parameters() if p.ndim == 2]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0}]
    adamw = torch.optim.AdamW(groups)
    for step in range(settings.steps):
        for group in adamw.param_groups:
            group["lr"] = learning_rate(settings, step)
        windows = torch.from_numpy(draw_windows(TOKENS, settings, [7, 8], step))
        adamw.zero_grad()
        logits = reference(windows[:, :, :-1]).logits
        cross_entropy(logits, windows[:, :, 1:]).mean((1, 2)).sum().backward()
        adamw.step()
    for got, expected in zip(ours.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got, expected)


def test_decay_makes_weights_smaller() -> None:
    sizes = []
    for decay in (0.0, 0.5):
        network = build(TanhSettings(hidden=8), 5, [0])
        settings = TrainingSettings(steps=30, batch=2, window=8, weight_decay=decay)
        train(network, TOKENS, settings, [0], progress=lambda step, loss: None)
        sizes.append(network.readout.weight.norm().item())
    assert sizes[1] < 0.98 * sizes[0]
