"""Networks: the seeds of a run are trained as one batch, in one job."""


rule train_network:
    input:
        training=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/training.npz",
        recording=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
    output:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        training="results/networks/{run}/training.csv",
        recall="results/networks/{run}/recall.csv",
        timing="results/networks/{run}/timing.json",
    log:
        "logs/train_network/{run}.log",
    cache: True
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=int(CONFIG.device == "cuda"),
    params:
        seed=CONFIG.seed,
        device=CONFIG.device,
        network=lambda wildcards: settings(known_run(wildcards).network),
        seeds=lambda wildcards: known_run(wildcards).seeds,
        training=lambda wildcards: settings(known_run(wildcards).training),
        code=code("train_network"),
    message:
        "Training the run {wildcards.run}; follow it with: tail -f {log}"
    script:
        "../scripts/train_network.py"
