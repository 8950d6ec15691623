"""Find the words and symbols of a corpus in the activity of a run, beside every other detector."""

import numpy as np
import pandas as pd

from chunkscope.chunks.concepts.occurrences import draw_trials, find_concepts
from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.concepts.study import open_site, read_site, stack
from chunkscope.chunks.concepts.summary import summarise_detection
from chunkscope.jobs import job
from chunkscope.networks.sites import sites_of_study
from chunkscope.randomness import stream
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    params, run = snakemake.params, snakemake.wildcards.run
    settings = ConceptSettings.model_validate(params.concepts)
    tables, prototypes = [], {}
    with (
        ActivationStore.open(snakemake.input.store) as store,
        ActivationStore.open(snakemake.input.untrained_store) as untrained,
    ):
        concepts = find_concepts(store, settings)
        for member in store.seeds[: settings.compared]:
            rng = stream(params.seed, "concepts", run, member)
            trials = draw_trials(concepts, store.is_train, settings.margin, settings, rng)
            names = [trial.concept.name for trial in trials]
            print(f"seed {member}: {len(names)} concepts: {', '.join(names)}", flush=True)
            for site in sites_of_study(settings.sites, store.sites(member)):
                seen = open_site(store, untrained, member, site, settings, params.seed)
                found = read_site(seen, trials, settings, rng)
                tables.append(found.table.assign(seed=member, site=site))
                for offset in settings.grafts.offsets:
                    arrays = stack(found.prototypes[offset], seen.states.train.shape[-1])
                    prototypes |= {
                        f"seed{member}/{site}/{offset}/{k}": v for k, v in arrays.items()
                    }
                print(f"seed {member}: {site}", flush=True)
            prototypes[f"seed{member}/names"] = np.array(names)
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(snakemake.output.detection, index=False, float_format="%.6g")
    summary = summarise_detection(table)
    summary.to_csv(snakemake.output.summary, index=False, float_format="%.6g")
    np.savez_compressed(snakemake.output.prototypes, **prototypes)
