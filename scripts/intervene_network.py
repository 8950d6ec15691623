"""Put the prototypes of every seed's dictionary into its network, beside all controls."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chunkscope.chunks.dictionary import constrained_units
from chunkscope.interventions.donors import donors_from_labels
from chunkscope.interventions.recipients import Recording
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.interventions.specificity import specificity
from chunkscope.interventions.study import graft_distributions, run_study
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, run = snakemake.params, snakemake.wildcards.run
    settings = InterventionSettings.model_validate(params.interventions)
    network = from_pretrained(Path(snakemake.input.config).parent).to(pick_device(params.device))
    effects, distributions = [], []
    with (
        ActivationStore.open(snakemake.input.store) as store,
        np.load(snakemake.input.parse) as parse,
    ):
        for member in store.seeds:
            train, test = (
                Recording(
                    store.tokens(split),
                    {site: store.activations(member, site, split) for site in store.sites(member)},
                )
                for split in ("train", "test")
            )
            states = parse[f"density/seed{member}/states"][store.is_train]
            donors = donors_from_labels(
                states,
                train.activations,
                train.tokens,
                settings.lags,
                settings.min_members,
                settings.max_donors,
                units={
                    site: constrained_units(activity, states, states.max() + 1, params.constrained)
                    for site, activity in train.activations.items()
                },
            )
            alone = network.select([member])
            rng = stream(params.seed, "interventions", run, member)
            effects.append(run_study(alone, train, test, donors, settings, rng).assign(seed=member))
            found = graft_distributions(alone, test, donors, settings, rng)
            distributions.append(found.assign(seed=member))
            print(f"seed {member}: {len(donors.names)} donors", flush=True)
    table = pd.concat(effects, ignore_index=True)
    for path, content in {
        snakemake.output.effects: table,
        snakemake.output.distributions: pd.concat(distributions, ignore_index=True),
        snakemake.output.specificity: specificity(table),
    }.items():
        content.to_csv(path, index=False, float_format="%.6g")
