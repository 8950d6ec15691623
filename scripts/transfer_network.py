"""Train one network's seeds on the transfer corpus in every arm, and evaluate them."""

import torch

from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.experiments.transfer.study import run_transfer
from chunkscope.jobs import job

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    settings = TransferSettings.model_validate(snakemake.params.transfer)
    tables = run_transfer(settings, snakemake.wildcards.network, snakemake.params.seed)
    for name in ("trials", "outcomes", "summary"):
        table = getattr(tables, name)
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
