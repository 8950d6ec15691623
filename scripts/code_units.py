"""Code the units of a run by a sparse autoencoder, and explain and score its latents."""

import pandas as pd
import torch

from chunkscope.jobs import job
from chunkscope.neurons.latents.run import explain_latents
from chunkscope.neurons.run import at_place, write_run
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.symbols import readable
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    settings = NeuronSettings.model_validate(snakemake.params.neurons)
    codes = []

    def explained(store):
        for place, found, code in explain_latents(store, settings, snakemake.params.seed):
            codes.append(at_place(place, code))
            yield place, found

    with ActivationStore.open(snakemake.input.store) as store:
        symbols = map(readable, store.symbols)
        tables = write_run(explained(store), symbols, snakemake.output.explanations)
    for name, table in {**tables, "codes": pd.concat(codes, ignore_index=True)}.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
