"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, Path]
"""Name of a run -> one of its files."""


@dataclass(frozen=True)
class ReportInputs:
    """Files of a finished workflow, each named by what it holds; runs are in the order to show.

    Attributes:
        config: the resolved configuration (YAML).
        claims: one claims ledger per study, with the columns of
            :mod:`~chunkscope.statistics.claims`.
        figures: (PNG, caption as plain text) pairs in the order to show them; the one whose name
            ends in ``-overview`` opens the report.
        training: losses and accuracies of every seed while it was trained.
        recall: cued recall of every seed.
        summaries: scores of every reading with intervals.
        sweeps: the extractor's settings that were tried, and the chosen ones.
        chunks: the chunks of every seed.
        specificity: what a donor does beyond its controls; may lack runs.
        stores: the activation stores, for what was written into them.
        benchmarks: paired timings; may be empty.
        timings: rule -> one file per job, as Snakemake's ``benchmark:`` (``.jsonl``) or
            :func:`~chunkscope.jobs.timed` (``.json``) writes it.
        fingerprints: script -> fingerprint of the code that it calls.
    """

    config: Path
    claims: Sequence[Path]
    figures: Sequence[tuple[Path, Path]]
    training: Files
    recall: Files
    summaries: Files
    sweeps: Files
    chunks: Files
    specificity: Files
    stores: Files
    benchmarks: Sequence[Path]
    timings: Mapping[str, Sequence[Path]]
    fingerprints: Mapping[str, str]
