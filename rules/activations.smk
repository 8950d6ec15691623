"""Activations: frozen networks read fresh sequences; `@step0` is the untrained network."""


rule record_activations:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        recording=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
    output:
        store="results/activations/{run}{at}.zarr.zip",
        timing="results/timings/record_activations/{run}{at}.json",
    log:
        "logs/record_activations/{run}{at}.log",
    cache: True
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=int(CONFIG.device == "cuda"),
    params:
        # a cache between workflows knows a job by its params and inputs, not by its wildcards
        run=lambda wildcards: wildcards.run,
        at=lambda wildcards: wildcards.at,
        device=CONFIG.device,
        config_hash=config_hash,
        sites=lambda wildcards: run_sites(run_of(wildcards)),
        train_sequences=lambda wildcards: CONFIG.corpora[
            corpus_of(wildcards)
        ].recording.train,
        store=settings(CONFIG.store),
        code=code("record_activations"),
    message:
        "Recording the activations of {wildcards.run}{wildcards.at}"
    script:
        "../scripts/record_activations.py"
