"""Study superposition: where it was built in, and where the ReLU toy model learns it."""

import torch

from chunkscope.jobs import job
from chunkscope.probing.superposition.settings import SuperpositionSettings
from chunkscope.probing.superposition.study import study_superposition

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params = snakemake.params
    settings = SuperpositionSettings.model_validate(params.superposition)
    tables = study_superposition(settings, params.seed)
    for name, path in snakemake.output.items():
        getattr(tables, name).to_csv(path, index=False, float_format="%.6g")
