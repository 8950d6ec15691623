"""Take the best units of a run away, one by one, and probe what is left."""

from chunkscope.jobs import job
from chunkscope.probing.conditions import PROBE, UNTRAINED
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.pruning.study import prune_run, summary_of_pruning
from chunkscope.probing.scoring import Study
from chunkscope.probing.settings import ProbingSettings
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    settings = ProbingSettings.model_validate(params.probing)
    pruning = PruningSettings.model_validate(params.pruning)
    study = Study(settings, params.seed, snakemake.wildcards.run)
    with (
        ActivationStore.open(inputs.store) as trained,
        ActivationStore.open(inputs.untrained_store) as untrained,
    ):
        scores = prune_run({PROBE: trained, UNTRAINED: untrained}, study, pruning)
    for name, table in {"scores": scores, "summary": summary_of_pruning(scores)}.items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
