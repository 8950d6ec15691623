"""Compare regimes of the Lorenz system, by delays as published and as they foretell best."""

from chunkscope.dynamics.attractors.regimes import (
    compare_regimes,
    judge_grid,
    sensitivity,
    summarise_regimes,
)
from chunkscope.dynamics.attractors.settings import AttractorSettings
from chunkscope.dynamics.selection import best
from chunkscope.jobs import job

with job(snakemake.log[0]):
    seed, output = snakemake.params.seed, snakemake.output
    settings = AttractorSettings.model_validate(snakemake.params.attractors)
    judged = judge_grid(settings, seed)
    pairs = compare_regimes(settings, best(judged), seed)
    tables = {
        "pairs": pairs,
        "summary": summarise_regimes(pairs, seed),
        "sensitivity": sensitivity(settings, judged, seed),
    }
    for name, table in tables.items():
        table.to_csv(output[name], index=False, float_format="%.6g")
