"""The graft matrix: a donor's state comes in, any symbol is read, what is said next?

The perturbation of the chunk papers (Wu et al., arXiv 2502.01803, reflection): the whole incoming
state is replaced and one symbol is read that need not follow the donor, so that state and input
contradict each other. The papers show four such pairs of one network; here every donor meets every
symbol, and so does every control.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import InterventionError
from chunkscope.interventions.conditions import NONE, TARGET
from chunkscope.interventions.controls import CONTROLS, Pairs, Values
from chunkscope.interventions.donors import Donors
from chunkscope.interventions.intervene import intervene
from chunkscope.interventions.recipients import Recording, draw_steps
from chunkscope.networks.network import Network

POOL = 4096  # observed states from which the controls draw
REPLACED = ("random observed state", "random direction", "gaussian", "zero")
LAGS = 2  # the donor's own next symbol, which is replaced, and the one after it: the target

COLUMNS = ["seed", "donor", "reads", "input", "natural", "control", "symbol"]


def graft_matrix(
    network: Network, test: Recording, donors: Donors, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """A donor of every symbol read, the commonest, with every input, beside its controls.

    Args:
        network: an ensemble of one.
        test: the recording that states without a graft, and controls, are drawn from.
        n: states drawn for every control (the donor's own value is one).

    Returns:
        ``seed, donor, reads, input`` (the symbol read after the graft), ``natural`` (whether the
        donor's own next symbol), ``control, symbol`` (the donor's second next symbol, which it
        leads to if the state decides), ``success`` (share in which it is the likeliest
        prediction), ``probability`` (its mean probability) and ``n``.

    Raises:
        InterventionError: an ensemble of several, or donors that know fewer than two lags.
    """
    _check(network, donors)
    rows = []
    for donor in _chosen(donors):
        states = _states(network, test, donors, donor, n, rng)
        target = int(donors.targets[donor, LAGS - 1])
        for control, state in states.items():
            said = _answers(network, state)  # (input, state, symbol)
            for read, symbol in enumerate(network.symbols):
                rows.append(
                    {
                        "seed": network.seeds[0],
                        "donor": donors.names[donor],
                        "reads": network.symbols[donors.reads[donor]],
                        "input": symbol,
                        "natural": read == donors.targets[donor, 0],
                        "control": control,
                        "symbol": network.symbols[target],
                        "success": (said[read].argmax(-1) == target).mean(),
                        "probability": said[read, :, target].mean(),
                        "n": said.shape[1],
                    }
                )
    return pd.DataFrame(rows, columns=[*COLUMNS, "success", "probability", "n"])


def _check(network: Network, donors: Donors) -> None:
    if len(network.seeds) != 1:
        raise InterventionError(
            f"graft matrix: got an ensemble of {len(network.seeds)}; give one member, "
            "network.select([member])"
        )
    if donors.names and donors.continuation.shape[1] < LAGS:
        raise InterventionError(
            f"graft matrix: the donors know {donors.continuation.shape[1]} lag; needs {LAGS}; "
            f"set interventions.lags to at least {LAGS}"
        )


def _chosen(donors: Donors) -> list[int]:
    """The commonest donor of every symbol read."""
    return sorted(np.unique(donors.reads, return_index=True)[1].tolist())


def _states(
    network: Network,
    test: Recording,
    donors: Donors,
    donor: int,
    n: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, Values]]:
    """Condition -> site -> (state, unit) the incoming states to try."""
    sites = list(network.state_sites)
    widths = np.cumsum([network.width(site) for site in sites])[:-1]
    own = test.joined(sites, draw_steps(test, n, 1, rng))
    chosen = np.full(len(own), donor)
    pairs = Pairs(
        own=own,
        observed=test.joined(sites, draw_steps(test, POOL, 1, rng)),
        donors=np.concatenate([donors.values[site] for site in sites], axis=1),
        donor=chosen,
        wrong=chosen,
        units=np.ones(own.shape, bool),
    )
    values = {TARGET: pairs.target[:1], NONE: own}
    values |= {name: CONTROLS[name](pairs, rng) for name in REPLACED if name != "zero"}
    values["zero"] = np.zeros_like(own[:1])
    return {
        control: dict(zip(sites, np.split(value, widths, axis=1), strict=True))
        for control, value in values.items()
    }


def _answers(network: Network, state: dict[str, Values]) -> NDArray[np.float32]:
    """(input, state, symbol) predictions after each symbol is read in each state."""
    vocabulary, n = network.vocabulary, len(next(iter(state.values())))
    read = np.repeat(np.arange(vocabulary), n)[:, None]
    repeated = {site: np.tile(value, (vocabulary, 1))[None] for site, value in state.items()}
    said = intervene(network, read, [()], repeated).probabilities[0, 0, :, 0]
    return said.reshape(vocabulary, n, vocabulary)
