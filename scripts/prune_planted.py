"""Prune planted activity, of which it is known how it stores the feature."""

import pandas as pd

from chunkscope.jobs import job
from chunkscope.probing.pruning.planted import prune_planted, summary_of_planted
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.settings import ProbingSettings

with job(snakemake.log[0]):
    params = snakemake.params
    settings = ProbingSettings.model_validate(params.probing)
    pruning = PruningSettings.model_validate(params.pruning)
    scores = pd.DataFrame(prune_planted(settings, pruning, params.seed))
    summary_of_planted(scores).to_csv(snakemake.output[0], index=False, float_format="%.6g")
