"""Record every site asked for, of every seed, on fresh sequences."""

from pathlib import Path

import torch

from chunkscope.grammars import Corpus
from chunkscope.jobs import job, timed
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.store.recording import record_activations
from chunkscope.store.settings import StoreSettings

with job(snakemake.log[0]), timed(snakemake.output.timing):
    torch.set_num_threads(snakemake.threads)
    params, at = snakemake.params, snakemake.params.at
    step = int(at.removeprefix("@step")) if at else None
    record_activations(
        from_pretrained(Path(snakemake.input.config).parent, step),
        Corpus.load(snakemake.input.recording),
        params.train_sequences,
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
