"""Write the report of all studies."""

from pathlib import Path

from chunkscope.experiments.hierarchy.settings import VERSIONS
from chunkscope.explorer import ReportInputs, write_report
from chunkscope.jobs import job


def by_name(files, names):
    """Name of a run or network -> its file."""
    return dict(zip(names, map(Path, files), strict=True))


def by_rule(folder, own, names):
    """Rule -> the timings of its jobs, which lie in ``{rule}.jsonl``, or in ``{rule}/`` by name.

    Files of other configurations may lie there as well: only the jobs of ``names`` count.
    """
    timings = {}
    for file in sorted(folder.rglob("*.json*")):
        rule, *inside = file.relative_to(folder).parts
        name = inside[0].split(".")[0].split("@")[0] if inside else None
        rule = rule.removesuffix(".jsonl")
        if rule != own and (not inside or name in names):  # this job has not ended yet
            timings.setdefault(rule, []).append(file)
    return timings


def nested(files, names):
    """Name -> name within it -> its file."""
    files = iter(map(Path, files))
    return {outer: {inner: next(files) for inner in within} for outer, within in names.items()}


with job(snakemake.log[0]):
    inputs, named = snakemake.input, snakemake.params.named
    report = ReportInputs(
        **{kind: by_name(inputs[kind], names) for kind, names in named.items()},
        config=Path(inputs.config),
        claims=list(map(Path, inputs.claims)),
        figures=list(zip(map(Path, inputs.figures), map(Path, inputs.captions), strict=True)),
        extractors=next(map(Path, inputs.extractors), None),
        hierarchy=nested(inputs.hierarchy, dict.fromkeys(snakemake.params.hierarchy, VERSIONS)),
        retention=nested(inputs.retention, snakemake.params.points),
        benchmarks=list(map(Path, inputs.benchmarks)),
        timings={
            "train_network": list(map(Path, inputs.training_timings)),
            "adopt_network": list(map(Path, inputs.adoption_timings)),
            "extract_chunks": list(map(Path, inputs.extraction_timings)),
            **by_rule(
                Path(snakemake.params.timings), own=snakemake.rule, names=snakemake.params.names
            ),
        },
        fingerprints=snakemake.params.provenance,
    )
    write_report(report, snakemake.output[0])
