"""Learning the transfer corpus trial by trial, all arms and seeds as one ensemble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chunkscope.errors import InterventionError, NetworkError
from chunkscope.experiments.transfer.grafting import Graft, run_grafted
from chunkscope.experiments.transfer.settings import Trials
from chunkscope.networks.network import Network
from chunkscope.networks.progress import StepReport
from chunkscope.networks.training import cross_entropy


@dataclass(frozen=True)
class Learned:
    """How the members of an ensemble learned.

    Attributes:
        accuracy: (member, trial) share of a trial's next symbols guessed right *before* its
            update.
        fired: (member,) grafts in all trials.
    """

    accuracy: NDArray[np.float64]
    fired: NDArray[np.int64]


def learn(
    network: Network,
    windows: Callable[[int], Tensor],
    graft: Graft,
    strength: Callable[[int], Tensor],
    trials: Trials,
    progress: Callable[[int, float], None] | None = None,
) -> Learned:
    """Train ``network`` in place by a fresh Adam, through its grafts.

    Args:
        windows: trial -> symbols (member, batch, window).
        strength: trial -> (member,), of each member's graft.
        progress: called after every trial with the trials done and their mean loss; if None, a
            :class:`~chunkscope.networks.progress.StepReport` on standard error.

    Raises:
        NetworkError: a loss is not finite.
    """
    report = progress or StepReport(trials.count)
    adam = torch.optim.Adam(network.parameters(), trials.learning_rate, fused=True)
    accuracy, fired = [], torch.zeros(len(network.seeds), dtype=torch.long)
    for trial in range(trials.count):
        symbols = windows(trial)
        run = run_grafted(network, symbols[..., :-1], graft, strength(trial))
        targets = symbols[..., 1:]
        losses = cross_entropy(run.logits, targets).mean((1, 2))
        if not losses.isfinite().all():
            raise NetworkError(
                f"transfer: a loss is not finite in trial {trial + 1}; lower trials.learning_rate"
            )
        adam.zero_grad()
        losses.sum().backward()
        adam.step()
        accuracy.append((run.logits.argmax(-1) == targets).double().mean((1, 2)))
        fired += run.fired
        report(trial + 1, float(losses.detach().mean()))
    return Learned(torch.stack(accuracy, 1).numpy(), fired.numpy())


@dataclass(frozen=True)
class Outcome:
    """What trained members do on fresh sequences, each (member,).

    Attributes:
        accuracy: share of next symbols guessed right.
        link: share of those after the cue guessed right.
        elsewhere: share of all others guessed right.
        link_probability: mean probability of the symbol that follows the cue.
    """

    accuracy: NDArray[np.float64]
    link: NDArray[np.float64]
    elsewhere: NDArray[np.float64]
    link_probability: NDArray[np.float64]


@torch.no_grad()
def evaluate_grafted(network: Network, symbols: Tensor, graft: Graft, strength: Tensor) -> Outcome:
    """Evaluate frozen members on ``symbols`` (batch, time), the same for all.

    Raises:
        InterventionError: they do not hold the cue, so that no link can be seen.
    """
    targets, at_cue = symbols[:, 1:], symbols[:, :-1] == graft.cue
    if not at_cue.any():
        raise InterventionError(
            f"transfer: {network.symbols[graft.cue]!r} is read nowhere in {len(symbols)} fresh "
            f"sequences of {symbols.shape[1]} symbols; raise transfer.sequences or trials.window"
        )
    shared = symbols.expand(len(network.seeds), -1, -1)
    logits = run_grafted(network, shared[..., :-1], graft, strength).logits
    right = (logits.argmax(-1) == targets).double()
    realised = logits.softmax(-1).gather(-1, targets.expand_as(right).unsqueeze(-1)).squeeze(-1)
    return Outcome(
        accuracy=right.mean((1, 2)).numpy(),
        link=right[:, at_cue].mean(1).numpy(),
        elsewhere=right[:, ~at_cue].mean(1).numpy(),
        link_probability=realised[:, at_cue].double().mean(1).numpy(),
    )
