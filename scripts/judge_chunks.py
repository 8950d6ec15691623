"""Judge the claims about chunks by the rules of the package."""

import pandas as pd

from chunkscope.chunks.claims import Evidence, judge_chunks
from chunkscope.jobs import job
from chunkscope.statistics import write_claims

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    tables = {name: pd.read_csv(inputs[name]) for name in ("training", "recall", "decoding")}
    evidence = Evidence(
        reflection=params.reflection,
        effects=pd.read_csv(inputs.effects) if inputs.effects else None,
        scores={
            run: pd.read_csv(path) for run, path in zip(params.runs, inputs.scores, strict=True)
        },
        corpora=params.corpora,
        **tables,
    )
    write_claims(judge_chunks(evidence), snakemake.output[0])
