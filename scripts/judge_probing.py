"""Judge the claims about probes by the rules of the package."""

from chunkscope.jobs import job
from chunkscope.probing.ablation.claims import AblationTables, judge_ablation
from chunkscope.probing.claims import judge_probes
from chunkscope.probing.compounds.claims import CompoundTables, judge_compounds
from chunkscope.probing.planted.claims import judge_rankings
from chunkscope.probing.pruning.claims import judge_pruning
from chunkscope.probing.superposition.claims import Tables, judge_superposition
from chunkscope.probing.tracing.claims import judge_tracing
from chunkscope.probing.widths.claims import judge_widths
from chunkscope.statistics import write_claims
from chunkscope.tables import read_table

inputs, params = snakemake.input, snakemake.params


def by_run(kind, runs):
    """Run -> its table of a kind."""
    return dict(zip(runs, map(read_table, inputs[kind]), strict=True))


def tables_by_run(cls, runs, *kinds):
    """Run -> several kinds of tables together."""
    columns = [map(read_table, inputs[kind]) for kind in kinds]
    return {run: cls(*tables) for run, *tables in zip(runs, *columns, strict=True)}


def pair(*tables):
    """Tables side by side."""
    return tables


with job(snakemake.log[0]):
    probes = tables_by_run(pair, params.probed, "scores", "units")
    ablations = tables_by_run(AblationTables, params.ablated, "ablation_units", "ablation_effects")
    compounds = tables_by_run(
        CompoundTables,
        params.compounds,
        "compound_scores",
        "compounds_everywhere",
        "compound_stimuli",
    )
    superposition = Tables(*(read_table(inputs[kind]) for kind in ("codes", "models", "toy")))
    claims = [
        *judge_probes(probes, params.lookup),
        *judge_ablation(ablations),
        *judge_compounds(compounds),
        *judge_pruning(by_run("pruning", params.pruned)),
        *judge_tracing(by_run("tracing", params.developed)),
        *judge_rankings(read_table(inputs.rankings)),
        *judge_superposition(superposition, by_run("fingerprints", params.fingerprinted)),
    ]
    if inputs.widths:
        claims += judge_widths(read_table(inputs.widths))
    write_claims(claims, snakemake.output[0])
