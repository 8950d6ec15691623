"""Measure the fingerprint of superposition in a run's transformers: input norm times bias."""

from pathlib import Path

from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.probing.superposition.fingerprint import measure_fingerprint

with job(snakemake.log[0]):
    network = from_pretrained(Path(snakemake.input.model).parent)
    table = measure_fingerprint(network, snakemake.params.seed)
    table.to_csv(snakemake.output[0], index=False, float_format="%.6g")
