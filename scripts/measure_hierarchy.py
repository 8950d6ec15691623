"""Measure the states of the hierarchy experiment's networks, and how they go with the level."""

from functools import partial
from pathlib import Path

import torch

from chunkscope.experiments.hierarchy.correlations import correlate
from chunkscope.experiments.hierarchy.measuring import measure
from chunkscope.experiments.hierarchy.members import draw_stretches, list_members
from chunkscope.experiments.hierarchy.published import CORRELATIONS
from chunkscope.experiments.hierarchy.settings import HierarchySettings
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.randomness import stream

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, (name, version) = snakemake.params, snakemake.wildcards
    settings = HierarchySettings.model_validate(params.settings)
    members = list_members(settings, name, version, params.seed)
    network = from_pretrained(Path(snakemake.input.model).parent)
    stretches = draw_stretches(members, settings, version, params.seed)
    measures, variants = measure(network, members, stretches, settings)
    draws = partial(stream, params.seed, "hierarchy", "bootstrap", name, version)
    published = CORRELATIONS if version == "published" and settings.repeats_paper(name) else {}
    correlations = correlate(measures, variants, draws, settings.resamples, published)
    tables = {"measures": measures, "variants": variants, "correlations": correlations}
    for table, rows in tables.items():
        rows.to_csv(snakemake.output[table], index=False, float_format="%.6g")
