"""Search random inputs for members of balls, at the points of queries and at any step."""

from pathlib import Path

import torch

from chunkscope.grammars import Inputs
from chunkscope.inversion.learning import learned_members
from chunkscope.inversion.search import search_inputs
from chunkscope.inversion.settings import InversionSettings
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    given, params = snakemake.input, snakemake.params
    settings = InversionSettings.model_validate(params.inversion)
    table = search_inputs(
        from_pretrained(Path(given.config).parent),
        learned_members(read_table(given.learning), params.learned, settings.compared),
        Inputs.load(given.inputs),
        params.sites,
        settings,
        params.seed,
    )
    table.to_csv(snakemake.output.search, index=False, float_format="%.6g")
