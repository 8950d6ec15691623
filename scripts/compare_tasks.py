"""Compare the groups of one architecture with networks that learned the whole task alone."""

from chunkscope.dynamics.tasks.comparing import (
    MASTERS,
    choose_delays,
    compare_members,
    judge_delays,
    read_members,
    sensitivity,
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
    learned = set(masters["seed"])
    judged = judge_delays(members, learned, compared, rng)
    chosen = choose_delays(judged, members)
    tables = {
        "distances": compare_members(members, learned, chosen, compared, rng),
        "sensitivity": sensitivity(members, learned, judged, chosen, compared),
    }
    for name, found in tables.items():
        found.to_csv(snakemake.output[name], index=False, float_format="%.6g")
