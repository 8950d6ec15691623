"""Networks: the seeds of a run are trained as one batch, in one job; or a ready one is taken."""

from chunkscope.networks.directories import network_files


rule train_network:
    input:
        training=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/training.npz",
        recording=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
        start=start_of,
    output:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        training="results/networks/{run}/training.csv",
        recall="results/networks/{run}/recall.csv",
        timing="results/networks/{run}/timing.json",
    log:
        "logs/train_network/{run}.log",
    wildcard_constraints:
        run=one_of(trained_runs()),
    cache: True
    priority: 3  # what takes longest, and what it waits for, is begun first
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=int(CONFIG.device == "cuda"),
    params:
        # a cache between workflows knows a job by its params and inputs, not by its wildcards
        run=lambda wildcards: wildcards.run,
        seed=CONFIG.seed,
        device=CONFIG.device,
        network=lambda wildcards: settings(run_of(wildcards).network),
        seeds=lambda wildcards: run_of(wildcards).seeds,
        training=lambda wildcards: settings(run_of(wildcards).training),
        code=code("train_network"),
    message:
        "Training the run {wildcards.run}; follow it with: tail -f {log}"
    script:
        "../scripts/train_network.py"


rule adopt_network:
    input:
        weights=lambda wildcards: network_files(run_of(wildcards).network.path),
        recording=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
    output:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        training="results/networks/{run}/training.csv",
        recall="results/networks/{run}/recall.csv",
        timing="results/networks/{run}/timing.json",
    log:
        "logs/adopt_network/{run}.log",
    wildcard_constraints:
        run=one_of(ready_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        network=lambda wildcards: settings(run_of(wildcards).network),
        code=code("adopt_network"),
    message:
        "Taking the ready network of the run {wildcards.run}"
    script:
        "../scripts/adopt_network.py"
