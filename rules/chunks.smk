"""Chunks: recurring population states and their sequences, then their scores against the truth.

Extraction never sees the truth; scoring does. The two are rules of their own.
"""


rule extract_chunks:
    input:
        store="results/activations/{run}{at}.zarr.zip",
    output:
        dictionary="results/chunks/{run}{at}/dictionary.npz",
        parse="results/chunks/{run}{at}/parse.npz",
        sweep="results/chunks/{run}{at}/sweep.csv",
        states="results/chunks/{run}{at}/states.csv",
        chunks="results/chunks/{run}{at}/chunks.csv",
        timing="results/chunks/{run}{at}/timing.json",
    log:
        "logs/extract_chunks/{run}{at}.log",
    cache: True
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        # a cache between workflows knows a job by its params and inputs, not by its wildcards
        at=lambda wildcards: wildcards.at,
        seed=CONFIG.seed,
        chunks=settings(CONFIG.chunks),
        code=code("extract_chunks"),
    message:
        "Extracting the chunks of {wildcards.run}{wildcards.at}"
    script:
        "../scripts/extract_chunks.py"


rule score_chunks:
    input:
        store="results/activations/{run}.zarr.zip",
        untrained_store="results/activations/{run}@step0.zarr.zip",
        parse="results/chunks/{run}/parse.npz",
        untrained_parse="results/chunks/{run}@step0/parse.npz",
        sweep="results/chunks/{run}/sweep.csv",
    output:
        scores="results/chunks/{run}/scores.csv",
        summary="results/chunks/{run}/summary.csv",
        decoding="results/chunks/{run}/decoding.csv",
        alignment="results/chunks/{run}/alignment.csv",
    log:
        "logs/score_chunks/{run}.log",
    benchmark:
        "results/timings/score_chunks/{run}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        site=CONFIG.chunks.site,
        code=code("score_chunks"),
    message:
        "Scoring the chunks of {wildcards.run} against the truth"
    script:
        "../scripts/score_chunks.py"


rule judge_chunks:
    input:
        training=expand("results/networks/{run}/training.csv", run=published_run()),
        recall=expand("results/networks/{run}/recall.csv", run=published_run()),
        decoding=expand("results/chunks/{run}/decoding.csv", run=published_run()),
        effects=expand(
            "results/interventions/{run}/effects.csv",
            run=[run for run in published_run() if run in runs_with("interventions")],
        ),
        scores=expand("results/chunks/{run}/scores.csv", run=runs_with("chunks")),
    output:
        report(
            "results/claims/chunks.csv",
            category="Chunks",
            caption="../docs/captions/claims.rst",
            labels={"what": "claims"},
        ),
    log:
        "logs/judge_chunks.log",
    benchmark:
        "results/timings/judge_chunks.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        published=published_run(),
        runs=runs_with("chunks"),
        code=code("judge_chunks"),
    message:
        "Judging the claims about chunks"
    script:
        "../scripts/judge_chunks.py"


rule chunks:
    input:
        CHUNK_FIGURES,
        "results/claims/chunks.csv",
        expand("results/chunks/{run}/summary.csv", run=runs_with("chunks")),
        expand(
            "results/interventions/{run}/specificity.csv",
            run=runs_with("interventions"),
        ),
