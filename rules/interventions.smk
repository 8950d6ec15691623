"""Interventions: what a chunk's prototype does when it is put into a running network."""


rule intervene_network:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        store="results/activations/{run}.zarr.zip",
        parse="results/chunks/{run}/parse.npz",
    output:
        effects="results/interventions/{run}/effects.csv",
        distributions="results/interventions/{run}/distributions.csv",
        matrix="results/interventions/{run}/matrix.csv",
        units="results/interventions/{run}/units.csv",
        specificity="results/interventions/{run}/specificity.csv",
    log:
        "logs/intervene_network/{run}.log",
    benchmark:
        "results/timings/intervene_network/{run}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=int(CONFIG.device == "cuda"),
    params:
        seed=CONFIG.seed,
        device=CONFIG.device,
        site=CONFIG.chunks.site,
        constrained=CONFIG.chunks.density.constrained,
        interventions=settings(CONFIG.interventions),
        code=code("intervene_network"),
    message:
        "Grafting the chunks of {wildcards.run} into its networks"
    script:
        "../scripts/intervene_network.py"
