"""Score the units of a run along its training, beside the loss."""

from pathlib import Path

import torch

from chunkscope.grammars import Corpus
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.neurons.tracing import trace_units

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, folder = snakemake.params, Path(snakemake.input.config).parent
    device = pick_device(params.device)
    tokens = Corpus.load(snakemake.input.recording).tokens
    table = trace_units(
        lambda step: from_pretrained(folder, step).to(device).eval(),
        params.steps,
        tokens[: params.train],
        tokens[params.train :],
        params.sites,
    )
    table.to_csv(snakemake.output[0], index=False, float_format="%.6g")
