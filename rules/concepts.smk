"""Concepts: words found by population averaging beside other detectors, and grafted into text."""


rule detect_concepts:
    input:
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
    output:
        detection="results/concepts/{run}/detection.csv",
        summary="results/concepts/{run}/summary.csv",
        prototypes="results/concepts/{run}/prototypes.npz",
    log:
        "logs/detect_concepts/{run}.log",
    benchmark:
        "results/timings/detect_concepts/{run}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        concepts=settings(CONFIG.concepts),
        code=code("detect_concepts"),
    message:
        "Finding the concepts of {wildcards.run}"
    script:
        "../scripts/detect_concepts.py"


rule graft_concepts:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        corpus=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
        store="results/activations/{run}.zarr.zip",
        prototypes="results/concepts/{run}/prototypes.npz",
    output:
        grafts="results/concepts/{run}/grafts.csv",
        summary="results/concepts/{run}/grafts_summary.csv",
    log:
        "logs/graft_concepts/{run}.log",
    benchmark:
        "results/timings/graft_concepts/{run}.jsonl"
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
        concepts=settings(CONFIG.concepts),
        code=code("graft_concepts"),
    message:
        "Grafting the concepts of {wildcards.run} into its networks"
    script:
        "../scripts/graft_concepts.py"


rule draw_chunks_concepts:
    input:
        expand("results/concepts/{run}/summary.csv", run=runs_with("concepts")),
    output:
        pdf="results/figures/chunks-concepts.pdf",
        png=report(
            "results/figures/chunks-concepts.png",
            category="Chunks",
            caption="../docs/captions/chunks-concepts.rst",
            labels={"figure": "words found in activity"},
        ),
        csv="results/figures/chunks-concepts.csv",
    log:
        "logs/draw_chunks_concepts.log",
    benchmark:
        "results/timings/draw_chunks_concepts.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("concepts"),
        figures=look(),
        code=code("draw_chunks_concepts"),
    message:
        "Drawing which detectors find words"
    script:
        "../scripts/draw_chunks_concepts.py"


rule draw_chunks_concept_grafts:
    input:
        grafts=expand("results/concepts/{run}/grafts.csv", run=grafted_runs()),
        summary=expand("results/concepts/{run}/grafts_summary.csv", run=grafted_runs()),
    output:
        pdf="results/figures/chunks-concept-grafts.pdf",
        png=report(
            "results/figures/chunks-concept-grafts.png",
            category="Chunks",
            caption="../docs/captions/chunks-concept-grafts.rst",
            labels={"figure": "words said after a graft"},
        ),
        csv="results/figures/chunks-concept-grafts.csv",
    log:
        "logs/draw_chunks_concept_grafts.log",
    benchmark:
        "results/timings/draw_chunks_concept_grafts.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=grafted_runs(),
        figures=look(),
        code=code("draw_chunks_concept_grafts"),
    message:
        "Drawing which words are said after a graft"
    script:
        "../scripts/draw_chunks_concept_grafts.py"
