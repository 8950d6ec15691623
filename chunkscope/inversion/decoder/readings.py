"""The activity of one member at all sites that are read, for its decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chunkscope.inversion.decoder.pairs import Readings
from chunkscope.inversion.recorded import Recorded
from chunkscope.store import ActivationStore


def read_places(
    store: ActivationStore, member: int, sites: Mapping[str, Sequence[str]]
) -> tuple[tuple[tuple[str, str], ...], Readings]:
    """Point and site of each, and their activity.

    Args:
        sites: point -> the sites that are read there.
    """
    places = tuple((point, site) for point, names in sites.items() for site in names)
    names = tuple(f"{site}@{point}" for point, site in places)
    activity = tuple(Recorded(store, member, point).activity(site) for point, site in places)
    return places, Readings(names, activity)
