"""Prototypes: directions that activity is near to, for a sweep of their number."""


rule discover_prototypes:
    input:
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
    output:
        association="results/prototypes/{run}/association.csv",
        summary="results/prototypes/{run}/summary.csv",
        classes="results/prototypes/{run}/classes.csv",
        prototypes="results/prototypes/{run}/prototypes.csv",
        labels="results/prototypes/{run}/labels.csv",
    log:
        "logs/discover_prototypes/{run}.log",
    benchmark:
        "results/timings/discover_prototypes/{run}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        prototypes=settings(CONFIG.prototypes),
        code=code("discover_prototypes"),
    message:
        "Discovering the prototypes of {wildcards.run}"
    script:
        "../scripts/discover_prototypes.py"


rule draw_chunks_prototypes:
    input:
        expand("results/prototypes/{run}/summary.csv", run=runs_with("prototypes")),
    output:
        pdf="results/figures/chunks-prototypes.pdf",
        png=report(
            "results/figures/chunks-prototypes.png",
            category="Chunks",
            caption="../docs/captions/chunks-prototypes.rst",
            labels={"figure": "prototypes and what they align with"},
        ),
        csv="results/figures/chunks-prototypes.csv",
    log:
        "logs/draw_chunks_prototypes.log",
    benchmark:
        "results/timings/draw_chunks_prototypes.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("prototypes"),
        figures=look(),
        code=code("draw_chunks_prototypes"),
    message:
        "Drawing what prototypes align with"
    script:
        "../scripts/draw_chunks_prototypes.py"
