"""The steering of a run: units, and states that were found elsewhere, of every member."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.networks.network import Network
from chunkscope.networks.sites import matching_sites
from chunkscope.neurons.controls import OWN
from chunkscope.neurons.excerpts import Values
from chunkscope.neurons.run import Place
from chunkscope.neurons.steering.settings import SteeringSettings
from chunkscope.neurons.steering.study import draw_prompts, steer
from chunkscope.neurons.steering.targets import spread_over_ranks, state_targets, unit_targets
from chunkscope.neurons.symbols import readable
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

OBSERVED = 512  # random steps of which one may stand in for a state


def steered_sites(settings: SteeringSettings, explained: list[str]) -> list[str]:
    """The explained sites that are steered; the last one where no pattern matches."""
    return matching_sites(settings.sites, explained) or explained[-1:]


def unit_scores(scores: pd.DataFrame, place: Place, units: int) -> NDArray[np.float64]:
    """(unit,) correlation of each unit's own explanation, by the first protocol and explainer.

    NaN where it has none.

    Args:
        scores: of a run, see :class:`~chunkscope.neurons.study.Explained`.
    """
    rows = scores[(scores["seed"] == place.seed) & (scores["site"] == place.site)]
    first = rows.iloc[0]
    own = rows[
        (rows["protocol"] == first["protocol"])
        & (rows["explainer"] == first["explainer"])
        & (rows["control"] == OWN)
    ]
    found = np.full(units, np.nan)
    found[own["unit"]] = own["pearson"]
    return found


def steer_place(
    network: Network,
    store: ActivationStore,
    site: str,
    values: Values,
    scores: NDArray[np.float64],
    states: tuple[NDArray[np.float32], NDArray[np.int64]],
    settings: SteeringSettings,
    seed: int,
) -> pd.DataFrame:
    """Every unit and state of one site that is tried, see :func:`~.study.steer`.

    Args:
        network: an ensemble of one member.
        values: (sequence, time, unit) what it did there.
        scores: (unit,) by which units are spread; NaN where one is not to be chosen.
        states: prototypes (state, unit) of a dictionary, and how many steps are in each (state,).
        settings: how many, and how far.
    """
    flat = values.reshape(-1, values.shape[-1])
    alive = np.where((flat > 0).any(0), scores, np.nan)
    prototypes, members = states
    targets = unit_targets(site, values, spread_over_ranks(alive, settings.units))
    targets += state_targets(
        site, prototypes, spread_over_ranks(members.astype(float), settings.states)
    )
    rng = stream(seed, "neurons", "steering", site)
    prompts = draw_prompts(store.tokens("test"), settings, rng)
    observed = flat[rng.choice(len(flat), min(OBSERVED, len(flat)), replace=False)]
    symbols = tuple(map(readable, store.symbols))
    return steer(network, prompts, targets, observed, settings, rng, symbols)
