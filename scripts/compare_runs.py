"""Compare the runs of the study through their training."""

from chunkscope.dynamics.networks.comparing import (
    choose_delays,
    compare_checkpoints,
    read_checkpoints,
)
from chunkscope.dynamics.networks.settings import RunComparisonSettings
from chunkscope.jobs import job
from chunkscope.randomness import stream

with job(snakemake.log[0]):
    params = snakemake.params
    settings = RunComparisonSettings.model_validate(params.settings)
    stores = dict(zip(map(tuple, params.checkpoints), snakemake.input, strict=True))
    checkpoints = read_checkpoints(stores, settings)
    rng = stream(params.seed, "dynamics", "runs")
    delays = choose_delays(checkpoints, settings, rng)
    found = compare_checkpoints(checkpoints, delays, settings, rng)
    found.to_csv(snakemake.output[0], index=False, float_format="%.6g")
