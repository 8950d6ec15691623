"""The whole experiment for one network: pretrain, find donors, learn in every arm, evaluate.

All arms and seeds are one ensemble; its member ``arm * seeds + seed`` is one network in one arm.
The arms of a seed share its pretrained weights, its transfer sequence and its windows, so that
they differ by the graft alone and are compared in pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from chunkscope.errors import InterventionError
from chunkscope.experiments.transfer.arms import Arm, arms_of
from chunkscope.experiments.transfer.donors import Dictionary, States, find_states
from chunkscope.experiments.transfer.draws import Draws
from chunkscope.experiments.transfer.grafting import Graft
from chunkscope.experiments.transfer.learning import Learned, Outcome, evaluate_grafted, learn
from chunkscope.experiments.transfer.measures import (
    bounds,
    learning_measures,
    outcome_measures,
    outcome_table,
    pretrained_table,
    summarise_outcomes,
    trial_table,
)
from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.networks.network import Network
from chunkscope.networks.training import evaluate as loss_and_accuracy
from chunkscope.networks.training import train

Progress = Callable[[int, float], None]


@dataclass(frozen=True)
class Transfer:
    """The tables of one network's experiment.

    Attributes:
        trials: ``arm, seed, trial, accuracy``, trials from 1.
        outcomes: ``arm, seed, measure, value``; :mod:`.measures` says what they are.
        summary: of the outcomes; see :func:`.measures.summarise_outcomes`.
    """

    trials: pd.DataFrame
    outcomes: pd.DataFrame
    summary: pd.DataFrame


def run_transfer(
    settings: TransferSettings, name: str, seed: int, progress: Progress | None = None
) -> Transfer:
    """The experiment with the network ``name`` under the root ``seed``.

    Args:
        progress: called after every update with the updates done and their mean loss; if None,
            they are reported on standard error.

    Raises:
        ExtractionError: no state of a network is decoded as a donor's symbol.
        InterventionError: a graft never fires, since the cue is never read.
        NetworkError: a loss is not finite.
    """
    draws, arms = Draws(settings, name, seed), arms_of(settings)
    untrained, pretrained = pretrain(draws, progress)
    found = read_states(pretrained, draws)
    graft = make_graft(arms, pretrained, found, draws)
    ensemble = join([pretrained if arm.pretrained else untrained for arm in arms])
    symbols, corpus = draws.evaluation(settings.transfer, "evaluation")
    before = evaluate(ensemble, symbols, graft, arms)
    learned = learn_arms(ensemble, arms, graft, draws, progress)
    after = evaluate(ensemble, symbols, graft, arms)

    known, first = draws.evaluation(settings.pretraining, "pretraining evaluation")
    _, accuracy = loss_and_accuracy(pretrained, known.numpy())
    names = [arm.name for arm in arms]
    measures = learning_measures(learned, settings) | outcome_measures(before, after)
    outcomes = pd.concat(
        [pretrained_table(accuracy, found), outcome_table(names, measures)], ignore_index=True
    )
    return Transfer(
        trials=trial_table(names, learned.accuracy),
        outcomes=outcomes,
        summary=summarise_outcomes(outcomes, bounds(first, corpus, settings.cue)),
    )


def pretrain(draws: Draws, progress: Progress | None) -> tuple[Network, Network]:
    """The untrained networks, and these trained on the first corpus, each on its own sequence."""
    settings, training = draws.settings, draws.network.pretraining
    untrained, network = draws.untrained(), draws.untrained()
    sequences = draws.sequences(settings.pretraining, "pretraining", settings.length)
    train(network, sequences[:, None], training, draws.seeds("windows"), progress=progress)
    return untrained, network


def read_states(network: Network, draws: Draws) -> list[Dictionary]:
    """The trained networks' states on fresh sequences of the first corpus."""
    settings = draws.settings
    steps = settings.remembered + settings.decoded
    sequences = draws.sequences(settings.pretraining, "states", steps)
    return find_states(network, sequences, settings.levels, settings.remembered)


def make_graft(
    arms: Sequence[Arm], network: Network, found: Sequence[Dictionary], draws: Draws
) -> Graft:
    """What every member is given at the cue."""
    settings, token = draws.settings, draws.token
    values = np.concatenate([grafted_states(arm.state, found, draws) for arm in arms])
    widths = [network.width(site) for site in network.state_sites]
    parts = torch.from_numpy(values).split(widths, -1)
    reads = [token[settings.stand_in if arm.stand_in else settings.cue] for arm in arms]
    return Graft(
        cue=token[settings.cue],
        values=dict(zip(network.state_sites, parts, strict=True)),
        reads=torch.tensor(reads).repeat_interleave(draws.network.seeds),
    )


def grafted_states(state: str | None, found: Sequence[Dictionary], draws: Draws) -> States:
    """(seed, unit) each network's own donor, or its control, drawn once for all trials."""
    if state is None:
        return np.stack([np.zeros_like(one.observed[0]) for one in found])  # of no strength
    if state in draws.token:
        return np.stack([one.donor(draws.token[state], state) for one in found])
    generators = draws.generators(state)
    return np.stack([one.control(state, rng) for one, rng in zip(found, generators, strict=True)])


def join(networks: Sequence[Network]) -> Network:
    """One ensemble of copies of all members of ensembles of one architecture."""
    first = networks[0]
    parts = [network.state_dict() for network in networks]
    weights = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    seeds = [seed for network in networks for seed in network.seeds]
    return type(first)(first.settings, first.symbols, seeds, weights)


def strengths(arms: Sequence[Arm], seeds: int, fading: float) -> Tensor:
    """(member,) strength of each graft: ``fading`` where it fades, 1 in other arms with one."""
    of_arm = [0.0 if arm.state is None else fading if arm.fades else 1.0 for arm in arms]
    return torch.tensor(of_arm).repeat_interleave(seeds)


def learn_arms(
    ensemble: Network, arms: Sequence[Arm], graft: Graft, draws: Draws, progress: Progress | None
) -> Learned:
    """Train every arm on the windows of its seed; the last trial has nothing of a fading graft."""
    settings, network = draws.settings, draws.network
    sequences = draws.sequences(settings.transfer, "transfer", settings.length)
    last = network.trials.count - 1
    learned = learn(
        ensemble,
        lambda trial: draws.windows(sequences, trial).repeat(len(arms), 1, 1),
        graft,
        lambda trial: strengths(arms, network.seeds, 1 - trial / last),
        network.trials,
        progress,
    )
    _check_fired(learned.fired.reshape(len(arms), -1), arms, settings.cue)
    return learned


def _check_fired(fired: NDArray[np.int64], arms: Sequence[Arm], cue: str) -> None:
    """Refuse grafts (arm, seed) that never fired: they would pass for a control."""
    for arm, counts in zip(arms, fired, strict=True):
        if arm.state is not None and not counts.all():
            raise InterventionError(
                f"transfer: the graft of arm {arm.name!r} never fired in network "
                f"{int(counts.argmin())}, which never read {cue!r}; raise trials.count or "
                "trials.window"
            )


def evaluate(
    ensemble: Network, symbols: Tensor, graft: Graft, arms: Sequence[Arm]
) -> dict[str, Outcome]:
    """What frozen members do with their whole graft, and without it."""
    on = strengths(arms, len(ensemble.seeds) // len(arms), fading=1.0)
    return {
        "on": evaluate_grafted(ensemble, symbols, graft, on),
        "off": evaluate_grafted(ensemble, symbols, graft, torch.zeros_like(on)),
    }
