"""Write the report of all studies."""

from pathlib import Path

from chunkscope.explorer import ReportInputs, write_report
from chunkscope.jobs import job


def by_run(files, runs):
    """Name of a run -> its file."""
    return dict(zip(runs, map(Path, files), strict=True))


def by_rule(folder, own, names):
    """Rule -> the timings of its jobs, which lie in ``{rule}.jsonl``, or in ``{rule}/`` by name.

    Files of other configurations may lie there as well: only the jobs of ``names`` count.
    """
    timings = {}
    for file in sorted(folder.rglob("*.json*")):
        rule, *inside = file.relative_to(folder).parts
        name = file.stem.split("@")[0]
        rule = rule.removesuffix(".jsonl")
        if rule != own and (not inside or name in names):  # this job has not ended yet
            timings.setdefault(rule, []).append(file)
    return timings


with job(snakemake.log[0]):
    inputs, runs = snakemake.input, snakemake.params.runs
    files = {
        name: by_run(inputs[name], runs)
        for name in ("training", "recall", "summaries", "sweeps", "chunks", "stores")
    }
    report = ReportInputs(
        **files,
        config=Path(inputs.config),
        claims=[Path(inputs.claims)],
        figures=list(zip(map(Path, inputs.figures), map(Path, inputs.captions), strict=True)),
        specificity=by_run(inputs.specificity, snakemake.params.intervened),
        benchmarks=list(map(Path, inputs.benchmarks)),
        timings={
            "train_network": list(map(Path, inputs.training_timings)),
            "extract_chunks": list(map(Path, inputs.extraction_timings)),
            **by_rule(
                Path(snakemake.params.timings), own=snakemake.rule, names=snakemake.params.names
            ),
        },
        fingerprints=snakemake.params.provenance,
    )
    write_report(report, snakemake.output[0])
