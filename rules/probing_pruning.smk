"""Pruning: what probes lose as the best units are taken away, one by one."""


rule prune_units:
    input:
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
    output:
        scores="results/probing/{run}/pruning/scores.csv",
        summary="results/probing/{run}/pruning/summary.csv",
    log:
        "logs/prune_units/{run}.log",
    benchmark:
        "results/timings/prune_units/{run}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("probing")),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        probing=probe_settings(),
        pruning=settings(CONFIG.probing.pruning),
        code=code("prune_units"),
    message:
        "Taking the best units of {wildcards.run} away"
    script:
        "../scripts/prune_units.py"


rule prune_planted:
    output:
        "results/probing/pruning-planted.csv",
    log:
        "logs/prune_planted.log",
    benchmark:
        "results/timings/prune_planted.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=CONFIG.seed,
        probing=probe_settings(),
        pruning=settings(CONFIG.probing.pruning),
        code=code("prune_planted"),
    message:
        "Pruning planted activity"
    script:
        "../scripts/prune_planted.py"


rule draw_probing_pruning:
    input:
        planted="results/probing/pruning-planted.csv",
        summaries=expand(
            "results/probing/{run}/pruning/summary.csv", run=runs_with("probing")
        ),
    output:
        pdf="results/figures/probing-pruning.pdf",
        png=report(
            "results/figures/probing-pruning.png",
            category="Probing",
            caption="../docs/captions/probing-pruning.rst",
            labels={"figure": "probes as the best units are taken away"},
        ),
        csv="results/figures/probing-pruning.csv",
    log:
        "logs/draw_probing_pruning.log",
    benchmark:
        "results/timings/draw_probing_pruning.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("probing"),
        figures=look(),
        code=code("draw_probing_pruning"),
    message:
        "Drawing what probes lose as units are taken away"
    script:
        "../scripts/draw_probing_pruning.py"
