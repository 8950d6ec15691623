"""The report: figures, verdicts, tables and provenance of all studies on one page."""

# the fingerprint of code follows imports, which these parts of the page are not
PAGE_PARTS = [
    BASE / "chunkscope" / "explorer" / part
    for part in ("template.html", "report.css", "report.js")
]


rule resolve_config:
    output:
        "results/config.resolved.yaml",
    log:
        "logs/resolve_config.log",
    benchmark:
        "results/timings/resolve_config.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        config=configuration.resolved(CONFIG),
        code=code("resolve_config"),
    message:
        "Writing the whole configuration, defaults included"
    script:
        "../scripts/resolve_config.py"


rule write_report:
    input:
        config="results/config.resolved.yaml",
        claims="results/claims/chunks.csv",
        figures=CHUNK_FIGURES,
        captions=[
            f"{BASE}/docs/captions/{Path(figure).stem}.rst" for figure in CHUNK_FIGURES
        ],
        training=expand("results/networks/{run}/training.csv", run=runs_with("chunks")),
        recall=expand("results/networks/{run}/recall.csv", run=runs_with("chunks")),
        summaries=expand("results/chunks/{run}/summary.csv", run=runs_with("chunks")),
        sweeps=expand("results/chunks/{run}/sweep.csv", run=runs_with("chunks")),
        chunks=expand("results/chunks/{run}/chunks.csv", run=runs_with("chunks")),
        specificity=expand(
            "results/interventions/{run}/specificity.csv",
            run=runs_with("interventions"),
        ),
        stores=expand("results/activations/{run}.zarr.zip", run=runs_with("chunks")),
        benchmarks=benchmarks,
        training_timings=expand(
            "results/networks/{run}/timing.json", run=runs_with("chunks")
        ),
        extraction_timings=expand(
            "results/chunks/{run}{at}/timing.json",
            run=runs_with("chunks"),
            at=["", "@step0"],
        ),
    output:
        "results/report.html",
    log:
        "logs/write_report.log",
    benchmark:
        "results/timings/write_report.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        runs=runs_with("chunks"),
        intervened=runs_with("interventions"),
        timings="results/timings",
        names=[*CONFIG.corpora, *CONFIG.runs],
        provenance={
            script.stem: code(script.stem)
            for script in sorted((BASE / "scripts").glob("*.py"))
        },
        code=code("write_report", *PAGE_PARTS),
    message:
        "Writing the report to {output}"
    script:
        "../scripts/write_report.py"
