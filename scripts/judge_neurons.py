"""Judge the claims about units of white-box networks by the rules of the package."""

from chunkscope.jobs import job
from chunkscope.neurons.claims import Tables, judge_neurons
from chunkscope.neurons.comparison import Pair
from chunkscope.statistics import write_claims
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    seeds, tracing = read_table(inputs.seeds), read_table(inputs.tracing)
    tables = Tables(
        read_table(inputs.comparison),
        {run: dict(iter(of.groupby("condition"))) for run, of in seeds.groupby("run", sort=False)},
        dict(iter(tracing.groupby("run", sort=False))),
        params.layers,
        {run: read_table(file) for run, file in zip(params.steered, inputs.steering, strict=True)},
        frozenset(params.published),
    )
    pairs = [Pair(*pair) for pair in params.pairs]
    write_claims(judge_neurons(pairs, tables), snakemake.output[0])
