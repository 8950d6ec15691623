"""Write the resolved configuration."""

from pathlib import Path

from chunkscope.jobs import job

with job(snakemake.log[0]):
    Path(snakemake.output[0]).write_text(snakemake.params.config)
