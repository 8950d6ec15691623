"""The activity of one member at the places that its decoder is told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from chunkscope.grammars import Inputs, Source, inputs_of
from chunkscope.grammars.inputs import LARGEST
from chunkscope.inversion.decoder.pairs import Readings
from chunkscope.inversion.patching import activity_at
from chunkscope.inversion.recorded import Recorded
from chunkscope.networks.network import Network
from chunkscope.networks.sites import site_widths
from chunkscope.store import ActivationStore

Places = tuple[tuple[str, str], ...]
"""Points and sites."""
MOST_BYTES = 2 << 30  # of activity that is held at once


def read_places(
    store: ActivationStore, member: int, sites: Mapping[str, Sequence[str]]
) -> tuple[Places, Readings]:
    """Point and site of each, and their activity.

    Args:
        sites: point -> the sites that are read there.
    """
    places = tuple((point, site) for point, names in sites.items() for site in names)
    names = tuple(f"{site}@{point}" for point, site in places)
    activity = tuple(Recorded(store, member, point).activity(site) for point, site in places)
    return places, Readings(names, activity)


def read_every_input(
    source: Source,
    network: Network,
    inputs: Inputs,
    readings: Readings,
    places: Places,
    rows: NDArray[np.int64],
) -> tuple[Inputs, Readings, NDArray[np.int64]]:
    """All inputs instead of a sample of them, so that balls are exact.

    Where they are too many, or are all there, what is given comes back.

    Args:
        source: where the inputs come from.
        network: the one member that is read.
        inputs, readings: the sample, and its activity at the places.
        rows: numbers of some of them.

    Returns:
        All inputs, their activity, and the numbers of those some among them.
    """
    if inputs.drawn is None:
        return inputs, readings, rows
    longest, rng = inputs.tokens.shape[1], np.random.default_rng(0)
    every = inputs_of(source, longest, LARGEST, 1, rng)
    widths = site_widths(network.settings)
    size = 4 * len(every) * sum(widths[site] for _, site in places)
    if every.drawn is not None or size > MOST_BYTES:
        return inputs, readings, rows
    by_point = {point: [site for at, site in places if at == point] for point, _ in places}
    found = {
        (point, site): values
        for point, sites in by_point.items()
        for site, values in activity_at(network, every, point, sites).items()
    }
    activity = tuple(found[place] for place in places)
    return every, Readings(readings.names, activity), _numbers(every, inputs.take(rows))


def _numbers(every: Inputs, some: Inputs) -> NDArray[np.int64]:
    """Where inputs stand among all of them."""
    keys = (np.column_stack([part.tokens, part.length]) for part in (every, some))
    table, asked = ([row.tobytes() for row in key.astype(np.int32)] for key in keys)
    place = {key: at for at, key in enumerate(table)}
    return np.array([place[key] for key in asked], np.int64)
