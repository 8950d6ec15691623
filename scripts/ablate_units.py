"""Find the units of a run's networks that tell the context, and ablate them."""

from pathlib import Path

import pandas as pd
import torch

from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.probing.ablation.effects import summarise_effects
from chunkscope.probing.ablation.passes import top_state
from chunkscope.probing.ablation.settings import AblationSettings
from chunkscope.probing.ablation.steps import ContextSteps
from chunkscope.probing.ablation.study import ContextStudy
from chunkscope.probing.settings import RowSettings
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, run = snakemake.params, snakemake.wildcards.run
    network = from_pretrained(Path(snakemake.input.config).parent)
    site = top_state(network)
    tables = {"units": [], "effects": [], "matches": [], "histograms": [], "quantiles": []}
    with (
        ActivationStore.open(snakemake.input.store) as store,
        ActivationStore.open(snakemake.input.untrained_store) as untrained,
    ):
        study = ContextStudy(
            ContextSteps.of(
                store.tokens(),
                {kind: store.labels(kind) for kind in store.label_kinds},
                store.next_distribution(),
                store.is_train,
            ),
            RowSettings.model_validate(params.rows),
            AblationSettings.model_validate(params.ablation),
            params.resamples,
            stream(params.seed, "probing", "ablation", run, "rows"),
        )
        for member in store.seeds[: params.compared]:
            rng = stream(params.seed, "probing", "ablation", run, member)
            activity = store.activations(member, site)
            before, _ = study.find(untrained.activations(member, site), rng)
            units, ranking = study.find(activity, rng)
            effects, matches = study.ablate(
                network.select([member]), activity, store.loss(member), ranking, rng
            )
            histogram, quantiles = study.activity(activity, ranking)
            found = {
                "units": pd.concat(
                    [units.assign(condition="trained"), before.assign(condition="untrained")]
                ),
                "effects": effects,
                "matches": matches,
                "histograms": histogram,
                "quantiles": quantiles,
            }
            for name, table in found.items():
                tables[name].append(table.assign(member=member))
            print(f"member {member}: unit {ranking.best} ablated", flush=True)
        names = {"context": store.label_names("context"), "token": store.symbols}
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    joined["summary"] = summarise_effects(joined["effects"])
    for name, table in joined.items():
        for column in table.columns.intersection(names):
            table[column] = table[column].map(dict(enumerate(names[column])))
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
