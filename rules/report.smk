"""The report: figures, verdicts, tables and provenance of all studies on one page."""

# the fingerprint of code follows imports, which these parts of the page are not
PAGE_PARTS = [
    BASE / "chunkscope" / "explorer" / part
    for part in (
        "template.html",
        "report.css",
        "report.js",
        "views.js",
        "preimages.js",
        "units.js",
    )
]

# these studies have rules only where they are asked for
FIGURES = [
    *CHUNK_FIGURES,
    *(PROBING_FIGURES if probed_at_all() else []),
    *(INVERSION_FIGURES if runs_with("inversion") else []),
    *(DYNAMICS_FIGURES if compared_at_all() else []),
    *(NEURON_FIGURES if runs_with("neurons") else []),
]

NEURON_TABLES = ["comparison", "summary", "facts"] if runs_with("neurons") else []

# kind of table -> what has one
REPORTED = {
    **dict.fromkeys(("training", "recall", "stores"), list(CONFIG.runs)),
    **dict.fromkeys(("summaries", "sweeps", "chunks"), runs_with("chunks")),
    "specificity": runs_with("interventions"),
    "transfer": networks_of("transfer"),
    "context": networks_of("context"),
    "concepts": runs_with("concepts"),
    "concept_grafts": grafted_runs(),
    "prototypes": runs_with("prototypes"),
    **dict.fromkeys(("probing", "units"), probed_runs()),
    **dict.fromkeys(("quality", "shown"), runs_with("inversion")),
    "cuts": circuit_runs(),
    "neurons": NEURON_TABLES,
    "units_shown": runs_with("neurons"),
}


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
        claims=[
            "results/claims/chunks.csv",
            *(["results/claims/probing.csv"] if probed_at_all() else []),
            *(["results/claims/inversion.csv"] if runs_with("inversion") else []),
            *(["results/claims/dynamics.csv"] if compared_at_all() else []),
            *(["results/claims/neurons.csv"] if runs_with("neurons") else []),
        ],
        figures=FIGURES,
        captions=[f"{BASE}/docs/captions/{Path(figure).stem}.rst" for figure in FIGURES],
        training=expand("results/networks/{run}/training.csv", run=CONFIG.runs),
        recall=expand("results/networks/{run}/recall.csv", run=CONFIG.runs),
        stores=expand("results/activations/{run}.zarr.zip", run=CONFIG.runs),
        summaries=expand("results/chunks/{run}/summary.csv", run=runs_with("chunks")),
        sweeps=expand("results/chunks/{run}/sweep.csv", run=runs_with("chunks")),
        chunks=expand("results/chunks/{run}/chunks.csv", run=runs_with("chunks")),
        extractors=["results/chunks/extractors.csv"] if runs_with("chunks") else [],
        specificity=expand(
            "results/interventions/{run}/specificity.csv",
            run=runs_with("interventions"),
        ),
        transfer=experiment_tables("transfer", "{network}/summary"),
        context=experiment_tables("context", "{network}/summary"),
        hierarchy=experiment_tables("hierarchy", "{network}/{version}/correlations"),
        concepts=expand("results/concepts/{run}/summary.csv", run=runs_with("concepts")),
        concept_grafts=expand(
            "results/concepts/{run}/grafts_summary.csv", run=grafted_runs()
        ),
        prototypes=expand(
            "results/prototypes/{run}/summary.csv", run=runs_with("prototypes")
        ),
        probing=expand("results/probing/{run}/summary.csv", run=probed_runs()),
        units=expand("results/probing/{run}/units.csv", run=probed_runs()),
        retention=[
            f"results/inversion/{run}/{point}/retention.csv"
            for run in runs_with("inversion")
            for point in inverted_points(run)
        ],
        quality=expand(
            "results/inversion/{run}/quality.csv", run=runs_with("inversion")
        ),
        shown=expand("results/inversion/{run}/shown.csv", run=runs_with("inversion")),
        cuts=expand("results/inversion/{run}/circuits/cuts.csv", run=circuit_runs()),
        units_shown=expand("results/neurons/{run}/shown.json", run=runs_with("neurons")),
        neurons=expand("results/neurons/{table}.csv", table=NEURON_TABLES),
        benchmarks=benchmarks,
        training_timings=expand(
            "results/networks/{run}/timing.json", run=trained_runs()
        ),
        adoption_timings=expand("results/networks/{run}/timing.json", run=ready_runs()),
        extraction_timings=[
            f"results/chunks/{run}{at}/timing.json"
            for run in runs_with("chunks")
            for at in kept_steps(run)
        ],
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
        named=REPORTED,
        hierarchy=networks_of("hierarchy"),
        points={run: list(inverted_points(run)) for run in runs_with("inversion")},
        timings="results/timings",
        names=[
            *CONFIG.corpora,
            *CONFIG.runs,
            *(network for name in experiments() for network in networks_of(name)),
        ],
        provenance={
            script.stem: code(script.stem)
            for script in sorted((BASE / "scripts").glob("*.py"))
        },
        code=code("write_report", *PAGE_PARTS),
    message:
        "Writing the report to {output}"
    script:
        "../scripts/write_report.py"
