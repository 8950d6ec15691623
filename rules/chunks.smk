"""Chunks: recurring population states and their sequences, then their scores against the truth.

Extraction never sees the truth; scoring does. The two are rules of their own.
"""

# a figure is drawn where there is something to draw
CHUNK_FIGURES = [
    f"results/figures/chunks-{figure}.png"
    for figure, needed in {
        "overview": runs_with("chunks"),
        "recall": runs_with("chunks"),
        "activity": runs_with("chunks"),
        "decoding": runs_with("chunks"),
        "graft": reflection_run() in runs_with("interventions"),
        "matrix": reflection_run() in runs_with("interventions"),
        "dose": reflection_run() in runs_with("interventions"),
        "transfer": networks_of("transfer"),
        "context": networks_of("context"),
        "hierarchy": networks_of("hierarchy"),
        "architectures": experiments(),
        "training": runs_with("chunks"),
        "sweep": runs_with("chunks"),
        "scores": runs_with("chunks"),
        "extractors": runs_with("chunks"),
        "tracing": traced_runs(),
        "matching": matched_runs(),
        "prototypes": runs_with("prototypes"),
        "concepts": runs_with("concepts"),
        "concept-grafts": grafted_runs(),
    }.items()
    if needed
]


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
        chunks=settings(CONFIG.chunks),
        code=code("score_chunks"),
    message:
        "Scoring the chunks of {wildcards.run} against the truth"
    script:
        "../scripts/score_chunks.py"


rule compare_extractors:
    input:
        scores=expand("results/chunks/{run}/scores.csv", run=runs_with("chunks")),
    output:
        extractors="results/chunks/extractors.csv",
    log:
        "logs/compare_extractors.log",
    benchmark:
        "results/timings/compare_extractors.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("chunks"),
        compared=CONFIG.chunks.compared,
        code=code("compare_extractors"),
    message:
        "Comparing the extractors on every run"
    script:
        "../scripts/compare_extractors.py"


rule trace_chunks:
    input:
        store="results/activations/{run}.zarr.zip",
        parses=lambda wildcards: expand(
            "results/chunks/{run}{at}/parse.npz",
            run=wildcards.run,
            at=[*checkpoints_of(wildcards), ""],
        ),
    output:
        measures="results/chunks/{run}/tracing/measures.csv",
        words="results/chunks/{run}/tracing/words.csv",
        appearance="results/chunks/{run}/tracing/appearance.csv",
    log:
        "logs/trace_chunks/{run}.log",
    benchmark:
        "results/timings/trace_chunks/{run}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        steps=lambda wildcards: [
            *run_of(wildcards).training.checkpoints,
            run_of(wildcards).training.steps,
        ],
        members=lambda wildcards: compared_members(wildcards),
        code=code("trace_chunks"),
    message:
        "Following the dictionary of {wildcards.run} through training"
    script:
        "../scripts/trace_chunks.py"


rule match_chunks:
    input:
        store="results/activations/{run}.zarr.zip",
        parse="results/chunks/{run}/parse.npz",
        untrained_parse="results/chunks/{run}@step0/parse.npz",
    output:
        pairs="results/chunks/{run}/matching/pairs.csv",
        summary="results/chunks/{run}/matching/summary.csv",
    log:
        "logs/match_chunks/{run}.log",
    benchmark:
        "results/timings/match_chunks/{run}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        seed=CONFIG.seed,
        code=code("match_chunks"),
    message:
        "Matching the dictionaries of {wildcards.run} across seeds"
    script:
        "../scripts/match_chunks.py"


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
        transfer=expand(
            "results/experiments/transfer/{network}/outcomes.csv",
            network=published_networks("transfer"),
        ),
        context_measures=experiment_tables("context", "{network}/measures"),
        context_parents=experiment_tables("context", "{network}/parents"),
        hierarchy=experiment_tables("hierarchy", "{network}/{version}/correlations"),
        detection=expand(
            "results/concepts/{run}/detection.csv", run=runs_with("concepts")
        ),
        grafts=expand("results/concepts/{run}/grafts.csv", run=grafted_runs()),
        association=expand(
            "results/prototypes/{run}/association.csv", run=runs_with("prototypes")
        ),
        labels=expand(
            "results/prototypes/{run}/labels.csv", run=runs_with("prototypes")
        ),
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
        chunks=runs_with("chunks"),
        concepts=runs_with("concepts"),
        grafted=grafted_runs(),
        prototypes=runs_with("prototypes"),
        context=networks_of("context"),
        published_context=published_networks("context"),
        hierarchy=networks_of("hierarchy"),
        published_hierarchy=published_networks("hierarchy"),
        code=code("judge_chunks"),
    message:
        "Judging the claims about chunks"
    script:
        "../scripts/judge_chunks.py"


rule draw_chunks_architectures:
    input:
        effects=expand(
            "results/interventions/{run}/effects.csv",
            run=[
                run for run in reflection_runs() if run in runs_with("interventions")
            ],
        ),
        decoding=expand("results/chunks/{run}/decoding.csv", run=reflection_runs()),
        transfer=experiment_tables("transfer", "{network}/summary"),
        context=experiment_tables("context", "{network}/summary"),
        hierarchy=experiment_tables("hierarchy", "{network}/{version}/correlations"),
    output:
        pdf="results/figures/chunks-architectures.pdf",
        png=report(
            "results/figures/chunks-architectures.png",
            category="Chunks",
            caption="../docs/captions/chunks-architectures.rst",
            labels={"figure": "every network beside one another"},
        ),
        csv="results/figures/chunks-architectures.csv",
    log:
        "logs/draw_chunks_architectures.log",
    benchmark:
        "results/timings/draw_chunks_architectures.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        networks=compared_networks(),
        published=repeating_networks(),
        figures=look(),
        code=code("draw_chunks_architectures"),
    message:
        "Drawing the experiments on every network beside one another"
    script:
        "../scripts/draw_chunks_architectures.py"


rule chunks:
    input:
        CHUNK_FIGURES,
        "results/claims/chunks.csv",
        "results/chunks/extractors.csv" if runs_with("chunks") else [],
        expand("results/chunks/{run}/summary.csv", run=runs_with("chunks")),
        expand(
            "results/interventions/{run}/specificity.csv",
            run=runs_with("interventions"),
        ),


# the chunk papers' four experiments alone: the run that repeats reflection, and those with networks
# of their own
rule experiments:
    input:
        expand(
            "results/figures/chunks-{experiment}.png",
            experiment=[
                name
                for name in ("transfer", "context", "hierarchy")
                if networks_of(name)
            ],
        ),
        expand("results/networks/{run}/recall.csv", run=published_run()),
        expand("results/chunks/{run}/decoding.csv", run=published_run()),
        expand(
            "results/interventions/{run}/matrix.csv",
            run=[run for run in published_run() if run in runs_with("interventions")],
        ),
