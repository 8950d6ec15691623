"""Donors: the states that are grafted, each network's own.

As in the paper (arXiv 2502.01803), the units of a trained network are cut into levels, a state is
a string of levels, and a symbol's donor is the centre of a string that is decoded as that symbol:
here the commonest such string, where the paper takes one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from chunkscope.chunks.decoding import decode_by_lookup
from chunkscope.chunks.extractors.levels import cut_levels, level_centres
from chunkscope.chunks.extractors.symbolic import as_strings, find_strings, number_strings
from chunkscope.errors import ExtractionError
from chunkscope.interventions.controls import CONTROLS, Pairs
from chunkscope.networks.network import Network

States = NDArray[np.float32]  # (seed, unit) or (step, unit); state sites side by side


@dataclass(frozen=True)
class Dictionary:
    """One network's states, as strings of levels.

    Attributes:
        seed: which network.
        observed: (step, unit) the steps on which levels were found.
        tokens: (step,) what was read there.
        labels: (step,) their states, the commonest first.
        prototypes: (state, unit) the centres of each state's levels.
        later_tokens, later_labels: (later step,) of steps that follow; -1 is an unseen state.
    """

    seed: int
    observed: States
    tokens: NDArray[np.integer]
    labels: NDArray[np.int64]
    prototypes: States
    later_tokens: NDArray[np.integer]
    later_labels: NDArray[np.int64]

    def decoding(self) -> dict[str, float]:
        """How well the later steps' symbols are decoded from their states by look-up."""
        return decode_by_lookup(self.labels, self.tokens, self.later_labels, self.later_tokens)

    def donor(self, token: int, name: str) -> States:
        """(unit,) the prototype of the commonest state that is decoded as ``token``.

        Raises:
            ExtractionError: no state is.
        """
        read = np.zeros((len(self.prototypes), max(token, int(self.tokens.max())) + 1))
        np.add.at(read, (self.labels, self.tokens), 1)
        decoded = np.flatnonzero(read.argmax(axis=1) == token)
        if not decoded.size:
            raise ExtractionError(
                f"transfer: no state of network {self.seed} is decoded as {name!r} in "
                f"{len(self.tokens)} steps; raise transfer.remembered or name another donor"
            )
        return self.prototypes[decoded[0]]

    def control(self, name: str, rng: np.random.Generator) -> States:
        """(unit,) one draw of a control of the interventions study, from the observed states."""
        mean, none = self.observed.mean(axis=0, keepdims=True), np.zeros(1, dtype=np.int64)
        units = np.ones(mean.shape, dtype=bool)
        pairs = Pairs(mean, self.observed, donors=mean, donor=none, wrong=none, units=units)
        return CONTROLS[name](pairs, rng)[0]


def find_states(
    network: Network, tokens: NDArray[np.integer], levels: int, remembered: int
) -> list[Dictionary]:
    """The states of every member of a trained ensemble, on sequences of their own.

    Args:
        tokens: (seed, step), longer than ``remembered``.
    """
    sites = network.state_sites
    with torch.no_grad():
        recorded = network(torch.from_numpy(tokens[:, None]), record=sites).activations
    states = torch.cat([recorded[site][:, 0] for site in sites], -1).numpy()
    return [
        _cut(n, *pair, levels, remembered)
        for n, pair in enumerate(zip(states, tokens, strict=True))
    ]


def _cut(
    seed: int, states: States, tokens: NDArray[np.integer], levels: int, remembered: int
) -> Dictionary:
    observed = states[:remembered]
    centres = level_centres(observed, levels)
    digits = cut_levels(states, centres)
    strings = as_strings(digits)
    known, first, labels = number_strings(strings[:remembered])
    return Dictionary(
        seed=seed,
        observed=observed,
        tokens=tokens[:remembered],
        labels=labels,
        prototypes=centres[np.arange(digits.shape[1]), digits[first]].astype(np.float32),
        later_tokens=tokens[remembered:],
        later_labels=find_strings(strings[remembered:], known),
    )
