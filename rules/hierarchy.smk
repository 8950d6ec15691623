"""Hierarchy: networks on words composed of words, at several levels of composition.

In `published` the filler's share of the symbols falls with the level; in `balanced` no symbol's
frequency changes.
"""

HIERARCHY = CONFIG.experiments.hierarchy
# the paper's network, or the first if none repeats it
DRAWN = [*published_networks("hierarchy"), *HIERARCHY.networks][0]


rule train_hierarchy:
    output:
        config="results/experiments/hierarchy/{network}/{version}/config.json",
        model="results/experiments/hierarchy/{network}/{version}/model.safetensors",
        training="results/experiments/hierarchy/{network}/{version}/training.csv",
    log:
        "logs/train_hierarchy/{network}/{version}.log",
    benchmark:
        "results/timings/train_hierarchy/{network}/{version}.jsonl"
    wildcard_constraints:
        network="|".join(map(re.escape, HIERARCHY.networks)),
        version="published|balanced",
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
        # what is measured of a network trains none
        settings=experiment_settings(
            "hierarchy", without=["measured", "symbolic", "window", "resamples"]
        ),
        code=code("train_hierarchy"),
    message:
        "Training {wildcards.network} on {wildcards.version} hierarchies; follow it with: tail -f {log}"
    script:
        "../scripts/train_hierarchy.py"


rule measure_hierarchy:
    input:
        config="results/experiments/hierarchy/{network}/{version}/config.json",
        model="results/experiments/hierarchy/{network}/{version}/model.safetensors",
    output:
        measures="results/experiments/hierarchy/{network}/{version}/measures.csv",
        variants="results/experiments/hierarchy/{network}/{version}/variants.csv",
        correlations="results/experiments/hierarchy/{network}/{version}/correlations.csv",
    log:
        "logs/measure_hierarchy/{network}/{version}.log",
    benchmark:
        "results/timings/measure_hierarchy/{network}/{version}.jsonl"
    wildcard_constraints:
        network="|".join(map(re.escape, HIERARCHY.networks)),
        version="published|balanced",
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        settings=experiment_settings("hierarchy"),
        code=code("measure_hierarchy"),
    message:
        "Counting the states of {wildcards.network} on {wildcards.version} hierarchies"
    script:
        "../scripts/measure_hierarchy.py"


rule draw_chunks_hierarchy:
    input:
        measures=expand(
            "results/experiments/hierarchy/{network}/{version}/measures.csv",
            network=DRAWN,
            version=["published", "balanced"],
        ),
        correlations=experiment_tables("hierarchy", "{network}/{version}/correlations"),
    output:
        pdf="results/figures/chunks-hierarchy.pdf",
        png=report(
            "results/figures/chunks-hierarchy.png",
            category="Chunks",
            caption="../docs/captions/chunks-hierarchy.rst",
            labels={"figure": "hierarchy"},
        ),
        csv="results/figures/chunks-hierarchy.csv",
    log:
        "logs/draw_chunks_hierarchy.log",
    benchmark:
        "results/timings/draw_chunks_hierarchy.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        networks=list(HIERARCHY.networks),
        drawn=DRAWN,
        repeats_paper=HIERARCHY.repeats_paper(DRAWN),
        figures=look(),
        code=code("draw_chunks_hierarchy"),
    message:
        "Drawing states and parses against the level of hierarchy"
    script:
        "../scripts/draw_chunks_hierarchy.py"
