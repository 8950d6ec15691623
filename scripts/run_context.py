"""Train one network of the context experiment, count its states and ask them for the context."""

import torch

from chunkscope.experiments.context.settings import ContextSettings
from chunkscope.experiments.context.study import run_context
from chunkscope.jobs import job

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params = snakemake.params
    settings = ContextSettings.model_validate(params.context)
    study = run_context(settings, params.network, params.seed)
    for name in ("measures", "parents", "training", "summary"):
        getattr(study, name).to_csv(snakemake.output[name], index=False, float_format="%.6g")
