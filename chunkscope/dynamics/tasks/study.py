"""Every group of one architecture: networks that learn the master rule, and how they did.

All groups begin from the same weights, seed by seed. A set of parts is learned once, whatever
groups go on from it: ``pretrain_frozen`` and ``pretrain_unfrozen`` differ by what they do next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from chunkscope.dynamics.tasks.groups import GROUPS
from chunkscope.dynamics.tasks.learning import Progress, Random, decision_accuracy, learn
from chunkscope.dynamics.tasks.settings import TaskStudySettings
from chunkscope.errors import DynamicsError
from chunkscope.grammars.decisions import (
    ANSWERS,
    CHANNELS,
    MASTER,
    RULES,
    STIMULUS,
    DecisionTrials,
    Rule,
)
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.randomness import integer_seed, stream


@dataclass(frozen=True)
class TaskStudy:
    """The networks of one architecture.

    Attributes:
        networks: group -> share in percent of its learning of the master rule -> the ensemble of
            all seeds. Those of ``untrained``, which does not learn it, are all the same.
        table: ``group, phase, seed, updates, learned`` and, in a column of its name, the accuracy
            by every rule: the share of the steps of the decision answered right at the end of the
            phase, on test trials that are the same for all. Phases are ``pretraining`` on the
            parts, in groups that have it, and ``master``; ``learned`` says whether the criterion
            was reached.
    """

    networks: dict[str, dict[int, Network]]
    table: pd.DataFrame


def run_tasks(
    settings: TaskStudySettings, cell: str, seed: int, progress: Progress | None = None
) -> TaskStudy:
    """All groups of the architecture ``cell`` under the root ``seed``.

    Args:
        progress: called after every update with the updates done in a phase and their mean loss;
            if None, they are reported on standard error.

    Raises:
        NetworkError: a loss is not finite.
    """
    members = range(settings.seeds)
    names = seed, "tasks", cell

    def random(*phase: str) -> Random:
        return lambda purpose: [stream(*names, *phase, purpose, n) for n in members]

    seeds = [integer_seed(*names, "weights", n) for n in members]
    untrained = build(settings.cells[cell], len(ANSWERS), seeds, ANSWERS, CHANNELS)
    test = draw_test(settings, seed)
    learning = partial(
        learn, decisions=settings.decisions, training=settings.training, progress=progress
    )

    starts: dict[tuple[Rule, ...], Network] = {(): untrained}
    before: dict[tuple[Rule, ...], pd.DataFrame] = {}
    for parts in dict.fromkeys(group.pretrained for group in GROUPS if group.pretrained):
        course = learning(untrained, parts, random=random("pretraining", *parts))
        starts[parts] = course.networks[100]
        before[parts] = _rows(starts[parts], course.updates, course.learned, test)

    networks, tables = {}, []
    for group in GROUPS:
        start = starts[group.pretrained]
        if group.pretrained:
            tables.append(before[group.pretrained].assign(group=group.name, phase="pretraining"))
        if group.learning == "none":
            networks[group.name] = dict.fromkeys(settings.shares, start)
            updates, learned = np.zeros(settings.seeds, int), np.zeros(settings.seeds, bool)
        else:
            course = learning(
                start,
                [MASTER],
                random=random("master", group.name),
                frozen=group.learning == "inputs",
                shares=settings.shares,
            )
            networks[group.name] = course.networks
            updates, learned = course.updates, course.learned
        after = _rows(networks[group.name][100], updates, learned, test)
        tables.append(after.assign(group=group.name, phase="master"))
    columns = ["group", "phase", "seed", "updates", "learned", *RULES]
    return TaskStudy(networks, pd.concat(tables, ignore_index=True)[columns])


def draw_test(settings: TaskStudySettings, seed: int) -> list[DecisionTrials]:
    """Test trials of every rule, the same for all architectures under the root ``seed``."""
    return [
        settings.decisions.draw(stream(seed, "tasks", "test", rule), settings.test, [rule])
        for rule in RULES
    ]


def draw_probe(settings: TaskStudySettings, seed: int) -> DecisionTrials:
    """The trials on which networks are compared, the same for all under the root ``seed``."""
    return settings.decisions.draw_probe(stream(seed, "tasks", "probe"))


@torch.no_grad()
def record_probe(network: Network, probe: DecisionTrials, site: str) -> NDArray[np.float32]:
    """Activity (member, trial, time, unit) at ``site`` while the stimulus is on.

    Raises:
        DynamicsError: the stimulus is not on in the same steps of all trials.
        SiteError: the network has no such site.
    """
    on = probe.period == STIMULUS
    if (on != on[0]).any():
        raise DynamicsError(
            "probe: the stimulus is on in other steps of one trial than of another; give trials of "
            "one length, as draw_probe does"
        )
    inputs = torch.from_numpy(probe.inputs)
    recorded: NDArray[np.float32] = (
        network(inputs, record=[site]).activations[site][:, :, on[0]].numpy()
    )
    return recorded


def _rows(
    network: Network,
    updates: NDArray[np.int64],
    learned: NDArray[np.bool_],
    test: list[DecisionTrials],
) -> pd.DataFrame:
    """The table of one phase, seed by seed, without its names."""
    seeds = range(len(network.seeds))
    table = pd.DataFrame({"seed": seeds, "updates": updates, "learned": learned})
    for rule, trials in zip(RULES, test, strict=True):
        table[rule] = decision_accuracy(network, [trials] * len(seeds))
    return table
