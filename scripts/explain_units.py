"""Explain every unit of a run on one half of the documents, and score that on the other."""

from pathlib import Path

import torch

from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.neurons.asking import asker
from chunkscope.neurons.run import explain_run, write_run
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.symbols import readable
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, at = snakemake.params, snakemake.wildcards.at
    settings = NeuronSettings.model_validate(params.neurons)
    step = int(at.removeprefix("@step")) if at else None
    network = from_pretrained(Path(snakemake.input.config).parent, step)
    network.to(pick_device(params.device)).eval()
    with ActivationStore.open(snakemake.input.store) as store:
        explained = explain_run(
            store,
            settings,
            params.seed,
            lambda place: asker(network.select([place.seed]), place.site),
            Path("work/answers"),
        )
        symbols = map(readable, store.symbols)
        tables = write_run(explained, symbols, snakemake.output.explanations)
    for name, table in tables.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
