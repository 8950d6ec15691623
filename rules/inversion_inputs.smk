"""Inputs and what networks make of them: all there are, or a sample, at the points they are read."""


rule enumerate_inputs:
    output:
        inputs="results/corpora/{corpus}/inputs.npz",
    log:
        "logs/enumerate_inputs/{corpus}.log",
    benchmark:
        "results/timings/enumerate_inputs/{corpus}.jsonl"
    priority: 2
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        inputs=settings(CONFIG.inversion.inputs),
        source=lambda wildcards: settings(CONFIG.corpora[wildcards.corpus].source),
        code=code("enumerate_inputs"),
    message:
        "Enumerating the inputs of {wildcards.corpus}"
    script:
        "../scripts/enumerate_inputs.py"


rule check_learning:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        training="results/networks/{run}/training.csv",
        recording=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
    output:
        learning="results/inversion/{run}/learning.csv",
    log:
        "logs/check_learning/{run}.log",
    benchmark:
        "results/timings/check_learning/{run}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
    priority: 2
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("check_learning"),
    message:
        "Checking what {wildcards.run} has learned"
    script:
        "../scripts/check_learning.py"


rule record_inputs:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
    output:
        store="results/inversion/{run}/inputs{at}.zarr.zip",
        timing="results/timings/record_inputs/{run}{at}.json",
    log:
        "logs/record_inputs/{run}{at}.log",
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
    cache: True
    priority: 2
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=int(CONFIG.device == "cuda"),
    params:
        run=lambda wildcards: wildcards.run,
        at=lambda wildcards: wildcards.at,
        device=CONFIG.device,
        config_hash=config_hash,
        points=lambda wildcards: list(inverted_points(wildcards.run)),
        sites=recorded_sites,
        compared=CONFIG.inversion.compared,
        store=settings(CONFIG.store),
        code=code("record_inputs"),
    message:
        "Recording what {wildcards.run}{wildcards.at} makes of every input"
    script:
        "../scripts/record_inputs.py"


rule draw_inversion_learning:
    input:
        learning=expand(
            "results/inversion/{run}/learning.csv", run=runs_with("inversion")
        ),
    output:
        pdf="results/figures/inversion-learning.pdf",
        png=report(
            "results/figures/inversion-learning.png",
            category="InversionView",
            caption="../docs/captions/inversion-learning.rst",
            labels={"figure": "whether networks learn their tasks"},
        ),
        csv="results/figures/inversion-learning.csv",
    log:
        "logs/draw_inversion_learning.log",
    benchmark:
        "results/timings/draw_inversion_learning.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("inversion"),
        learned=settings(CONFIG.inversion.learned),
        figures=look(),
        code=code("draw_inversion_learning"),
    message:
        "Drawing whether networks learn their tasks"
    script:
        "../scripts/draw_inversion_learning.py"
