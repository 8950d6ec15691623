"""Say what the members of balls share, at every site that is read at a point."""

from chunkscope.grammars import Inputs
from chunkscope.inversion.learning import learned_members
from chunkscope.inversion.reading import TRAINED, UNTRAINED, Reading, read_point
from chunkscope.inversion.settings import InversionSettings
from chunkscope.jobs import job
from chunkscope.store import ActivationStore
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    given, params = snakemake.input, snakemake.params
    settings = InversionSettings.model_validate(params.inversion)
    members = learned_members(read_table(given.learning), params.learned, settings.compared)
    reading = Reading(
        Inputs.load(given.inputs),
        snakemake.wildcards.point,
        tuple(params.sites),
        settings,
        params.seed,
    )
    with (
        ActivationStore.open(given.store) as trained,
        ActivationStore.open(given.untrained_store) as untrained,
    ):
        stores = {TRAINED: trained, UNTRAINED: untrained}
        table, balls = read_point(stores, reading, members, read_table(given.radii))
    table.to_csv(snakemake.output.retention, index=False, float_format="%.6g")
    balls.to_csv(snakemake.output.balls, index=False, float_format="%.6g")
