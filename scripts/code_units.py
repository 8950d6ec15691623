"""Code the units of a run by a sparse autoencoder, and explain and score its latents."""

import pandas as pd
import torch

from chunkscope.jobs import job
from chunkscope.neurons.latents.run import explain_latents
from chunkscope.neurons.run import at_place
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    settings = NeuronSettings.model_validate(snakemake.params.neurons)
    tables = {"units": [], "scores": [], "codes": []}
    with ActivationStore.open(snakemake.input.store) as store:
        for place, found, code in explain_latents(store, settings, snakemake.params.seed):
            for name, table in zip(tables, (found.facts, found.scores, code), strict=True):
                tables[name].append(at_place(place, table))
            print(f"seed {place.seed}, {place.site}: {code.iloc[0].to_dict()}", flush=True)
    for name, parts in tables.items():
        table = pd.concat(parts, ignore_index=True)
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
