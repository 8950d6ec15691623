"""Units to look at in the report: what they do, what is said of them, their scores."""


rule show_units:
    input:
        store="results/activations/{run}.zarr.zip",
        scores="results/neurons/{run}/scores.csv",
        units="results/neurons/{run}/units.csv",
        labels="results/neurons/{run}/labels.csv",
        explanations="results/neurons/{run}/explanations.jsonl.gz",
    output:
        "results/neurons/{run}/shown.json",
    log:
        "logs/show_units/{run}.log",
    benchmark:
        "results/timings/show_units/{run}.jsonl"
    wildcard_constraints:
        run=one_of(NEURON_RUNS),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        seed=CONFIG.seed,
        neurons=CONFIG.neurons.model_dump(mode="json", exclude={"steering"}),
        code=code("show_units"),
    message:
        "Choosing units of {wildcards.run} to look at"
    script:
        "../scripts/show_units.py"
