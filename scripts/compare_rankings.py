"""Compare rankings on activity whose carriers of a feature are known."""

from chunkscope.jobs import job
from chunkscope.probing.planted.comparison import compare_rankings
from chunkscope.probing.planted.comparison_settings import ComparisonSettings

with job(snakemake.log[0]):
    params = snakemake.params
    settings = ComparisonSettings.model_validate(params.planted)
    table = compare_rankings(settings, params.seed)
    table.to_csv(snakemake.output[0], index=False, float_format="%.6g")
