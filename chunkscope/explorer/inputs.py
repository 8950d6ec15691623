"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Files = Mapping[str, Path]
"""Name of a run, or of an experiment's network -> one of its files."""


@dataclass(frozen=True)
class ReportInputs:
    """Files of a finished workflow, each named by what it holds, in the order to show.

    What a workflow has no study or experiment for is left out.

    Attributes:
        config: the resolved configuration (YAML).
        claims: one claims ledger per study, with the columns of
            :mod:`~chunkscope.statistics.claims`.
        figures: (PNG, caption as plain text) pairs; the one whose name ends in ``-overview`` opens
            the report.
        training: losses and accuracies of every seed while it was trained, of every run.
        recall: cued recall of every seed, of every run.
        stores: the activation stores, for what was written into them.
        benchmarks: paired timings; may be empty.
        timings: rule -> one file per job, as Snakemake's ``benchmark:`` (``.jsonl``) or
            :func:`~chunkscope.jobs.timed` (``.json``) writes it.
        fingerprints: script -> fingerprint of the code that it calls.
        summaries: scores of every reading with intervals.
        sweeps: the extractor's settings that were tried, and the chosen ones.
        chunks: the chunks of every seed.
        specificity: what a donor does beyond its controls.
        extractors: scores of every extractor on the same members.
        transfer, context: summaries of these experiments, by network.
        hierarchy: correlations of this experiment, by network and version.
        concepts, concept_grafts: summaries of what was detected, and of what was said.
        prototypes: summaries of what prototypes align with.
        probing, units: scores of the probes of a run as means over members, and its best units.
        retention: what the members of balls share, by run and by the point at which it is read.
        quality, shown: scores of every run's decoder, and draws of it to look at.
        cuts: the fewest sites that carry a feature, of every run with one.
        neurons: ``comparison``, ``summary`` and ``facts`` of units, each over all runs.
        units_shown: units of a run to look at (JSON), with what they do and what is said of them.
    """

    config: Path
    claims: Sequence[Path]
    figures: Sequence[tuple[Path, Path]]
    training: Files
    recall: Files
    stores: Files
    benchmarks: Sequence[Path]
    timings: Mapping[str, Sequence[Path]]
    fingerprints: Mapping[str, str]
    summaries: Files = field(default_factory=dict)
    sweeps: Files = field(default_factory=dict)
    chunks: Files = field(default_factory=dict)
    specificity: Files = field(default_factory=dict)
    extractors: Path | None = None
    transfer: Files = field(default_factory=dict)
    context: Files = field(default_factory=dict)
    hierarchy: Mapping[str, Files] = field(default_factory=dict)
    concepts: Files = field(default_factory=dict)
    concept_grafts: Files = field(default_factory=dict)
    prototypes: Files = field(default_factory=dict)
    probing: Files = field(default_factory=dict)
    units: Files = field(default_factory=dict)
    retention: Mapping[str, Files] = field(default_factory=dict)
    quality: Files = field(default_factory=dict)
    shown: Files = field(default_factory=dict)
    cuts: Files = field(default_factory=dict)
    neurons: Files = field(default_factory=dict)
    units_shown: Files = field(default_factory=dict)
