"""Context units: found by the probes of single units, then ablated beside matched units."""


rule ablate_units:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
    output:
        units="results/probing/{run}/ablation/units.csv",
        effects="results/probing/{run}/ablation/effects.csv",
        summary="results/probing/{run}/ablation/summary.csv",
        matches="results/probing/{run}/ablation/matches.csv",
        histograms="results/probing/{run}/ablation/histograms.csv",
        quantiles="results/probing/{run}/ablation/quantiles.csv",
    log:
        "logs/ablate_units/{run}.log",
    benchmark:
        "results/timings/ablate_units/{run}.jsonl"
    wildcard_constraints:
        run=one_of(ablated_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        seed=CONFIG.seed,
        compared=CONFIG.probing.compared,
        resamples=CONFIG.probing.resamples,
        rows=settings(CONFIG.probing.rows),
        ablation=settings(CONFIG.probing.ablation),
        code=code("ablate_units"),
    message:
        "Ablating the context units of {wildcards.run}"
    script:
        "../scripts/ablate_units.py"


rule draw_probing_ablation:
    input:
        units=expand("results/probing/{run}/ablation/units.csv", run=ablated_runs()),
        summary=expand("results/probing/{run}/ablation/summary.csv", run=ablated_runs()),
        histograms=expand(
            "results/probing/{run}/ablation/histograms.csv", run=ablated_runs()
        ),
        quantiles=expand(
            "results/probing/{run}/ablation/quantiles.csv", run=ablated_runs()
        ),
    output:
        pdf="results/figures/probing-ablation.pdf",
        png=report(
            "results/figures/probing-ablation.png",
            category="Probing",
            caption="../docs/captions/probing-ablation.rst",
            labels={"figure": "context units and their ablation"},
        ),
        csv="results/figures/probing-ablation.csv",
    log:
        "logs/draw_probing_ablation.log",
    benchmark:
        "results/timings/draw_probing_ablation.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=ablated_runs(),
        figures=look(),
        code=code("draw_probing_ablation"),
    message:
        "Drawing the context units and what their ablation costs"
    script:
        "../scripts/draw_probing_ablation.py"
