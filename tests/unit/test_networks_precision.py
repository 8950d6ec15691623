"""Mixed precision: products in bfloat16, everything that lasts in single, and nearly one result."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_examples import VOCABULARY, draw_corpus, silent

from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import (
    AffineSettings,
    CRATESettings,
    GPTSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
    TrainingSettings,
)
from chunkscope.networks.training import History, cross_entropy, draw_windows, train

CONTEXT = 16
SEEDS, WINDOW_SEEDS = (3, 1), (30, 10)
SHAPE = {"layers": 2, "width": 16, "heads": 2, "context": CONTEXT, "initial_sd": 0.2}
TRANSFORMERS = [
    GPTSettings(**SHAPE),
    GPTSettings(**SHAPE, activation="relu", bias=False, positions="learned"),
    CRATESettings(**SHAPE),
    CRATESettings(**SHAPE, skip=True, tied=False, attention="full"),
]
RECURRENCES = [  # where a state comes from states long ago
    AffineSettings(hidden=6),
    TanhSettings(hidden=6, leak=0.5, layers=2),
    GRUSettings(hidden=6, layers=2),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
]
MODELS = [*TRANSFORMERS, *RECURRENCES, TanhSettings(hidden=6), LSTMSettings(hidden=6)]
SINGLE = TrainingSettings(
    steps=60, batch=3, window=CONTEXT, learning_rate=0.002, gradient_clip=None
)  # so few windows that an affine network runs as a scan
MIXED = SINGLE.model_copy(update={"precision": "mixed"})


def named(model: NetworkSettings) -> str:
    return model.architecture


def trained(
    model: NetworkSettings, settings: TrainingSettings, directory: Path | None = None
) -> tuple[Network, History]:
    network, corpus = build(model, VOCABULARY, SEEDS), draw_corpus()
    return network, train(
        network, corpus, settings, WINDOW_SEEDS, corpus[:, :CONTEXT], progress=silent,
        resume_dir=directory,
    )  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_mixed_precision_ends_near_single(model: NetworkSettings, tmp_path: Path) -> None:
    (single, expected), (mixed, history) = trained(model, SINGLE), trained(model, MIXED, tmp_path)
    assert expected.rows[:2] == history.rows[:2]  # evaluations are in single precision
    for row, other in zip(history.rows[-2:], expected.rows[-2:], strict=True):
        assert row.loss == pytest.approx(other.loss, rel=0.03)
        assert row.training_loss == pytest.approx(other.training_loss, rel=0.03)
        assert row.training_loss != other.training_loss
    for weight, other in zip(mixed.parameters(), single.parameters(), strict=True):
        assert not torch.equal(weight, other)
    kept = load_file(tmp_path / "training.safetensors")  # weights and moments
    assert {value.dtype for value in kept.values()} == {torch.float32}


@pytest.mark.parametrize("model", TRANSFORMERS, ids=named)
def test_mixed_precision_and_sparsity_go_together(model: NetworkSettings) -> None:
    (_, single), (_, mixed) = (
        trained(model, settings.model_copy(update={"sparsity": 1.0}))
        for settings in (SINGLE, MIXED)
    )
    for row, other in zip(mixed.rows[-2:], single.rows[-2:], strict=True):
        assert row.loss == pytest.approx(other.loss, rel=0.03)


@pytest.mark.parametrize("model", [TRANSFORMERS[0], TRANSFORMERS[2], RECURRENCES[2]], ids=named)
def test_single_precision_is_that_of_a_loop_without_autocast(model: NetworkSettings) -> None:
    ours, _ = trained(model, SINGLE)
    other = build(model, VOCABULARY, SEEDS)
    adam = torch.optim.Adam(other.parameters(), SINGLE.learning_rate, fused=True)
    for step in range(SINGLE.steps):
        windows = torch.from_numpy(draw_windows(draw_corpus(), SINGLE, WINDOW_SEEDS, step))
        nats = cross_entropy(other(windows[:, :, :-1]).logits, windows[:, :, 1:])
        adam.zero_grad()
        nats.mean((1, 2)).sum().backward()
        adam.step()
    for weight, expected in zip(ours.parameters(), other.parameters(), strict=True):
        assert torch.equal(weight, expected)


@pytest.mark.parametrize("model", RECURRENCES, ids=named)
def test_states_that_add_up_over_time_stay_in_single_precision(model: NetworkSettings) -> None:
    network, windows = build(model, VOCABULARY, SEEDS), torch.from_numpy(draw_corpus()[:3])
    with torch.autocast("cpu", torch.bfloat16):
        output = network(windows, record=["*.hook_h"])
    assert output.logits.dtype == torch.bfloat16
    assert {states.dtype for states in output.activations.values()} == {torch.float32}


def test_losses_are_those_of_the_logits_in_single_precision() -> None:
    network, windows = build(TRANSFORMERS[0], VOCABULARY, SEEDS), torch.from_numpy(draw_corpus())
    windows = windows[:, :CONTEXT].expand(len(SEEDS), -1, -1)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(windows[:, :, :-1]).logits
        losses = cross_entropy(logits, windows[:, :, 1:])
    assert logits.dtype == torch.bfloat16
    assert torch.equal(losses, cross_entropy(logits.float(), windows[:, :, 1:]))
