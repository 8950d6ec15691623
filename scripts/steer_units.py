"""Steer a run by its units and by the states of a dictionary, on one grid."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chunkscope.chunks.extractors.clustering import DensityClustering
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.neurons.run import places
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.neurons.steering.run import steer_place, steered_sites, unit_scores
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params = snakemake.params
    settings = NeuronSettings.model_validate(params.neurons)
    steering = settings.steering
    scores = read_table(snakemake.input.scores)
    network = from_pretrained(Path(snakemake.input.config).parent)
    network.to(pick_device(params.device)).eval()
    tables = []
    with ActivationStore.open(snakemake.input.store) as store:
        explained = places(store, settings)
        sites = steered_sites(steering, list(dict.fromkeys(place.site for place in explained)))
        for place in [place for place in explained if place.site in sites]:
            values = store.activations(place.seed, place.site, "train")
            rows = values.reshape(-1, values.shape[-1])
            clustering = DensityClustering(
                min_cluster_size=steering.cluster_size,
                subsample=min(steering.subsample, len(rows)),
                random_state=integer_seed(params.seed, "neurons", "states", place.seed),
            ).fit(rows)
            labels = clustering.labels_[clustering.labels_ >= 0]
            prototypes = clustering.prototypes_
            counts = np.bincount(labels, minlength=len(prototypes))
            table = steer_place(
                network.select([place.seed]),
                store,
                place.site,
                values,
                unit_scores(scores, place, rows.shape[1]),
                (prototypes, counts),
                steering,
                params.seed,
            )
            table.insert(0, "seed", place.seed)
            tables.append(table)
            print(f"seed {place.seed}, {place.site}: {len(prototypes)} states", flush=True)
    pd.concat(tables).to_csv(snakemake.output[0], index=False, float_format="%.6g")
