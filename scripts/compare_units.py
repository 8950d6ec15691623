"""Means over units and seeds of every run, and white-box networks beside their twins."""

import pandas as pd

from chunkscope.jobs import job
from chunkscope.neurons.comparison import COLUMNS, CURVE, Pair, compare_pair
from chunkscope.neurons.summary import TRAINED, by_seed, summarise_facts, summarise_units
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    keys = [tuple(key) for key in params.scored]
    means = {key: by_seed(read_table(file)) for key, file in zip(keys, inputs.scores, strict=True)}
    units = {key: read_table(file) for key, file in zip(keys, inputs.units, strict=True)}
    traced = zip(params.traced, inputs.tracing, strict=True)
    curves = {run: read_table(file) for run, file in traced}
    traces = [table.assign(run=run) for run, table in curves.items()]
    compared = [
        compare_pair(
            Pair(*pair),
            [means[run, TRAINED] for run in pair],
            [curves[run] for run in pair],
        )
        for pair in params.pairs
    ]
    tables = {
        "seeds": pd.concat(
            table.assign(run=run, condition=condition) for (run, condition), table in means.items()
        ),
        "summary": summarise_units(means),
        "facts": summarise_facts(units),
        "comparison": pd.concat(compared or [pd.DataFrame(columns=list(COLUMNS))]),
        "tracing": pd.concat(traces or [pd.DataFrame(columns=["run", *CURVE])]),
    }
    for name, table in tables.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
