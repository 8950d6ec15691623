"""Compare the groups of one architecture with networks that learned the whole task alone."""

from chunkscope.dynamics.tasks.comparing import (
    MASTERS,
    choose_delays,
    compare_members,
    read_members,
)
from chunkscope.dynamics.tasks.settings import TaskStudySettings
from chunkscope.jobs import job
from chunkscope.randomness import stream
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    params = snakemake.params
    compared = TaskStudySettings.model_validate(params.tasks).compared
    keys = [(group, share) for group in params.groups for share in params.shares]
    stores = dict(zip(keys, snakemake.input.stores, strict=True))
    table = read_table(snakemake.input.learning)
    masters = table[(table["group"] == MASTERS) & table["learned"]]
    members = read_members(stores, compared.site, compared.units)
    rng = stream(params.seed, "tasks", params.cell, "comparison")
    delays = choose_delays(members, compared, rng)
    found = compare_members(members, set(masters["seed"]), delays, compared, rng)
    chosen = delays.model_dump(include={"delays", "interval", "rank"})
    found.assign(**chosen).to_csv(snakemake.output[0], index=False, float_format="%.6g")
