"""The networks of the experiment: one ensemble, every member on a corpus of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.experiments.hierarchy.names import MATCHED, UNTRAINED
from chunkscope.experiments.hierarchy.settings import HierarchySettings, Version
from chunkscope.experiments.memory import match_memory
from chunkscope.grammars import Corpus, Hierarchy
from chunkscope.networks.building import build
from chunkscope.networks.network import Network
from chunkscope.networks.training import History, cross_entropy, train
from chunkscope.randomness import integer_seed, stream

EXPERIMENT = "hierarchy"


@dataclass(frozen=True)
class Member:
    """One network: its level, its number at this level, and the grammar of its corpus."""

    level: int
    number: int
    grammar: Hierarchy


def list_members(
    settings: HierarchySettings, name: str, version: Version, seed: int
) -> list[Member]:
    """Every member of the network ``name``, level by level.

    A member's compositions are the same in both versions and for every architecture.
    """
    network = settings.networks[name]
    return [
        Member(level, number, settings.grammar(version, level, compositions))
        for level in network.levels
        for number in range(network.per_level)
        for compositions in [integer_seed(seed, EXPERIMENT, "compositions", level, number)]
    ]


def train_members(
    members: list[Member],
    settings: HierarchySettings,
    name: str,
    version: Version,
    seed: int,
    device: str,
) -> tuple[Network, History]:
    """All members, trained as one batch. Initial weights are the same in both versions."""
    network = settings.networks[name]
    processes = [member.grammar.compile() for member in members]
    places = [(member.level, member.number) for member in members]
    tokens = [
        process.sample(
            stream(seed, EXPERIMENT, version, "training", *place),
            settings.sequences,
            settings.length,
        )[0]
        for process, place in zip(processes, places, strict=True)
    ]
    symbols = processes[0].symbols
    ensemble = build(
        network.network,
        len(symbols),
        [integer_seed(seed, EXPERIMENT, "weights", name, *place) for place in places],
        symbols,
    )
    history = train(
        ensemble,
        np.stack(tokens),
        network.training,
        [integer_seed(seed, EXPERIMENT, "windows", name, *place) for place in places],
        device=device,
    )
    return ensemble.to("cpu"), history


def controls(ensemble: Network) -> dict[str, Network]:
    """The ensemble before training and, if it is affine, that with the trained one's memory.

    An affine state is a fading sum of past inputs: the slower it fades, the more pasts leave
    states apart, whatever was learnt. The second control fades as slowly as the trained network.
    """
    untrained = build(ensemble.settings, ensemble.vocabulary, ensemble.seeds, ensemble.symbols)
    if ensemble.settings.architecture != "affine":
        return {UNTRAINED: untrained}
    matched = build(ensemble.settings, ensemble.vocabulary, ensemble.seeds, ensemble.symbols)
    matched.load_state_dict(match_memory(untrained.state_dict(), ensemble.state_dict()))
    return {UNTRAINED: untrained, MATCHED: matched}


def draw_stretches(
    members: list[Member], settings: HierarchySettings, version: Version, seed: int
) -> list[Corpus]:
    """One fresh sequence per member, the same for every architecture."""
    return [
        member.grammar.sample(
            stream(seed, EXPERIMENT, version, "measured", member.level, member.number),
            1,
            settings.measured,
        )
        for member in members
    ]


def read_states(
    ensemble: Network, tokens: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Runs every member over its own stretch, from the zero state.

    Args:
        tokens: (seed, time).

    Returns:
        The recurrent state (seed, time, unit) after each symbol was read, and the mean
        cross-entropy (seed,) of the next one in nats.
    """
    symbols = torch.from_numpy(tokens.astype(np.int64)).unsqueeze(1)
    with torch.no_grad():
        output = ensemble(symbols, record=ensemble.state_sites)
        losses = cross_entropy(output.logits[:, :, :-1], symbols[:, :, 1:]).double().mean((1, 2))
    states = torch.cat([output.activations[site] for site in ensemble.state_sites], -1)
    return states[:, 0].numpy(), losses.numpy()
