"""Sites patched together: in both orders, and the fewest that carry a feature.

Where the published circuits were put together by hand (Huang et al., arXiv 2405.17653), here all
sets of few sites are tried in each network on half of the pairs, and the best one is verified on
the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import InversionError
from chunkscope.grammars import Inputs
from chunkscope.inversion.circuits.pairs import Pairs, draw_pairs
from chunkscope.inversion.circuits.settings import CircuitSettings
from chunkscope.inversion.patching import (
    Patch,
    activity_at,
    answer_logits,
    answer_steps,
    answers,
    cumulative,
    smallest_cut,
)
from chunkscope.networks.network import Network
from chunkscope.networks.progress import StepReport
from chunkscope.networks.sites import site_names, sites_of_study
from chunkscope.randomness import stream
from chunkscope.statistics import mean_interval

Place = tuple[str, str]
"""A point and a site."""
BETWEEN = " + "

CUMULATIVE = (
    "member", "circuit", "order", "patched", "added", "carried", "carried_low", "carried_high",
    "difference", "difference_low", "difference_high", "n",
)  # fmt: skip
"""``carried``: share of receivers that take over the donor's answer; ``difference``: the logit of
the receiver's answer minus that of the donor's."""
CUTS = (
    "member", "circuit", "sites", "size", "heads", "found", "carried", "carried_low",
    "carried_high", "n", "next_sites", "next_carried", "alike_kept", "enough",
)  # fmt: skip
"""``heads``: sites at the answering point, which together carry anything; ``found``: the share on
the pairs that the cut was chosen on; ``carried``: on the others, as ``next_carried`` of the next
best set of that size; ``alike_kept``: share of receivers that keep their answer where the donor has
the same value."""


@dataclass(frozen=True)
class Circuit:
    """Pairs of one network, with the donors' activity at every place."""

    network: Network
    inputs: Inputs
    settings: CircuitSettings
    pairs: Pairs
    places: tuple[Place, ...]
    activity: dict[Place, NDArray[np.float32]]

    def outcome(
        self, places: Sequence[Place], chosen: slice | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Of each pair, whether the donor's answer is said, and the difference of the logits."""
        chosen = slice(None) if chosen is None else chosen
        receivers = self.inputs.take(self.pairs.receivers[chosen])
        patches = [Patch(site, point, self.activity[point, site][chosen]) for point, site in places]
        logits = answer_logits(self.network, receivers, self.settings.points[-1], patches)
        own, other = self.pairs.own[chosen], self.pairs.other[chosen]
        rows = np.arange(len(own))
        difference = logits[rows, own] - logits[rows, other]
        return logits.argmax(axis=1) == other, difference.astype(np.float64)


def find_circuits(
    network: Network,
    members: Sequence[int],
    inputs: Inputs,
    settings: Sequence[CircuitSettings],
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All circuits of some members: :data:`CUMULATIVE` and :data:`CUTS`.

    Args:
        network: all members of the run.
        settings: those of other inputs are passed over.

    Raises:
        InversionError, SiteError: there are no such pairs, labels or sites.
    """
    here = [circuit for circuit in settings if set(circuit.points) <= set(inputs.points)]
    report, done = StepReport(max(1, len(here) * len(members))), 0
    steps, cuts = [pd.DataFrame(columns=list(CUMULATIVE))], [pd.DataFrame(columns=list(CUTS))]
    for circuit in here:
        for member in members:
            rng = stream(seed, "inversion", "circuit", circuit.feature, member)
            alone = network.select([member])
            found = find_circuit(alone, inputs, circuit, rng)
            alike = find_circuit(alone, inputs, circuit, rng, alike=True)
            steps.append(patch_cumulatively(found, member))
            cuts.append(cut(found, alike, member))
            report(done := done + 1)
    return pd.concat(steps[-max(1, done) :]), pd.concat(cuts[-max(1, done) :])


def find_circuit(
    network: Network,
    inputs: Inputs,
    settings: CircuitSettings,
    rng: np.random.Generator,
    alike: bool = False,
) -> Circuit:
    """Draw pairs of a network of one member, and record the donors.

    Args:
        alike: whether donors have the same value of the feature, as a control.

    Raises:
        InversionError, SiteError: there are no such pairs, labels, sites or answers.
    """
    last = settings.points[-1]
    steps = answer_steps(inputs, last)
    if (steps + 1 >= inputs.tokens.shape[1]).any():
        raise InversionError(
            f"circuits: got points {', '.join(settings.points)}; of these inputs no answer follows "
            f"{last}: patch at a point of a task"
        )
    truth = inputs.tokens[np.arange(len(inputs)), steps + 1].astype(np.int64)
    pairs = draw_pairs(
        inputs, settings, truth, lambda some: answers(network, some, last), rng, alike
    )
    sites = sites_of_study(settings.sites, site_names(network.settings))
    donors = inputs.take(pairs.donors)
    activity = {
        (point, site): values
        for point in settings.points
        for site, values in activity_at(network, donors, point, sites).items()
    }
    return Circuit(network, inputs, settings, pairs, tuple(activity), activity)


def patch_cumulatively(circuit: Circuit, member: int) -> pd.DataFrame:
    """Every step of both orders, with :data:`CUMULATIVE`."""
    rows = []
    for order, places in cumulative(circuit.places):
        carried, difference = circuit.outcome(places)
        share, apart = mean_interval(carried), mean_interval(difference)
        rows.append(
            (
                member, circuit.settings.feature, order, len(places), _names(places[-1:]),
                share.mean, share.low, share.high, apart.mean, apart.low, apart.high, share.n,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CUMULATIVE))


def cut(circuit: Circuit, alike: Circuit, member: int) -> pd.DataFrame:
    """The fewest places whose joint patch carries the feature, one row of :data:`CUTS`.

    Args:
        alike: pairs of the same network that share the feature.
    """
    half = len(circuit.pairs.own) // 2
    places = _cut_places(circuit)

    def carried(together: Sequence[Place], pairs: slice) -> NDArray[np.bool_]:
        return circuit.outcome(together, pairs)[0]

    ranked = smallest_cut(
        places,
        lambda together: float(carried(together, slice(0, half)).mean()),
        circuit.settings.enough,
        circuit.settings.most,
    )
    (best, found), (following, _) = ranked[0], ranked[1] if len(ranked) > 1 else ((), 0.0)
    verified = mean_interval(carried(best, slice(half, None)))
    kept = alike.outcome(best)[0]  # their answers are the donors' too
    row = (
        member, circuit.settings.feature, _names(best), len(best),
        sum(point == circuit.settings.points[-1] for point, _ in places), found, verified.mean,
        verified.low, verified.high, verified.n, _names(following),
        float(carried(following, slice(half, None)).mean()) if following else np.nan,
        float(kept.mean()), verified.mean >= circuit.settings.enough,
    )  # fmt: skip
    return pd.DataFrame([row], columns=list(CUTS))


def _cut_places(circuit: Circuit) -> list[Place]:
    """The places among which a cut is searched for."""
    patched = list(dict.fromkeys(site for _, site in circuit.places))
    chosen = sites_of_study(circuit.settings.cut, patched)
    return [place for place in circuit.places if place[1] in chosen]


def _names(places: Sequence[Place]) -> str:
    return BETWEEN.join(f"{site}@{point}" for point, site in places)
