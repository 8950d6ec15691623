"""Stores of what networks do while the stimulus of the probe trials is on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chunkscope.dynamics.tasks.study import record_probe
from chunkscope.grammars.decisions import ANSWERS, CHANNELS, STIMULUS, DecisionTrials
from chunkscope.networks.network import Network
from chunkscope.store.settings import StoreSettings
from chunkscope.store.writer import StoreWriter


def write_probe(
    network: Network,
    probe: DecisionTrials,
    site: str,
    path: str | Path,
    settings: StoreSettings,
    attributes: Mapping[str, Any],
) -> None:
    """Write the activity of all members, (trial, time, unit), at one site.

    Its tokens are what is to be answered, its inputs what is given; the loss, which there is none
    of, is 0.
    """
    activity = record_probe(network, probe, site)
    on = probe.period[0] == STIMULUS
    with StoreWriter(
        path,
        tokens=probe.targets[:, on],
        symbols=ANSWERS,
        inputs=probe.inputs[:, on],
        channels=CHANNELS,
        attributes={"network_seeds": list(network.seeds), **attributes},
        codec=settings.codec,
        chunk_mb=settings.chunk_mb,
    ) as writer:
        for member, values in enumerate(activity):
            writer.create(member, {site: values.shape[-1]})
            writer.write(member, 0, {site: values}, loss=np.zeros(values.shape[:2]))
