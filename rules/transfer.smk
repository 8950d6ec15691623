"""Induced compositionality: learning a longer word with a grafted state."""

TRANSFER = CONFIG.experiments.transfer


rule transfer_network:
    output:
        trials="results/experiments/transfer/{network}/trials.csv",
        outcomes="results/experiments/transfer/{network}/outcomes.csv",
        summary="results/experiments/transfer/{network}/summary.csv",
    log:
        "logs/transfer_network/{network}.log",
    benchmark:
        "results/timings/transfer_network/{network}.jsonl"
    wildcard_constraints:
        network="|".join(map(re.escape, TRANSFER.networks)),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        transfer=experiment_settings("transfer"),
        code=code("transfer_network"),
    message:
        "Moving {wildcards.network} to the transfer corpus, with and without grafts"
    script:
        "../scripts/transfer_network.py"


rule draw_chunks_transfer:
    input:
        trials=experiment_tables("transfer", "{network}/trials"),
        outcomes=experiment_tables("transfer", "{network}/outcomes"),
        summary=experiment_tables("transfer", "{network}/summary"),
    output:
        pdf="results/figures/chunks-transfer.pdf",
        png=report(
            "results/figures/chunks-transfer.png",
            category="Chunks",
            caption="../docs/captions/chunks-transfer.rst",
            labels={"figure": "induced compositionality"},
        ),
        csv="results/figures/chunks-transfer.csv",
    log:
        "logs/draw_chunks_transfer.log",
    benchmark:
        "results/timings/draw_chunks_transfer.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        transfer=settings(TRANSFER),
        figures=look(),
        code=code("draw_chunks_transfer"),
    message:
        "Drawing learning with a grafted state"
    script:
        "../scripts/draw_chunks_transfer.py"
