"""Put the prototypes of words into the networks of a run, and hear what they go on to say."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from chunkscope.chunks.concepts.grafting import Prototypes, graft_concepts
from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.concepts.speech import Listener, draw_prompts
from chunkscope.chunks.concepts.summary import summarise_grafts
from chunkscope.grammars import Corpus
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.networks.devices import pick_device
from chunkscope.networks.sites import sites_of_study
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

OBSERVED = 512  # steps of the train split that controls draw on

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params, run = snakemake.params, snakemake.wildcards.run
    settings = ConceptSettings.model_validate(params.concepts)
    network = from_pretrained(Path(snakemake.input.config).parent).to(pick_device(params.device))
    corpus = Corpus.load(snakemake.input.corpus)
    tables = []
    with (
        ActivationStore.open(snakemake.input.store) as store,
        np.load(snakemake.input.prototypes) as found,
    ):
        for member in store.seeds[: settings.compared]:
            names = tuple(found[f"seed{member}/names"].tolist())
            read = sites_of_study(settings.sites, store.sites(member))
            sites = sites_of_study(settings.grafts.sites, read)
            rng = stream(params.seed, "concept-grafts", run, member)
            tests = {site: store.activations(member, site, "test") for site in sites}
            prompts = draw_prompts(store.tokens("test"), tests, settings.grafts, rng)
            trains = {site: store.activations(member, site, "train") for site in sites}
            steps = rng.integers(np.prod(store.tokens("train").shape), size=OBSERVED)
            observed = {s: a.reshape(-1, a.shape[-1])[steps] for s, a in trains.items()}
            for offset in settings.grafts.offsets:
                arrays = {site: f"seed{member}/{site}/{offset}" for site in sites}
                prototypes = Prototypes(
                    names,
                    {site: found[f"{at}/mean"].astype(np.float32) for site, at in arrays.items()},
                    {site: found[f"{at}/units"] for site, at in arrays.items()},
                    observed,
                )
                table = graft_concepts(
                    network.select([member]),
                    prompts,
                    prototypes,
                    Listener(names, corpus.decode),
                    settings.grafts,
                    rng,
                )
                tables.append(table.assign(seed=member, offset=offset))
                print(f"seed {member}: offset {offset}", flush=True)
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(snakemake.output.grafts, index=False, float_format="%.6g")
    summary = summarise_grafts(table)
    summary.to_csv(snakemake.output.summary, index=False, float_format="%.6g")
