"""Compounds: pairs of symbols that mean something only together, and the units that tell them."""


rule probe_compounds:
    input:
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
    output:
        features="results/probing/{run}/compounds/features.csv",
        scores="results/probing/{run}/compounds/scores.csv",
        summary="results/probing/{run}/compounds/summary.csv",
        units="results/probing/{run}/compounds/units.csv",
        everywhere="results/probing/{run}/compounds/everywhere.csv",
        stimuli="results/probing/{run}/compounds/stimuli.csv",
        responses="results/probing/{run}/compounds/responses.csv",
    log:
        "logs/probe_compounds/{run}.log",
    benchmark:
        "results/timings/probe_compounds/{run}.jsonl"
    wildcard_constraints:
        run=one_of(compound_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        seed=CONFIG.seed,
        probing=probe_settings(),
        source=lambda wildcards: settings(CONFIG.corpora[corpus_of(wildcards)].source),
        code=code("probe_compounds"),
    message:
        "Probing the compounds of {wildcards.run}"
    script:
        "../scripts/probe_compounds.py"


rule draw_probing_compounds:
    input:
        scores=expand("results/probing/{run}/compounds/scores.csv", run=compound_runs()),
        everywhere=expand(
            "results/probing/{run}/compounds/everywhere.csv", run=compound_runs()
        ),
        stimuli=expand(
            "results/probing/{run}/compounds/stimuli.csv", run=compound_runs()
        ),
        responses=expand(
            "results/probing/{run}/compounds/responses.csv", run=compound_runs()
        ),
    output:
        pdf="results/figures/probing-compounds.pdf",
        png=report(
            "results/figures/probing-compounds.png",
            category="Probing",
            caption="../docs/captions/probing-compounds.rst",
            labels={"figure": "units that tell compounds"},
        ),
        csv="results/figures/probing-compounds.csv",
    log:
        "logs/draw_probing_compounds.log",
    benchmark:
        "results/timings/draw_probing_compounds.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=compound_runs(),
        figures=look(),
        code=code("draw_probing_compounds"),
    message:
        "Drawing the units that tell compounds"
    script:
        "../scripts/draw_probing_compounds.py"
