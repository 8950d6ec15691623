"""Compare all readings of all runs on the members that every extractor read."""

from chunkscope.chunks.scoring import compare
from chunkscope.jobs import job
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    scores = map(read_table, snakemake.input.scores)
    runs = dict(zip(snakemake.params.runs, scores, strict=True))
    table = compare(runs, snakemake.params.compared)
    table.to_csv(snakemake.output.extractors, index=False, float_format="%.6g")
