"""Runs a frozen network over a corpus and writes every site asked for into a store, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from chunkscope.grammars import Corpus
from chunkscope.networks.network import Network, Output
from chunkscope.networks.progress import StepReport
from chunkscope.store.settings import StoreSettings
from chunkscope.store.writer import StoreWriter

SYMBOLS_PER_PASS = 20_000  # sequences x time run at once, which bounds memory
LOGITS_PER_PASS = 40_000_000  # and, where the vocabulary is large, so does this


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


def _write_members(
    writer: StoreWriter,
    network: Network,
    tokens: NDArray[np.integer],
    sites: Sequence[str],
) -> None:
    symbols_per_pass = min(SYMBOLS_PER_PASS, LOGITS_PER_PASS // network.vocabulary)
    block = max(1, symbols_per_pass // tokens.shape[1])
    n_members = len(network.seeds)
    report = StepReport(n_members * len(tokens))
    for member in range(n_members):
        alone = network.select([member])
        for first in range(0, len(tokens), block):
            symbols = torch.from_numpy(tokens[first : first + block].astype(np.int64))
            output = alone(symbols, record=sites)
            activity = {
                site: values[0].cpu().numpy() for site, values in output.activations.items()
            }
            if first == 0:
                writer.create(member, {site: a.shape[-1] for site, a in activity.items()})
            losses = _losses(output, symbols) if network.predicts else np.zeros(symbols.shape)
            writer.write(member, first, activity, loss=losses)
            report(member * len(tokens) + first + len(symbols), float(np.nanmean(losses)))


def _losses(output: Output, symbols: torch.Tensor) -> NDArray[np.float32]:
    """(sequence, time) nats of the next symbol; NaN at the last step, which has none."""
    logits = output.logits[0].cpu()
    losses = np.full(symbols.shape, np.nan, dtype=np.float32)
    nats = functional.cross_entropy(
        logits[:, :-1].permute(0, 2, 1), symbols[:, 1:], reduction="none"
    )
    losses[:, :-1] = nats.numpy()
    return losses
