"""The four RNN experiments of the chunk papers: our ensembles against a loop over time in Python.

The other side trains one network as the papers' notebooks do: batch 1, two ``nn.Linear`` on the
concatenated symbol and state at every step, summed cross-entropy, Adam. Both sides make the same
few updates on windows of the same length, from the same weights and on the same windows for
member 0; ``quality`` is the largest relative difference between their weights afterwards. (With
the mean in place of the sum it is 2e-7: Adam adds 1e-8 to the size of a gradient, which is less
of a sum than of a mean.)

The loop is measured on one network and its seconds are multiplied by the number of networks; the
last columns multiply both sides to all updates of an experiment. CPU seconds on one thread,
without start-up. The cost does not depend on the symbols, which are random here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from paired import paired
from torch import Tensor, nn
from torch.nn import functional

from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.settings import AffineSettings, TrainingSettings
from chunkscope.networks.training import draw_windows, train

HIDDEN, LEARNING_RATE = 12, 0.005
RUNS = 3


@dataclass(frozen=True)
class Experiment:
    """What is trained, and how many of its updates are measured."""

    name: str
    networks: int
    updates: int
    window: int
    symbols: int
    measured: int

    def training(self) -> TrainingSettings:
        """The measured updates."""
        return TrainingSettings(
            steps=self.measured,
            batch=1,
            window=self.window,
            learning_rate=LEARNING_RATE,
            gradient_clip=None,
            checkpoints=(),
        )

    def tokens(self) -> np.ndarray:
        """One corpus per network, (seed, sequence, time)."""
        shape = (self.networks, 1, 4 * self.window)
        return np.random.default_rng(0).integers(self.symbols, size=shape)


EXPERIMENTS = (
    Experiment("reflection", 20, updates=400, window=200, symbols=5, measured=20),
    Experiment("transfer, pretraining", 30, updates=160, window=400, symbols=13, measured=10),
    Experiment("context", 10, updates=200, window=2000, symbols=5, measured=2),
    Experiment("hierarchy", 80, updates=300, window=3000, symbols=5, measured=2),
)


class Loop(nn.Module):
    """One affine network, a step at a time; starts as member 0 of an ensemble."""

    def __init__(self, ensemble: Network) -> None:
        super().__init__()
        weights = {name: value[0] for name, value in ensemble.state_dict().items()}
        self.recurrence, self.readout = (
            self._linear(weights, part) for part in ("layers.0", "readout")
        )

    def _linear(self, weights: dict[str, Tensor], part: str) -> nn.Linear:
        weight = torch.cat([weights[f"{part}.weight_ih"], weights[f"{part}.weight_hh"]], 1)
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": weight, "bias": weights[f"{part}.bias"]})
        return linear

    def forward(self, one_hot: Tensor) -> Tensor:
        """Log-probabilities (time, symbol) of what follows each of ``one_hot`` (time, symbol)."""
        hidden = torch.zeros(HIDDEN)
        predicted = []
        for symbol in one_hot:
            joined = torch.cat([symbol, hidden])
            predicted.append(functional.log_softmax(self.readout(joined), -1))
            hidden = self.recurrence(joined)
        return torch.stack(predicted)


def run() -> list[dict[str, str | float | int]]:
    """One row per experiment."""
    torch.set_num_threads(1)
    return [measure(experiment) for experiment in EXPERIMENTS]


def measure(experiment: Experiment) -> dict[str, str | float | int]:
    """Both sides in turn."""
    difference = largest_difference(experiment)
    ensemble = fresh(experiment)
    loop = Loop(ensemble)
    ours_s, one_s, _ = paired(
        partial(train_ensemble, ensemble, experiment), partial(train_loop, loop, experiment), RUNS
    )
    other_s = one_s * experiment.networks
    whole = experiment.updates / experiment.measured
    return {
        "benchmark": f"experiments, {experiment.name}",
        "size": f"{experiment.networks} networks, {experiment.measured} updates, "
        f"window {experiment.window}",
        "ours_s": round(ours_s, 4),
        "other": f"loop over time in Python, one network x {experiment.networks}",
        "other_s": round(other_s, 2),
        "ratio": round(other_s / ours_s, 1),
        "runs": RUNS,
        "quality": float(f"{difference:.1e}"),
        "all_updates": experiment.updates,
        "ours_all_s": round(ours_s * whole, 1),
        "other_all_h": round(other_s * whole / 3600, 2),
    }


def fresh(experiment: Experiment) -> Network:
    """The untrained ensemble."""
    return build(AffineSettings(hidden=HIDDEN), experiment.symbols, range(experiment.networks))


def train_ensemble(ensemble: Network, experiment: Experiment) -> None:
    """The measured updates of all networks at once."""
    seeds = range(experiment.networks)
    train(
        ensemble,
        experiment.tokens(),
        experiment.training(),
        seeds,
        progress=lambda step, loss: None,
    )


def train_loop(loop: Loop, experiment: Experiment) -> None:
    """The measured updates of one network."""
    tokens, settings = experiment.tokens(), experiment.training()
    adam = torch.optim.Adam(loop.parameters(), lr=LEARNING_RATE)
    for step in range(experiment.measured):
        window = torch.from_numpy(draw_windows(tokens[:1], settings, [0], step)[0, 0])
        one_hot = functional.one_hot(window, experiment.symbols).float()
        loss = functional.nll_loss(loop(one_hot[:-1]), window[1:], reduction="sum")
        adam.zero_grad()
        loss.backward()
        adam.step()


def largest_difference(experiment: Experiment) -> float:
    """Between member 0 and the loop after the same updates, relative to its largest weight."""
    ensemble = fresh(experiment)
    loop = Loop(ensemble)
    train_ensemble(ensemble, experiment)
    train_loop(loop, experiment)
    trained = Loop(ensemble).state_dict()
    return max(
        float((value - trained[name]).abs().max() / value.abs().max())
        for name, value in loop.state_dict().items()
    )


if __name__ == "__main__":
    for row in run():
        print(*row.values(), sep=", ")
