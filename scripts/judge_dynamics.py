"""Judge the claims about dynamical similarity by the rules of the package."""

from chunkscope.dynamics.attractors.claims import judge_motifs, judge_noise, judge_regimes
from chunkscope.jobs import job
from chunkscope.statistics import write_claims
from chunkscope.tables import read_table

JUDGES = {"regimes": judge_regimes, "noise": judge_noise, "motifs": judge_motifs}

with job(snakemake.log[0]):
    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    claims = [claim for name, table in tables.items() for claim in JUDGES[name](table)]
    write_claims(claims, snakemake.output[0])
