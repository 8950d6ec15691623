"""Runs a frozen network over a corpus and writes every site asked for into a store, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from chunkscope.errors import StoreError, did_you_mean
from chunkscope.grammars import Corpus, Inputs
from chunkscope.networks.network import Network, Output
from chunkscope.networks.passes import passes
from chunkscope.networks.progress import StepReport
from chunkscope.store.settings import StoreSettings
from chunkscope.store.writer import StoreWriter


@torch.no_grad()
def record_activations(
    network: Network,
    corpus: Corpus,
    train_sequences: int,
    sites: Sequence[str],
    path: str | Path,
    settings: StoreSettings | None = None,
    attributes: dict[str, Any] | None = None,
    device: str = "cpu",
) -> None:
    """Write the activity of all members of ``network`` on ``corpus``.

    The loss of an encoder, which has none, is written as zeros.

    Args:
        network: its members become the store's ``seed0``, ``seed1``, ...
        corpus: the first ``train_sequences`` sequences are the train split, the rest test.
        sites: patterns (fnmatch) of the sites to record.
        path: the ``.zarr.zip`` to write; it appears only when it is whole.
        attributes: provenance, e.g. ``config_hash`` and ``code_fingerprint``.

    Raises:
        StoreError: an activation is not finite (named by seed, site and index).
        SiteError: a pattern matches no site.
    """
    settings = settings or StoreSettings()
    network.to(device).eval()
    split = (np.arange(len(corpus.tokens)) >= train_sequences).astype(np.uint8)
    with StoreWriter(
        path,
        tokens=corpus.tokens,
        symbols=corpus.symbols,
        labels=corpus.labels,
        label_names=corpus.names,
        next_distribution=corpus.next_distribution,
        split=split,
        attributes={
            "network_seeds": list(network.seeds),
            **corpus.provenance,
            **(attributes or {}),
        },
        codec=settings.codec,
        chunk_mb=settings.chunk_mb,
    ) as writer:
        _write_members(writer, network, corpus.tokens, sites)


@torch.no_grad()
def record_inputs(
    network: Network,
    inputs: Inputs,
    points: Sequence[str],
    sites: Sequence[str],
    path: str | Path,
    settings: StoreSettings | None = None,
    attributes: dict[str, Any] | None = None,
    device: str = "cpu",
) -> None:
    """Write the activity of all members of ``network`` at some points of every input.

    The store has one step for every point, in their order: its activity is (input, point, unit),
    its tokens are the symbols read there, and its loss, which there is none of, is 0.

    Args:
        points: of the points of ``inputs``, at least one.
        sites, path, settings, attributes: as for :func:`record_activations`.

    Raises:
        StoreError: an activation is not finite, or the inputs have no such point.
        SiteError: a pattern matches no site.
    """
    for point in points:
        if point not in inputs.points:
            known = ", ".join(inputs.points)
            hint = did_you_mean(point, inputs.points)
            raise StoreError(f"{path}: got point {point!r}; inputs are read at {known}{hint}")
    settings = settings or StoreSettings()
    network.to(device).eval()
    steps = np.stack([inputs.points[point] for point in points], axis=1)
    read = inputs.tokens[:, : steps.max() + 1]
    with StoreWriter(
        path,
        tokens=np.take_along_axis(read, steps, axis=1),
        symbols=inputs.symbols,
        attributes={
            "network_seeds": list(network.seeds), "points": list(points), **(attributes or {})
        },
        codec=settings.codec,
        chunk_mb=settings.chunk_mb,
    ) as writer:  # fmt: skip
        report = StepReport(len(network.seeds) * len(read))
        for member in range(len(network.seeds)):
            alone = network.select([member])
            for rows in passes(alone, read):
                activity = _at_steps(alone, read[rows], steps[rows], sites)
                if rows.start == 0:
                    writer.create(member, {site: a.shape[-1] for site, a in activity.items()})
                no_loss = np.zeros(steps[rows].shape)
                writer.write(member, rows.start, activity, loss=no_loss)
                report(member * len(read) + rows.stop)


def _at_steps(
    network: Network, tokens: NDArray[np.integer], steps: NDArray[np.integer], sites: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Site -> (sequence, point, unit) of a network of one member, each sequence at its steps."""
    last = int(steps.max()) + 1
    output = network(torch.from_numpy(tokens[:, :last].astype(np.int64)), record=sites)
    rows = np.arange(len(steps))[:, None]
    return {
        site: values[0].cpu().numpy()[rows, steps] for site, values in output.activations.items()
    }


def _write_members(
    writer: StoreWriter,
    network: Network,
    tokens: NDArray[np.integer],
    sites: Sequence[str],
) -> None:
    n_members = len(network.seeds)
    report = StepReport(n_members * len(tokens))
    for member in range(n_members):
        alone = network.select([member])
        for rows in passes(alone, tokens):
            symbols = torch.from_numpy(tokens[rows].astype(np.int64))
            output = alone(symbols, record=sites)
            activity = {
                site: values[0].cpu().numpy() for site, values in output.activations.items()
            }
            if rows.start == 0:
                writer.create(member, {site: a.shape[-1] for site, a in activity.items()})
            losses = _losses(output, symbols) if network.predicts else np.zeros(symbols.shape)
            writer.write(member, rows.start, activity, loss=losses)
            report(member * len(tokens) + rows.stop, float(np.nanmean(losses)))


def _losses(output: Output, symbols: torch.Tensor) -> NDArray[np.float32]:
    """(sequence, time) nats of the next symbol; NaN at the last step, which has none."""
    logits = output.logits[0].cpu()
    losses = np.full(symbols.shape, np.nan, dtype=np.float32)
    nats = functional.cross_entropy(
        logits[:, :-1].permute(0, 2, 1), symbols[:, 1:], reduction="none"
    )
    losses[:, :-1] = nats.numpy()
    return losses
