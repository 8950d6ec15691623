"""Probes of a run: how few of its units tell each feature."""


rule probe_run:
    input:
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
    output:
        features="results/probing/{run}/features.csv",
        scores="results/probing/{run}/scores.csv",
        summary="results/probing/{run}/summary.csv",
        units="results/probing/{run}/units.csv",
    log:
        "logs/probe_run/{run}.log",
    benchmark:
        "results/timings/probe_run/{run}.jsonl"
    wildcard_constraints:
        run=one_of(probed_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        probing=probe_settings(),
        source=lambda wildcards: settings(CONFIG.corpora[corpus_of(wildcards)].source),
        code=code("probe_run"),
    message:
        "Probing {wildcards.run}"
    script:
        "../scripts/probe_run.py"


rule draw_probing_sparsity:
    input:
        scores=expand("results/probing/{run}/scores.csv", run=probed_runs()),
    output:
        pdf="results/figures/probing-sparsity.pdf",
        png=report(
            "results/figures/probing-sparsity.png",
            category="Probing",
            caption="../docs/captions/probing-sparsity.rst",
            labels={"figure": "how few units tell a feature"},
        ),
        csv="results/figures/probing-sparsity.csv",
    log:
        "logs/draw_probing_sparsity.log",
    benchmark:
        "results/timings/draw_probing_sparsity.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=probed_runs(),
        figures=look(),
        code=code("draw_probing_sparsity"),
    message:
        "Drawing how few units tell a feature"
    script:
        "../scripts/draw_probing_sparsity.py"


rule draw_probing_units:
    input:
        units=expand("results/probing/{run}/units.csv", run=probed_runs()),
        scores=expand("results/probing/{run}/scores.csv", run=probed_runs()),
    output:
        pdf="results/figures/probing-units.pdf",
        png=report(
            "results/figures/probing-units.png",
            category="Probing",
            caption="../docs/captions/probing-units.rst",
            labels={"figure": "the best unit of every feature"},
        ),
        csv="results/figures/probing-units.csv",
    log:
        "logs/draw_probing_units.log",
    benchmark:
        "results/timings/draw_probing_units.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=probed_runs(),
        figures=look(),
        code=code("draw_probing_units"),
    message:
        "Drawing the best unit of every feature"
    script:
        "../scripts/draw_probing_units.py"
