"""Probes through training: the same rows at every kept checkpoint."""


rule trace_probes:
    input:
        stores=lambda wildcards: expand(
            "results/activations/{run}{at}.zarr.zip",
            run=wildcards.run,
            at=[*checkpoints_of(wildcards), ""],
        ),
    output:
        scores="results/probing/{run}/tracing/scores.csv",
        summary="results/probing/{run}/tracing/summary.csv",
    log:
        "logs/trace_probes/{run}.log",
    benchmark:
        "results/timings/trace_probes/{run}.jsonl"
    wildcard_constraints:
        run=one_of(developed_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        steps=lambda wildcards: [
            *run_of(wildcards).training.checkpoints,
            run_of(wildcards).training.steps,
        ],
        probing=probe_settings(),
        tracing=settings(CONFIG.probing.tracing),
        code=code("trace_probes"),
    message:
        "Probing {wildcards.run} through its training"
    script:
        "../scripts/trace_probes.py"


rule draw_probing_training:
    input:
        summaries=expand(
            "results/probing/{run}/tracing/summary.csv", run=developed_runs()
        ),
        training=expand("results/networks/{run}/training.csv", run=developed_runs()),
    output:
        pdf="results/figures/probing-training.pdf",
        png=report(
            "results/figures/probing-training.png",
            category="Probing",
            caption="../docs/captions/probing-training.rst",
            labels={"figure": "probes through training"},
        ),
        csv="results/figures/probing-training.csv",
    log:
        "logs/draw_probing_training.log",
    benchmark:
        "results/timings/draw_probing_training.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=developed_runs(),
        figures=look(),
        code=code("draw_probing_training"),
    message:
        "Drawing the probes of runs through their training"
    script:
        "../scripts/draw_probing_training.py"
