"""Training: members stay independent, interruptions change no byte, and mistakes are said."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from training_examples import VOCABULARY, draw_corpus, silent

from chunkscope.errors import NetworkError
from chunkscope.networks.building import build
from chunkscope.networks.progress import StepReport
from chunkscope.networks.settings import (
    AffineSettings,
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    NetworkSettings,
    SSMSettings,
    TanhSettings,
    TrainingSettings,
)
from chunkscope.networks.stock import to_stock
from chunkscope.networks.training import History, clip_members, draw_windows, evaluate, train

SEEDS, WINDOW_SEEDS = (3, 1, 4), (30, 10, 40)
BRIEF = TrainingSettings(
    steps=24, batch=4, window=12, evaluate_every=10, checkpoints=(0, 7), resume_every=8
)
MODELS = [
    AffineSettings(hidden=6),
    TanhSettings(hidden=6),
    GRUSettings(hidden=6, layers=2),
    LSTMSettings(hidden=6),
    MinGRUSettings(hidden=6),
    SSMSettings(hidden=6, state=2),
]


each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.architecture)


@each_model
def test_a_member_trains_as_it_would_alone(model: NetworkSettings) -> None:
    corpus = draw_corpus()
    settings = BRIEF.model_copy(update={"gradient_clip": 0.05})  # so small that it always acts
    together = build(model, VOCABULARY, SEEDS)
    train(together, corpus, settings, WINDOW_SEEDS, progress=silent)
    for member in range(len(SEEDS)):
        alone = build(model, VOCABULARY, SEEDS[member : member + 1])
        train(alone, corpus, settings, WINDOW_SEEDS[member : member + 1], progress=silent)
        expected = together.select([member]).state_dict()
        for name, value in alone.state_dict().items():
            assert (value - expected[name]).norm() <= 1e-5 * value.norm(), name


@each_model
def test_a_member_on_its_own_corpus_trains_as_it_would_alone(model: NetworkSettings) -> None:
    corpora = np.stack([(draw_corpus() + shift) % VOCABULARY for shift in range(len(SEEDS))])
    corpora[1] = corpora[1, :, ::-1]
    together = build(model, VOCABULARY, SEEDS)
    history = train(together, corpora, BRIEF, WINDOW_SEEDS, corpora, progress=silent)
    last = history.rows[-len(SEEDS) :]
    for member, corpus in enumerate(corpora):
        members = slice(member, member + 1)
        alone = build(model, VOCABULARY, SEEDS[members])
        own = train(alone, corpus, BRIEF, WINDOW_SEEDS[members], corpus, progress=silent)
        assert own.rows[-1].loss == pytest.approx(last[member].loss, rel=1e-5)
        assert own.rows[-1].accuracy == pytest.approx(last[member].accuracy, abs=0.005)
        expected = together.select([member]).state_dict()
        for name, value in alone.state_dict().items():
            assert (value - expected[name]).norm() <= 1e-5 * value.norm(), name
    assert len({round(row.loss, 4) for row in last}) == len(SEEDS)


def test_one_corpus_for_all_is_the_same_corpus_for_each() -> None:
    corpus = draw_corpus()
    each = np.broadcast_to(corpus, (len(SEEDS), *corpus.shape))
    network = build(MODELS[2], VOCABULARY, SEEDS)
    for step in range(3):
        np.testing.assert_array_equal(
            draw_windows(corpus, BRIEF, WINDOW_SEEDS, step),
            draw_windows(each, BRIEF, WINDOW_SEEDS, step),
        )
    for shared, own in zip(evaluate(network, corpus), evaluate(network, each), strict=True):
        np.testing.assert_array_equal(shared, own)


def test_training_is_that_of_a_stock_network() -> None:
    corpus = draw_corpus()
    network = build(GRUSettings(hidden=6), VOCABULARY, SEEDS)
    rnn, readout = to_stock(network, 1)
    parameters = [*rnn.parameters(), *readout.parameters()]
    adam = torch.optim.Adam(parameters, BRIEF.learning_rate)
    for step in range(BRIEF.steps):
        windows = torch.from_numpy(draw_windows(corpus, BRIEF, WINDOW_SEEDS, step)[1])
        logits = readout(rnn(functional.one_hot(windows, VOCABULARY).float())[0])[:, :-1]
        adam.zero_grad()
        functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
    train(network, corpus, BRIEF, WINDOW_SEEDS, progress=silent)
    for expected, ours in zip(rnn.parameters(), to_stock(network, 1)[0].parameters(), strict=True):
        assert (ours - expected).norm() <= 1e-5 * expected.norm()


@each_model
def test_training_learns(model: NetworkSettings) -> None:
    corpus = draw_corpus(30)
    settings = TrainingSettings(steps=150, batch=8, window=20, learning_rate=0.02)
    network = build(model, VOCABULARY, SEEDS)
    history = train(network, corpus, settings, WINDOW_SEEDS, corpus[:, :20], progress=silent)
    first, last = history.rows[: len(SEEDS)], history.rows[-len(SEEDS) :]
    assert all(row.loss > 1.4 for row in first)  # log 5 = 1.61
    assert all(row.accuracy > 0.7 for row in last)
    assert all(row.training_loss < 1.2 for row in last)


class Interruption(Exception):
    """Stands for a killed process."""


def train_with_interruptions(
    model: NetworkSettings, at: list[int], directory: Path
) -> tuple[History, dict[str, torch.Tensor]]:
    corpus = draw_corpus()
    for stop in [*at, None]:
        network = build(model, VOCABULARY, SEEDS)

        def interrupt(step: int, loss: float, stop: int | None = stop) -> None:
            if step == stop:
                raise Interruption

        try:
            history = train(
                network, corpus, BRIEF, WINDOW_SEEDS, corpus, progress=interrupt,
                resume_dir=directory,
            )  # fmt: skip
        except Interruption:
            continue
    return history, network.state_dict()


@each_model
@pytest.mark.parametrize("at", [[3], [13], [8, 17, 23]])
def test_interruptions_change_no_byte(
    model: NetworkSettings, at: list[int], tmp_path: Path
) -> None:
    history, weights = train_with_interruptions(model, at, tmp_path / "interrupted")
    expected, expected_weights = train_with_interruptions(model, [], tmp_path / "whole")
    assert history.rows == expected.rows
    assert history.checkpoints.keys() == expected.checkpoints.keys() == {0, 7, 24}
    for step, checkpoint in expected.checkpoints.items():
        for name, value in checkpoint.items():
            assert torch.equal(history.checkpoints[step][name], value)
    for name, value in expected_weights.items():
        assert torch.equal(weights[name], value)
    files = [tmp_path / kind / "training.safetensors" for kind in ("interrupted", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_interrupted_training_goes_on_where_it_was(tmp_path: Path) -> None:
    network, corpus, steps = build(MODELS[1], VOCABULARY, SEEDS), draw_corpus(), []

    def interrupt(step: int, loss: float) -> None:
        steps.append(step)
        if step == 13 and steps.count(13) == 1:
            raise Interruption

    with pytest.raises(Interruption):
        train(network, corpus, BRIEF, WINDOW_SEEDS, progress=interrupt, resume_dir=tmp_path)
    network = build(MODELS[1], VOCABULARY, SEEDS)
    train(network, corpus, BRIEF, WINDOW_SEEDS, progress=interrupt, resume_dir=tmp_path)
    assert steps == [*range(1, 14), *range(9, 25)]


def test_the_state_of_another_training_is_refused(tmp_path: Path) -> None:
    corpus = draw_corpus()
    train_with_interruptions(MODELS[1], [], tmp_path)
    network = build(MODELS[1], VOCABULARY, SEEDS)
    with pytest.raises(NetworkError, match="other data, seeds or settings"):
        train(network, corpus, BRIEF, (1, 2, 3), corpus, progress=silent, resume_dir=tmp_path)
    (tmp_path / "training.safetensors").write_bytes(b"no tensors")
    with pytest.raises(NetworkError, match="delete it"):
        train(network, corpus, BRIEF, WINDOW_SEEDS, corpus, progress=silent, resume_dir=tmp_path)


def test_history_has_a_row_per_evaluation_and_seed() -> None:
    network, corpus = build(MODELS[1], VOCABULARY, SEEDS), draw_corpus()
    untrained = {key: value.clone() for key, value in network.state_dict().items()}
    loss, accuracy = evaluate(network, corpus)
    history = train(network, corpus, BRIEF, WINDOW_SEEDS, corpus, progress=silent)
    table = history.columns()
    assert table["step"] == [step for step in (0, 10, 20, 24) for _ in SEEDS]
    assert table["seed"] == list(SEEDS) * 4
    assert table["training_loss"][:3] == [None] * 3
    assert (table["loss"][:3], table["accuracy"][:3]) == (loss.tolist(), accuracy.tolist())
    for name, value in untrained.items():
        assert torch.equal(history.checkpoints[0][name], value)
        assert torch.equal(history.checkpoints[24][name], network.state_dict()[name])
        assert not torch.equal(history.checkpoints[7][name], value)


def test_evaluation_is_the_mean_over_predictions() -> None:
    network, corpus = build(MODELS[3], VOCABULARY, SEEDS), draw_corpus(700, 40)  # several passes
    loss, accuracy = evaluate(network, corpus)
    symbols = torch.from_numpy(corpus)
    log_probability = network(symbols).logits.log_softmax(-1)[:, :, :-1].detach()
    targets = symbols[:, 1:].expand(log_probability.shape[:-1])
    losses = -log_probability.gather(-1, targets.unsqueeze(-1))
    np.testing.assert_allclose(loss, losses.mean((1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(
        accuracy, (log_probability.argmax(-1) == targets).float().mean((1, 2)), rtol=1e-5
    )


def test_windows_are_pieces_of_the_corpus_and_depend_on_seed_and_step_alone() -> None:
    corpus = np.arange(6 * 40).reshape(6, 40)
    windows = draw_windows(corpus, BRIEF, WINDOW_SEEDS, 5)
    assert windows.shape == (3, BRIEF.batch, BRIEF.window)
    assert (np.diff(windows) == 1).all()
    assert (windows[..., 0] // 40 == windows[..., -1] // 40).all()  # within one sequence
    np.testing.assert_array_equal(windows[1:2], draw_windows(corpus, BRIEF, WINDOW_SEEDS[1:2], 5))
    assert (windows != draw_windows(corpus, BRIEF, WINDOW_SEEDS, 6)).any()
    many = BRIEF.model_copy(update={"batch": 4000})
    starts = draw_windows(corpus, many, [0], 0)[0, :, 0]
    assert set(starts) == {40 * row + t for row in range(6) for t in range(40 - 12 + 1)}


def test_the_gradient_is_clipped_member_by_member() -> None:
    network = build(MODELS[2], VOCABULARY, SEEDS)
    scale = torch.tensor([0.01, 1.0, 100.0])
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.grad = noise * scale.view(-1, *[1] * (noise.ndim - 1))
    flat = torch.cat([p.grad.flatten(1) for p in network.parameters()], 1)
    clip_members(network, 1.0)
    clipped = torch.cat([p.grad.flatten(1) for p in network.parameters()], 1)
    norms = flat.norm(dim=1)
    assert norms[0] < 1 < norms[1]
    assert torch.equal(clipped[0], flat[0])
    torch.testing.assert_close(clipped[1:], flat[1:] / norms[1:, None])


def test_a_loss_that_is_not_finite_names_seed_and_step() -> None:
    network = build(MODELS[1], VOCABULARY, SEEDS)
    with torch.no_grad():
        network.readout.bias[1, 0] = np.nan
    with pytest.raises(NetworkError, match=r"loss of seed 1 is nan at step 1;"):
        train(network, draw_corpus(), BRIEF, WINDOW_SEEDS, progress=silent)


@pytest.mark.parametrize(
    ("tokens", "window_seeds", "message"),
    [
        (draw_corpus(time=11), WINDOW_SEEDS, r"shape \(6, 11\).*window = 12"),
        (draw_corpus()[0], WINDOW_SEEDS, "must be"),
        (draw_corpus()[None], WINDOW_SEEDS, r"shape \(1, 6, 40\).*\(3 seeds, sequence, time\)"),
        (draw_corpus(), (1, 2), "2 window seeds for 3 members"),
    ],
)
def test_data_that_do_not_fit_are_refused(
    tokens: np.ndarray, window_seeds: tuple[int, ...], message: str
) -> None:
    with pytest.raises(NetworkError, match=message):
        train(build(MODELS[1], VOCABULARY, SEEDS), tokens, BRIEF, window_seeds, progress=silent)


def test_checkpoints_lie_within_the_training() -> None:
    with pytest.raises(ValueError, match=r"checkpoints: got \[30\]"):
        TrainingSettings(steps=24, checkpoints=(0, 30))


def test_a_log_gets_lines() -> None:
    log = io.StringIO()
    report = StepReport(200, log)
    for step in range(1, 201):
        report(step, 1 / step)
    first, *_, last = log.getvalue().splitlines()
    assert first == "step 1/200 loss 1"
    assert last.startswith("step 200/200 loss 0.005 ")
    assert last.endswith("it/s, 00:00 left")


def test_only_scored_symbols_are_learned() -> None:
    corpus, rng = draw_corpus(), np.random.default_rng(1)
    scored = rng.random(corpus.shape) < 0.3
    settings = BRIEF.model_copy(update={"window": 40, "gradient_clip": None})
    ours = build(MODELS[1], VOCABULARY, [3])
    train(ours, corpus, settings, [30], progress=silent, scored=scored)

    other = build(MODELS[1], VOCABULARY, [3])
    adam = torch.optim.Adam(other.parameters(), settings.learning_rate)
    for step in range(settings.steps):
        (cells,) = draw_windows(np.arange(corpus.size).reshape(corpus.shape), settings, [30], step)
        tokens = torch.from_numpy(corpus.ravel()[cells])
        row, at = np.nonzero(scored.ravel()[cells][:, 1:])
        predicted = other(tokens[:, :-1]).logits[0][row, at]
        adam.zero_grad()
        functional.cross_entropy(predicted, tokens[row, at + 1]).backward()
        adam.step()
    for weight, expected in zip(ours.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(weight, expected)


@torch.no_grad()
def test_evaluation_counts_scored_symbols_alone() -> None:
    network, corpus = build(MODELS[1], VOCABULARY, SEEDS), draw_corpus()
    scored = np.random.default_rng(1).random(corpus.shape) < 0.3
    loss, accuracy = evaluate(network, corpus, scored)
    row, at = np.nonzero(scored[:, 1:])
    logits = network(torch.from_numpy(corpus)[:, :-1]).logits[:, row, at]
    targets = torch.from_numpy(corpus)[row, at + 1]
    for member, found in enumerate(logits):
        assert loss[member] == pytest.approx(functional.cross_entropy(found, targets).item())
        assert accuracy[member] == pytest.approx((found.argmax(-1) == targets).double().mean())
    np.testing.assert_array_equal(
        evaluate(network, corpus, np.ones(corpus.shape, bool)), evaluate(network, corpus)
    )


@pytest.mark.parametrize(
    ("scored", "sentence"),
    [
        (np.ones((6, 39), bool), r"bool and shape \(6, 39\); must be bool of shape \(6, 40\)"),
        (np.ones((6, 40)), r"scored of float64"),
        (np.arange(240).reshape(6, 40) % 40 == 0, "no symbol but a first one"),
    ],
)
def test_scores_that_do_not_fit_are_refused(scored: np.ndarray, sentence: str) -> None:
    network = build(MODELS[1], VOCABULARY, SEEDS)
    with pytest.raises(NetworkError, match=sentence):
        train(network, draw_corpus(), BRIEF, WINDOW_SEEDS, progress=silent, scored=scored)
