"""Sparsity against width: runs that differ in their width alone."""


rule compare_widths:
    input:
        stores=expand("results/activations/{run}.zarr.zip", run=width_runs()),
        untrained_stores=expand(
            "results/activations/{run}@step0.zarr.zip", run=width_runs()
        ),
    output:
        scores="results/probing/widths/scores.csv",
        summary="results/probing/widths/summary.csv",
    log:
        "logs/compare_widths.log",
    benchmark:
        "results/timings/compare_widths.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        runs=width_runs(),
        widths=[width_of(run) for run in width_runs()],
        probing=probe_settings(),
        widths_settings=settings(CONFIG.probing.widths),
        code=code("compare_widths"),
    message:
        "Probing networks of several widths"
    script:
        "../scripts/compare_widths.py"


rule draw_probing_widths:
    input:
        summary="results/probing/widths/summary.csv",
        training=expand("results/networks/{run}/training.csv", run=width_runs()),
    output:
        pdf="results/figures/probing-widths.pdf",
        png=report(
            "results/figures/probing-widths.png",
            category="Probing",
            caption="../docs/captions/probing-widths.rst",
            labels={"figure": "sparsity against width"},
        ),
        csv="results/figures/probing-widths.csv",
    log:
        "logs/draw_probing_widths.log",
    benchmark:
        "results/timings/draw_probing_widths.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        widths=[width_of(run) for run in width_runs()],
        figures=look(),
        code=code("draw_probing_widths"),
    message:
        "Drawing sparsity against width"
    script:
        "../scripts/draw_probing_widths.py"
