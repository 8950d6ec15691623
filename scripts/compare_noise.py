"""Compare Lorenz systems with themselves in noise, and with mixtures."""

from chunkscope.dynamics.attractors.noise import compare_noise, summarise_noise
from chunkscope.dynamics.attractors.regimes import judge_grid
from chunkscope.dynamics.attractors.settings import AttractorSettings
from chunkscope.dynamics.selection import best
from chunkscope.jobs import job

with job(snakemake.log[0]):
    seed = snakemake.params.seed
    settings = AttractorSettings.model_validate(snakemake.params.attractors)
    pairs = compare_noise(settings, best(judge_grid(settings, seed)), seed)
    for name, table in {"pairs": pairs, "summary": summarise_noise(pairs)}.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
