"""Put the prototypes of every seed's dictionary into its network, beside all controls."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chunkscope.chunks.dictionary import constrained_units
from chunkscope.interventions.donors import donors_from_labels
from chunkscope.interventions.matrix import graft_matrix
from chunkscope.interventions.recipients import Recording
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.interventions.specificity import specificity
from chunkscope.interventions.study import graft_distributions, run_study
from chunkscope.interventions.unit_dose import unit_dose
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
    tables = {"effects": [], "distributions": [], "matrix": [], "units": []}
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
            steadiest = partial(constrained_units, labels=states, states=states.max() + 1)
            donors = donors_from_labels(
                states,
                train.activations,
                train.tokens,
                settings.lags,
                settings.min_members,
                settings.max_donors,
                units={
                    site: steadiest(activity, share=params.constrained)
                    for site, activity in train.activations.items()
                },
            )
            chosen = [int(name) for name in donors.names]
            masks = {
                share: steadiest(train.activations[params.site], share=share)[chosen]
                for share in settings.unit_shares
            }
            alone, rng = network.select([member]), stream(params.seed, "interventions", run, member)
            found = {
                "effects": run_study(alone, train, test, donors, settings, rng),
                "distributions": graft_distributions(alone, test, donors, settings, rng),
                "matrix": graft_matrix(alone, test, donors, settings.recipients, rng),
                "units": unit_dose(alone, test, donors, masks, params.site, settings, rng),
            }
            for name, table in found.items():
                tables[name].append(table.assign(seed=member))
            print(f"seed {member}: {len(donors.names)} donors", flush=True)
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    joined["specificity"] = specificity(joined["effects"])
    for name, table in joined.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
