"""Compare systems that are composed of motifs."""

from chunkscope.dynamics.attractors.motifs import compare_motifs, summarise_motifs
from chunkscope.dynamics.attractors.settings import AttractorSettings
from chunkscope.jobs import job

with job(snakemake.log[0]):
    settings = AttractorSettings.model_validate(snakemake.params.attractors)
    pairs = compare_motifs(settings, snakemake.params.seed)
    for name, table in {"pairs": pairs, "summary": summarise_motifs(pairs)}.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
