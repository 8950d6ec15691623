"""Preimages: what members of a ball share, and whether they do what the query does."""


rule patch_balls:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
        learning="results/inversion/{run}/learning.csv",
        store="results/inversion/{run}/inputs.zarr.zip",
    output:
        patches="results/inversion/{run}/{point}/patches.csv",
        radii="results/inversion/{run}/{point}/radii.csv",
    log:
        "logs/patch_balls/{run}/{point}.log",
    benchmark:
        "results/timings/patch_balls/{run}/{point}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
        point=POINTS,
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        sites=lambda wildcards: inverted_points(wildcards.run)[wildcards.point],
        learned=settings(CONFIG.inversion.learned),
        inversion=inversion_settings(),
        donors=settings(CONFIG.inversion.donors),
        code=code("patch_balls"),
    message:
        "Patching {wildcards.run} with members of balls, at the {wildcards.point}"
    script:
        "../scripts/patch_balls.py"


rule search_inputs:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
        learning="results/inversion/{run}/learning.csv",
    output:
        search="results/inversion/{run}/search.csv",
    log:
        "logs/search_inputs/{run}.log",
    benchmark:
        "results/timings/search_inputs/{run}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        sites=lambda wildcards: inverted_points(wildcards.run),
        learned=settings(CONFIG.inversion.learned),
        inversion=inversion_settings(),
        code=code("search_inputs"),
    message:
        "Searching random inputs for the balls of {wildcards.run}"
    script:
        "../scripts/search_inputs.py"


rule measure_retention:
    input:
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
        learning="results/inversion/{run}/learning.csv",
        store="results/inversion/{run}/inputs.zarr.zip",
        untrained_store="results/inversion/{run}/inputs@step0.zarr.zip",
        radii="results/inversion/{run}/{point}/radii.csv",
    output:
        retention="results/inversion/{run}/{point}/retention.csv",
        balls="results/inversion/{run}/{point}/balls.csv",
    log:
        "logs/measure_retention/{run}/{point}.log",
    benchmark:
        "results/timings/measure_retention/{run}/{point}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
        point=POINTS,
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        sites=lambda wildcards: inverted_points(wildcards.run)[wildcards.point],
        learned=settings(CONFIG.inversion.learned),
        inversion=inversion_settings(),
        code=code("measure_retention"),
    message:
        "Reading the preimages of {wildcards.run} at the {wildcards.point}"
    script:
        "../scripts/measure_retention.py"


rule draw_inversion_retention:
    input:
        retention=[
            f"results/inversion/{run}/{point}/retention.csv"
            for run in runs_with("inversion")
            for point in inverted_points(run)
        ],
    output:
        pdf="results/figures/inversion-retention.pdf",
        png=report(
            "results/figures/inversion-retention.png",
            category="InversionView",
            caption="../docs/captions/inversion-retention.rst",
            labels={"figure": "what every site keeps"},
        ),
        csv="results/figures/inversion-retention.csv",
    log:
        "logs/draw_inversion_retention.log",
    benchmark:
        "results/timings/draw_inversion_retention.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=[run for run in runs_with("inversion") for point in inverted_points(run)],
        radius=CONFIG.inversion.radius,
        figures=look(),
        code=code("draw_inversion_retention"),
    message:
        "Drawing what every site keeps"
    script:
        "../scripts/draw_inversion_retention.py"


rule draw_inversion_radii:
    input:
        retention=[
            f"results/inversion/{run}/{point}/retention.csv"
            for run in runs_with("inversion")
            for point in inverted_points(run)
        ],
    output:
        pdf="results/figures/inversion-radii.pdf",
        png=report(
            "results/figures/inversion-radii.png",
            category="InversionView",
            caption="../docs/captions/inversion-radii.rst",
            labels={"figure": "what balls share, by their radius"},
        ),
        csv="results/figures/inversion-radii.csv",
    log:
        "logs/draw_inversion_radii.log",
    benchmark:
        "results/timings/draw_inversion_radii.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=[run for run in runs_with("inversion") for point in inverted_points(run)],
        figures=look(),
        code=code("draw_inversion_radii"),
    message:
        "Drawing what balls share, by their radius"
    script:
        "../scripts/draw_inversion_radii.py"
