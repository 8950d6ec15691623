"""Training the decoder on activations and members of their balls.

Matrices within it are moved by Muon, which makes every direction of a step as long as any other;
what it says of large balls came several times sooner so than by Adam, which moves the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.inversion.decoder.model import Decoder
from chunkscope.inversion.decoder.pairs import Batch, Pairs, Readings
from chunkscope.inversion.decoder.settings import DecoderSettings
from chunkscope.networks.progress import StepReport
from chunkscope.networks.settings import TrainingSettings
from chunkscope.networks.training import learning_rate
from chunkscope.randomness import integer_seed, stream

WARMUP = 100  # updates
WEIGHT_DECAY, LARGEST_GRADIENT = 0.01, 1.0


def train_decoder(
    inputs: Inputs,
    readings: Readings,
    seen: NDArray[np.bool_],
    radius: float,
    settings: DecoderSettings,
    seed: int,
    device: str = "cpu",
    progress: Callable[[int, float], None] | None = None,
) -> Decoder:
    """A decoder of all sites of a network.

    Args:
        seen: (input,) which of them it may learn from.
        radius: of the balls that it learns to draw from, in the euclidean metric.
        progress: called after every step with the steps done and their loss.

    Raises:
        InversionError: activity is not of these inputs, or the loss is not finite.
    """
    _check(inputs, readings)
    decoder = _untrained(inputs, readings, settings, seed).to(device)
    optimizers = _optimizers(decoder, settings)
    pairs = Pairs(inputs, readings, seen, radius, stream(seed, "decoder", "pairs"))
    steps = settings.steps_per_site * len(readings.names)
    schedule = TrainingSettings(
        steps=steps, learning_rate=settings.learning_rate, warmup=WARMUP, decay="cosine"
    )
    report = progress or StepReport(steps)
    for step in range(steps):
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = learning_rate(schedule, step)
        loss = _loss(decoder, pairs(settings.batch), device)
        if not torch.isfinite(loss):
            raise InversionError(
                f"decoder: the loss is {loss.item()} at step {step}; lower decoder.learning_rate"
            )
        decoder.zero_grad()
        loss.backward()
        clip_grad_norm_(decoder.parameters(), LARGEST_GRADIENT)
        for optimizer in optimizers:
            optimizer.step()
        report(step + 1, loss.item())
    return decoder.to("cpu").eval()


def _optimizers(decoder: Decoder, settings: DecoderSettings) -> tuple[torch.optim.Optimizer, ...]:
    inner = [*decoder.told.parameters(), *decoder.blocks.parameters()]
    matrices = [weights for weights in inner if weights.ndim == 2]
    moved = {id(weights) for weights in matrices}
    others = [weights for weights in decoder.parameters() if id(weights) not in moved]
    rate = settings.learning_rate
    return (
        # its steps are made as long as those of Adam, so that one learning rate is for both
        torch.optim.Muon(matrices, rate, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, rate, weight_decay=WEIGHT_DECAY, fused=True),
    )


def _loss(decoder: Decoder, batch: Batch, device: str) -> Tensor:
    """Cross-entropy in nats per input of what is said and the shares of what comes next."""
    longest = int((batch.strings != decoder.stop).sum(axis=1).max())
    strings = np.where(batch.strings == decoder.stop, 0, batch.strings).astype(np.int64)
    tokens, shares, activity, sites = (
        torch.from_numpy(np.ascontiguousarray(part)).to(device)
        for part in (
            strings[:, :longest], batch.shares[:, : longest + 1], batch.activity, batch.sites,
        )
    )  # fmt: skip
    logits, _ = decoder(tokens, decoder.tell(activity, sites))
    return -(shares * torch.log_softmax(logits, dim=2)).sum() / len(tokens)


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
