"""Find prototypes of every size in a run's networks, and what they align with."""

from chunkscope.chunks.prototype_settings import PrototypeStudySettings
from chunkscope.chunks.prototype_sweep import PrototypeSweep
from chunkscope.jobs import job
from chunkscope.networks.sites import sites_of_study
from chunkscope.store import ActivationStore

with job(snakemake.log[0]):
    settings = PrototypeStudySettings.model_validate(snakemake.params.prototypes)
    with (
        ActivationStore.open(snakemake.input.store) as store,
        ActivationStore.open(snakemake.input.untrained_store) as untrained_store,
    ):
        labels = {kind: store.labels(kind) for kind in store.label_kinds}
        names = {kind: store.label_names(kind) for kind in store.label_kinds}
        tokens, train = store.tokens(), store.is_train
        sweep = PrototypeSweep(tokens, train, labels, names, settings, snakemake.params.seed)
        for member in store.seeds[: settings.compared]:
            for site in sites_of_study(settings.sites, store.sites(member)):
                activations = store.activations(member, site)
                sweep.read("prototypes", site, member, activations)
                sweep.read("revived", site, member, activations)
                sweep.read("untrained", site, member, untrained_store.activations(member, site))
                print(f"seed {member}: {site} read")
    for name, table in sweep.tables().items():
        table.to_csv(snakemake.output[name], index=False, float_format="%.6g")
