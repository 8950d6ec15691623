"""Record the sites that are read, at the points of every input."""

from pathlib import Path

import torch

from chunkscope.grammars import Inputs
from chunkscope.jobs import job, timed
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.store.recording import record_inputs
from chunkscope.store.settings import StoreSettings

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    params, at = snakemake.params, snakemake.params.at
    step = int(at.removeprefix("@step")) if at else None
    network = from_pretrained(Path(snakemake.input.config).parent, step)
    record_inputs(
        network.select(range(min(params.compared, len(network.seeds)))),
        Inputs.load(snakemake.input.inputs),
        params.points,
        params.sites,
        snakemake.output.store,
        StoreSettings.model_validate(params.store),
        attributes={
            "run": params.run,
            "step": step,
            "config_hash": params.config_hash,
            "code_fingerprint": params.code,
        },
        device=pick_device(params.device),
    )
