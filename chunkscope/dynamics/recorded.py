"""What recorded networks did, each in its leading principal components."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chunkscope.dynamics.trials import DIMENSIONS, Trials, varying_units
from chunkscope.errors import DynamicsError
from chunkscope.store import ActivationStore


def read_trials(
    path: Path | str, site: str, units: int, key: str, settle: int = 0
) -> Iterator[tuple[int, Trials]]:
    """Every seed of a store with what it did at a site, under the ids of what was given.

    Args:
        units: principal components; units that are constant do not count.
        key: where the configuration says so, for the error.
        settle: steps at the beginning of every sequence that are left out.

    Raises:
        DynamicsError: fewer units vary than are asked for.
    """
    with ActivationStore.open(path) as store:
        ids = store.trials()
        for seed in store.seeds:
            activity = store.activations(seed, site)[:, settle:]
            varying = varying_units(activity)
            if varying.sum() < units:
                raise DynamicsError(
                    f"{path}: seed {seed}: {varying.sum()} units of {site} vary, of which {units} "
                    f"components are asked for; lower {key}"
                )
            yield seed, Trials.of(activity[..., varying], DIMENSIONS, ids).reduced(units)
