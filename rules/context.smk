"""Context dependence: counts of states, and the word of a shared part asked for directly."""

CONTEXT = CONFIG.experiments.context


rule run_context:
    output:
        measures="results/experiments/context/{network}/measures.csv",
        parents="results/experiments/context/{network}/parents.csv",
        training="results/experiments/context/{network}/training.csv",
        summary="results/experiments/context/{network}/summary.csv",
    log:
        "logs/run_context/{network}.log",
    benchmark:
        "results/timings/run_context/{network}.jsonl"
    wildcard_constraints:
        network="|".join(map(re.escape, CONTEXT.networks)),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        network=lambda wildcards: wildcards.network,
        context=experiment_settings("context"),
        code=code("run_context"),
    message:
        "Context dependence of {wildcards.network}; follow it with: tail -f {log}"
    script:
        "../scripts/run_context.py"


rule draw_chunks_context:
    input:
        measures=experiment_tables("context", "{network}/measures"),
        training=experiment_tables("context", "{network}/training"),
        summary=experiment_tables("context", "{network}/summary"),
    output:
        pdf="results/figures/chunks-context.pdf",
        png=report(
            "results/figures/chunks-context.png",
            category="Chunks",
            caption="../docs/captions/chunks-context.rst",
            labels={"figure": "context dependence"},
        ),
        csv="results/figures/chunks-context.csv",
    log:
        "logs/draw_chunks_context.log",
    benchmark:
        "results/timings/draw_chunks_context.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        networks=list(CONTEXT.networks),
        published=published_networks("context"),
        figures=look(),
        code=code("draw_chunks_context"),
    message:
        "Drawing context dependence"
    script:
        "../scripts/draw_chunks_context.py"
