"""Judge the claims about chunks by the rules of the package."""

import pandas as pd

from chunkscope.chunks.claims import Reflection, judge_chunks
from chunkscope.jobs import job
from chunkscope.statistics import write_claims


def first(paths):
    """The first table of a list of paths, or None."""
    return pd.read_csv(paths[0]) if paths else None


with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    reflection = None
    if params.published:
        kinds = ("training", "recall", "decoding", "effects")
        reflection = Reflection(*(first(inputs[kind]) for kind in kinds))
    scores = dict(zip(params.runs, map(pd.read_csv, inputs.scores), strict=True))
    write_claims(judge_chunks(reflection, scores), snakemake.output[0])
