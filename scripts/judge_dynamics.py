"""Judge the claims about dynamical similarity by the rules of the package."""

from chunkscope.dynamics.attractors.claims import judge_motifs, judge_noise, judge_regimes
from chunkscope.dynamics.networks.claims import judge_runs
from chunkscope.dynamics.tasks.claims import judge_tasks, read_cells
from chunkscope.jobs import job
from chunkscope.statistics import write_claims
from chunkscope.tables import read_table

JUDGES = {"regimes": judge_regimes, "noise": judge_noise, "motifs": judge_motifs}

with job(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    known = [name for name in JUDGES if inputs.get(name)]
    claims = [claim for name in known for claim in JUDGES[name](read_table(inputs[name]))]
    cells = read_cells(params.cells, params.recurrent, inputs)
    if inputs.get("runs"):
        claims += judge_runs(read_table(inputs.runs), params.starts, params.corpora)
    write_claims([*claims, *judge_tasks(cells)], snakemake.output[0])
