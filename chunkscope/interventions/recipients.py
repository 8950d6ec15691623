"""Where in a recording to intervene: recipients for each donor, and its own occurrences.

An intervention at step t changes the state that the network is in after reading x_t. The store is
the cache of the prefix: the pass begins with the activity stored at t - 1 and reads x_t again.
Its predictions are followed over ``lags`` symbols, lag 1 being x_{t+1}, in two modes: ``forced``,
where the network goes on reading the recipient's own symbols, and ``free``, where it reads its own
likeliest predictions from lag 1 on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import InterventionError, SiteError
from chunkscope.interventions.donors import Donors
from chunkscope.interventions.intervene import Response, intervene
from chunkscope.interventions.intervention import Combination
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.networks.network import Network

Mode = Literal["forced", "free"]
MODES: tuple[Mode, ...] = get_args(Mode)

Steps = NDArray[np.int64]  # (step, 2): sequence and time


@dataclass(frozen=True)
class Recording:
    """One network over one split, as a store holds it.

    Attributes:
        tokens: (sequence, time) symbols read.
        activations: site -> (sequence, time, unit).
    """

    tokens: NDArray[np.integer]
    activations: Mapping[str, NDArray[np.floating]]

    def check(self, network: Network, sites: Sequence[str], lags: int) -> None:
        """Raises unless the sites and the network's states are there, and time for the lags.

        Raises:
            SiteError: a site is missing.
            InterventionError: the network's state is no activity of its sites, arrays do not fit
                one another, or the sequences are too short.
        """
        if not network.state_sites:
            raise InterventionError(
                f"recording: a store does not hold the state of a {type(network).__name__}, so "
                "that no pass can go on from it; give a recurrent network"
            )
        for site in (*network.state_sites, *sites):
            if site not in self.activations:
                raise SiteError(
                    f"recording: {site} is missing; record it in the store, which has "
                    f"{', '.join(self.activations)}"
                )
        for site, activity in self.activations.items():
            if activity.shape[:2] != self.tokens.shape:
                raise InterventionError(
                    f"recording: {site}: got (sequence, time) = {activity.shape[:2]}; the tokens "
                    f"have {self.tokens.shape}"
                )
        if self.tokens.shape[1] < lags:
            raise InterventionError(
                f"recording: got sequences of {self.tokens.shape[1]} steps; must have at least "
                f"interventions.lags = {lags}"
            )

    def joined(self, sites: Sequence[str], steps: Steps) -> NDArray[np.float32]:
        """(step, unit) activity, the units of all ``sites`` side by side."""
        return np.concatenate([self.activations[s][steps[:, 0], steps[:, 1]] for s in sites], 1)

    def before(self, steps: Steps) -> dict[str, NDArray[np.floating]]:
        """Site -> (1, step, unit), activity one step before; zeros before the first."""
        sequence, time = steps.T
        return {
            site: np.where(time[:, None] > 0, activity[sequence, time - 1], 0)[None]
            for site, activity in self.activations.items()
        }

    def natural(self, network: Network, steps: Steps, lags: int, mode: Mode) -> NDArray[np.float32]:
        """(step, lag, symbol) predictions without an intervention."""
        return self.run(network, steps, [()], lags, mode).probabilities[0, 0]

    def run(
        self,
        network: Network,
        steps: Steps,
        combinations: Sequence[Combination],
        lags: int,
        mode: Mode,
    ) -> Response:
        """Goes on from every step under every combination; see :func:`intervene`."""
        if not len(steps):  # a network takes no empty batch
            shape = (1, len(combinations), 0, lags, network.vocabulary)
            return Response(np.zeros(shape, np.float32), np.zeros(shape[1:3], np.int64))
        read = self.tokens[steps[:, :1], steps[:, 1:] + np.arange(lags)].astype(np.int64)
        return intervene(network, read, combinations, self.before(steps), mode == "free")


@dataclass(frozen=True)
class Rows:
    """Steps at which to intervene, a donor to each.

    Attributes:
        recording: where the steps are.
        steps: (row, 2).
        natural: (row, lag, symbol) predictions without an intervention.
        donor: (row,) index of the donor.
        counted: (row, lag) bool, where the row is judged.
    """

    recording: Recording
    steps: Steps
    natural: NDArray[np.float32]
    donor: NDArray[np.int64]
    counted: NDArray[np.bool_]


def draw_steps(recording: Recording, n: int, lags: int, rng: np.random.Generator) -> Steps:
    """At most ``n`` random steps, in random order, that ``lags`` symbols can be read from."""
    sequences, time = recording.tokens.shape
    starts = time - lags + 1
    chosen = rng.choice(sequences * starts, size=min(n, sequences * starts), replace=False)
    return np.stack(np.divmod(chosen, starts), axis=1)


def draw_recipients(
    predicted: NDArray[np.int64],
    targets: NDArray[np.int64],
    informative: NDArray[np.bool_],
    n: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Recipients for every donor: steps that would not go on as the donor does.

    For each donor the pool is put in a random order; at each informative lag the first ``n`` steps
    whose natural prediction is not the target are judged. One step may serve several lags.

    Args:
        predicted: (pool, lag) likeliest symbols without an intervention.
        targets: (donor, lag) the donors' likeliest symbols.
        informative: (donor, lag).

    Returns:
        (row,) index into the pool, (row,) donor, and (row, lag) where the row is judged.
    """
    rows, donor, counted = [], [], []
    for index in range(len(targets)):
        order = rng.permutation(len(predicted))
        eligible = (predicted[order] != targets[index]) & informative[index]
        judged = eligible & (eligible.cumsum(axis=0) <= n)
        used = judged.any(axis=1)
        rows.append(order[used])
        donor.append(np.full(used.sum(), index))
        counted.append(judged[used])
    return np.concatenate(rows), np.concatenate(donor), np.concatenate(counted)


def find_recipients(
    network: Network,
    recording: Recording,
    pool: Steps,
    donors: Donors,
    informative: NDArray[np.bool_],
    settings: InterventionSettings,
    mode: Mode,
    rng: np.random.Generator,
) -> Rows:
    """Recipients among the ``pool`` of steps: see :func:`draw_recipients`."""
    natural = recording.natural(network, pool, settings.lags, mode)
    rows, donor, counted = draw_recipients(
        natural.argmax(-1), donors.targets, informative, settings.recipients, rng
    )
    return Rows(recording, pool[rows], natural[rows], donor, counted)


def draw_occurrences(
    members: Sequence[Steps], last: int, n: int, rng: np.random.Generator
) -> tuple[Steps, NDArray[np.int64]]:
    """At most ``n`` random members of every donor up to time ``last``, and (row,) their donor."""
    steps = [rng.permutation(own[own[:, 1] <= last])[:n] for own in members]
    return np.concatenate(steps), np.repeat(np.arange(len(steps)), [len(own) for own in steps])
