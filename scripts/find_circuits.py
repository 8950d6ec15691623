"""Search every network of a run for the sites that carry a feature."""

from pathlib import Path

import torch

from chunkscope.grammars import Inputs
from chunkscope.inversion.circuits.search import find_circuits
from chunkscope.inversion.circuits.settings import CircuitSettings
from chunkscope.inversion.learning import learned_members
from chunkscope.jobs import job
from chunkscope.networks.checkpoints import from_pretrained
from chunkscope.tables import read_table

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    given, params = snakemake.input, snakemake.params
    members = learned_members(read_table(given.learning), params.learned, params.compared)
    circuits = [CircuitSettings.model_validate(circuit) for circuit in params.circuits]
    cumulative, cuts = find_circuits(
        from_pretrained(Path(given.config).parent),
        members,
        Inputs.load(given.inputs),
        circuits,
        params.seed,
    )
    cumulative.to_csv(snakemake.output.cumulative, index=False, float_format="%.6g")
    cuts.to_csv(snakemake.output.cuts, index=False, float_format="%.6g")
