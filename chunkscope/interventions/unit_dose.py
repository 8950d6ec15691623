"""How many of a chunk's units does a graft need? Its steadiest ones against as many random ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.interventions.conditions import TARGET
from chunkscope.interventions.donors import Donors
from chunkscope.interventions.effects import donor_means, donor_sums
from chunkscope.interventions.intervention import Intervention
from chunkscope.interventions.recipients import Recording, Rows, draw_steps, find_recipients
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.interventions.study import POOL, first_visible_lag
from chunkscope.networks.network import Network

RANDOM_UNITS = "random units"


COLUMNS = ["seed", "donor", "share", "units", "control", "success", "probability", "n"]


def unit_dose(
    network: Network,
    test: Recording,
    donors: Donors,
    masks: Mapping[float, NDArray[np.bool_]],
    site: str,
    settings: InterventionSettings,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Grafts of growing shares of the units, at full strength, at the first visible lag.

    Args:
        network: an ensemble of one.
        masks: share -> (donor, unit) bool, the units that vary least within the donor's state.
        site: where those units are.

    Returns:
        ``seed, donor, share`` (of the site's units), ``units`` (how many), ``control``
        (``target``: these units; ``random units``: as many drawn uniformly from all, for each
        recipient anew), ``success, probability`` of the donor's target, ``n`` recipients.
    """
    lag = first_visible_lag(network)
    informative = donors.informative(settings.informative_share)
    informative[:, np.arange(1, informative.shape[1] + 1) != lag] = False
    if not informative.any():
        return pd.DataFrame(columns=COLUMNS)
    pool = draw_steps(test, POOL, settings.lags, rng)
    rows = find_recipients(network, test, pool, donors, informative, settings, "forced", rng)
    value = donors.values[site][rows.donor]
    tables = []
    for share, mask in sorted(masks.items()):
        units = mask[rows.donor]
        grafted = {TARGET: units, RANDOM_UNITS: draw_units(units, rng)}
        combinations = [(Intervention("graft", site, u, value),) for u in grafted.values()]
        response = test.run(network, rows.steps, combinations, lag, "forced")
        table = _means(response.probabilities[0][:, :, lag - 1], rows, donors, lag)
        table["control"] = np.repeat(list(grafted), len(table) // len(grafted))
        tables.append(table.assign(share=share, units=int(mask[0].sum())))
    return pd.concat(tables, ignore_index=True).assign(seed=network.seeds[0])[COLUMNS]


def draw_units(units: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """As many random units, of all, as each row of ``units (row, unit)`` has."""
    order = rng.random(units.shape).argsort(axis=1).argsort(axis=1)
    return order < units.sum(axis=1, keepdims=True)


def _means(
    probabilities: NDArray[np.float32], rows: Rows, donors: Donors, lag: int
) -> pd.DataFrame:
    """One line per graft and informative donor; ``probabilities`` is (graft, row, symbol)."""
    counted = np.repeat(rows.counted[None, :, [lag - 1]], len(probabilities), axis=0)
    targets = donors.targets[rows.donor, lag - 1]
    n = donor_sums(counted, rows.donor, len(donors.names))[..., 0]
    values = {
        "success": probabilities.argmax(-1) == targets,
        "probability": probabilities[:, np.arange(len(targets)), targets],
    }
    means = {
        name: donor_means(value[..., None], rows.donor, len(donors.names), counted)[..., 0]
        for name, value in values.items()
    }
    graft, donor = np.nonzero(n)
    columns = {name: mean[graft, donor] for name, mean in means.items()}
    names = np.array(donors.names)[donor]
    return pd.DataFrame({"donor": names, **columns, "n": n[graft, donor].astype(np.int64)})
