"""Training the decoder on inputs and what a network makes of them.

An input is drawn with its probability, one of the sites read, and the activity there told with
noise of a set size. The best that a decoder can say is then the posterior of the input given the
noisy activity: inputs count the more, the nearer their activity lies: a ball with soft edges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import clip_grad_norm_

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.inversion.decoder.likelihood import log_likelihood
from chunkscope.inversion.decoder.model import Decoder
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.networks.progress import StepReport
from chunkscope.networks.settings import TrainingSettings
from chunkscope.networks.training import learning_rate
from chunkscope.randomness import integer_seed, stream

Activity = NDArray[np.floating]

WARMUP = 100  # updates
WEIGHT_DECAY, LARGEST_GRADIENT = 0.01, 1.0


@dataclass(frozen=True)
class Readings:
    """The activity of all inputs at every site that is read.

    Attributes:
        names: of the sites.
        activity: (input, unit) of each.
    """

    names: tuple[str, ...]
    activity: tuple[Activity, ...]

    @property
    def units(self) -> int:
        """Of the widest site."""
        return max(activity.shape[1] for activity in self.activity)


def held_out(inputs: Inputs, settings: DecoderSettings, seed: int) -> NDArray[np.bool_]:
    """(input,) which of them a decoder never sees."""
    return stream(seed, "decoder", "held out").random(len(inputs)) < settings.held_out


def train_decoder(
    inputs: Inputs,
    readings: Readings,
    settings: DecoderSettings,
    seed: int,
    device: str = "cpu",
    progress: Callable[[int, float], None] | None = None,
) -> Decoder:
    """A decoder of all sites of a network.

    Raises:
        InversionError: activity is not of these inputs, or the loss is not finite.
    """
    _check(inputs, readings)
    decoder = _untrained(inputs, readings, settings, seed).to(device)
    adam = torch.optim.AdamW(
        decoder.parameters(), settings.learning_rate, weight_decay=WEIGHT_DECAY, fused=True
    )
    draw = _Draws(inputs, readings, settings, seed)
    schedule = TrainingSettings(
        steps=settings.steps, learning_rate=settings.learning_rate, warmup=WARMUP, decay="cosine"
    )
    report = progress or StepReport(settings.steps)
    for step in range(settings.steps):
        adam.param_groups[0]["lr"] = learning_rate(schedule, step)
        rows, site, activity = draw()
        longest = int(inputs.length[rows].max())
        tokens = torch.from_numpy(inputs.tokens[rows, :longest].astype(np.int64)).to(device)
        length = torch.from_numpy(inputs.length[rows].astype(np.int64)).to(device)
        told = torch.from_numpy(activity).to(device), torch.from_numpy(site).to(device)
        loss = -log_likelihood(decoder, tokens, length, decoder.tell(*told)).mean()
        if not torch.isfinite(loss):
            raise InversionError(
                f"decoder: the loss is {loss.item()} at step {step}; lower decoder.learning_rate"
            )
        adam.zero_grad()
        loss.backward()
        clip_grad_norm_(decoder.parameters(), LARGEST_GRADIENT)
        adam.step()
        report(step + 1, loss.item())
    return decoder.to("cpu").eval()


class _Draws:
    """Draws pairs of an input and of activity of it."""

    def __init__(
        self, inputs: Inputs, readings: Readings, settings: DecoderSettings, seed: int
    ) -> None:
        self._readings, self._settings = readings, settings
        self._rng = stream(seed, "decoder", "draws")
        seen = np.where(held_out(inputs, settings, seed), 0.0, inputs.probability)
        self._cumulative = np.cumsum(seen / seen.sum())

    def __call__(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Rows (batch,) of the inputs, sites (batch,), activity (batch, unit of the widest)."""
        batch, rng = self._settings.batch, self._rng
        rows = np.searchsorted(self._cumulative, rng.random(batch), side="right")
        rows = np.minimum(rows, len(self._cumulative) - 1)
        site = rng.integers(len(self._readings.names), size=batch)
        told = np.zeros((batch, self._readings.units), np.float32)
        for at, activity in enumerate(self._readings.activity):
            here = site == at
            z = activity[rows[here]]
            size = self._settings.noise * np.linalg.norm(z, axis=1, keepdims=True)
            told[here, : z.shape[1]] = z + size * rng.standard_normal(z.shape)
        return rows, site, told


def _untrained(inputs: Inputs, readings: Readings, settings: DecoderSettings, seed: int) -> Decoder:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(integer_seed(seed, "decoder", "weights"))
        decoder = Decoder(
            settings, len(inputs.symbols), inputs.tokens.shape[1], len(readings.names),
            readings.units,
        )  # fmt: skip
    for at, activity in enumerate(readings.activity):
        units = activity.shape[1]
        decoder.mean[at, :units] = torch.from_numpy(activity.mean(axis=0))
        spread = activity.std(axis=0)
        decoder.spread[at, :units] = torch.from_numpy(np.where(spread > 0, spread, 1))
    return decoder


def _check(inputs: Inputs, readings: Readings) -> None:
    lengths: Sequence[int] = [len(activity) for activity in readings.activity]
    if not lengths or set(lengths) != {len(inputs)}:
        raise InversionError(
            f"decoder: got activity of {lengths} inputs at {len(lengths)} sites; must be of the "
            f"{len(inputs)} inputs at one site at least"
        )
