"""Judge the claims about chunks by the rules of the package."""

from chunkscope.chunks.claims import Reflection, judge_chunks
from chunkscope.chunks.concepts.claims import judge_concepts
from chunkscope.chunks.prototype_claims import PrototypeTables, judge_prototypes
from chunkscope.experiments.context.claims import Tables, judge_context
from chunkscope.experiments.hierarchy.claims import judge_hierarchy
from chunkscope.experiments.transfer.claims import judge_transfer
from chunkscope.jobs import job
from chunkscope.statistics import write_claims
from chunkscope.tables import read_table

inputs, params = snakemake.input, snakemake.params


def first(kind):
    """The first table of a kind, or None."""
    return read_table(inputs[kind][0]) if inputs[kind] else None


def by_name(kind, names):
    """Name -> table of a kind."""
    return dict(zip(names, map(read_table, inputs[kind]), strict=True))


def tables_by_name(cls, names, *kinds):
    """Name -> several kinds of tables together."""
    columns = [map(read_table, inputs[kind]) for kind in kinds]
    return {name: cls(*tables) for name, *tables in zip(names, *columns, strict=True)}


with job(snakemake.log[0]):
    reflection = None
    if inputs.training:
        kinds = ("training", "recall", "decoding", "effects")
        reflection = Reflection(*map(first, kinds))
    context = tables_by_name(Tables, params.context, "context_measures", "context_parents")
    versions = [(name, v) for name in params.hierarchy for v in ("published", "balanced")]
    hierarchy = by_name("hierarchy", versions)
    prototypes = tables_by_name(PrototypeTables, params.prototypes, "association", "labels")
    claims = [
        *judge_chunks(reflection, by_name("scores", params.chunks)),
        *judge_transfer(first("transfer")),
        *judge_context(context, next(iter(params.published_context), None)),
        *judge_concepts(by_name("detection", params.concepts), by_name("grafts", params.grafted)),
        *judge_prototypes(prototypes),
    ]
    for name in params.hierarchy:
        correlations = {v: hierarchy[name, v] for v in ("published", "balanced")}
        claims += judge_hierarchy(name, correlations, name in params.published_hierarchy)
    write_claims(claims, snakemake.output[0])
