"""Figures of the chunks study of configured runs, each with the numbers that it shows beside it as CSV."""


rule draw_chunks_overview:
    input:
        store=f"results/activations/{overview_run()}.zarr.zip",
        parse=f"results/chunks/{overview_run()}/parse.npz",
        alignment=f"results/chunks/{overview_run()}/alignment.csv",
        interventions=(
            [
                f"results/interventions/{overview_run()}/effects.csv",
                f"results/interventions/{overview_run()}/distributions.csv",
            ]
            if overview_run() in runs_with("interventions")
            else []
        ),
    output:
        pdf="results/figures/chunks-overview.pdf",
        png=report(
            "results/figures/chunks-overview.png",
            category="Chunks",
            caption="../docs/captions/chunks-overview.rst",
            labels={"figure": "from activity to chunks and back"},
        ),
        csv="results/figures/chunks-overview.csv",
    log:
        "logs/draw_chunks_overview.log",
    benchmark:
        "results/timings/draw_chunks_overview.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=overview_run(),
        site=CONFIG.chunks.site,
        figures=look(),
        code=code("draw_chunks_overview"),
    message:
        "Drawing page one"
    script:
        "../scripts/draw_chunks_overview.py"


rule draw_chunks_recall:
    input:
        recall=expand("results/networks/{run}/recall.csv", run=runs_with("chunks")),
    output:
        pdf="results/figures/chunks-recall.pdf",
        png=report(
            "results/figures/chunks-recall.png",
            category="Chunks",
            caption="../docs/captions/chunks-recall.rst",
            labels={"figure": "cued recall"},
        ),
        csv="results/figures/chunks-recall.csv",
    log:
        "logs/draw_chunks_recall.log",
    benchmark:
        "results/timings/draw_chunks_recall.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("chunks"),
        figures=look(),
        code=code("draw_chunks_recall"),
    message:
        "Drawing cued recall"
    script:
        "../scripts/draw_chunks_recall.py"


rule draw_chunks_activity:
    input:
        store=f"results/activations/{reflection_run()}.zarr.zip",
        parse=f"results/chunks/{reflection_run()}/parse.npz",
    output:
        pdf="results/figures/chunks-activity.pdf",
        png=report(
            "results/figures/chunks-activity.png",
            category="Chunks",
            caption="../docs/captions/chunks-activity.rst",
            labels={"figure": "activity and chunks"},
        ),
        csv="results/figures/chunks-activity.csv",
    log:
        "logs/draw_chunks_activity.log",
    benchmark:
        "results/timings/draw_chunks_activity.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=reflection_run(),
        site=CONFIG.chunks.site,
        figures=look("steps"),
        code=code("draw_chunks_activity"),
    message:
        "Drawing activity and chunks"
    script:
        "../scripts/draw_chunks_activity.py"


rule draw_chunks_decoding:
    input:
        store=f"results/activations/{reflection_run()}.zarr.zip",
        parse=f"results/chunks/{reflection_run()}/parse.npz",
        decoding=f"results/chunks/{reflection_run()}/decoding.csv",
    output:
        pdf="results/figures/chunks-decoding.pdf",
        png=report(
            "results/figures/chunks-decoding.png",
            category="Chunks",
            caption="../docs/captions/chunks-decoding.rst",
            labels={"figure": "decoding by look-up"},
        ),
        csv="results/figures/chunks-decoding.csv",
    log:
        "logs/draw_chunks_decoding.log",
    benchmark:
        "results/timings/draw_chunks_decoding.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        run=reflection_run(),
        site=CONFIG.chunks.site,
        figures=look("steps"),
        code=code("draw_chunks_decoding"),
    message:
        "Drawing decoding by look-up"
    script:
        "../scripts/draw_chunks_decoding.py"


rule draw_chunks_graft:
    input:
        effects=f"results/interventions/{reflection_run()}/effects.csv",
        distributions=f"results/interventions/{reflection_run()}/distributions.csv",
        alignment=f"results/chunks/{reflection_run()}/alignment.csv",
    output:
        pdf="results/figures/chunks-graft.pdf",
        png=report(
            "results/figures/chunks-graft.png",
            category="Chunks",
            caption="../docs/captions/chunks-graft.rst",
            labels={"figure": "grafts and their controls"},
        ),
        csv="results/figures/chunks-graft.csv",
    log:
        "logs/draw_chunks_graft.log",
    benchmark:
        "results/timings/draw_chunks_graft.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        run=reflection_run(),
        figures=look(),
        code=code("draw_chunks_graft"),
    message:
        "Drawing grafts and their controls"
    script:
        "../scripts/draw_chunks_graft.py"


rule draw_chunks_matrix:
    input:
        matrix=f"results/interventions/{reflection_run()}/matrix.csv",
    output:
        pdf="results/figures/chunks-matrix.pdf",
        png=report(
            "results/figures/chunks-matrix.png",
            category="Chunks",
            caption="../docs/captions/chunks-matrix.rst",
            labels={"figure": "donor by input"},
        ),
        csv="results/figures/chunks-matrix.csv",
    log:
        "logs/draw_chunks_matrix.log",
    benchmark:
        "results/timings/draw_chunks_matrix.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        run=reflection_run(),
        figures=look(),
        code=code("draw_chunks_matrix"),
    message:
        "Drawing the graft matrix"
    script:
        "../scripts/draw_chunks_matrix.py"


rule draw_chunks_dose:
    input:
        effects=f"results/interventions/{reflection_run()}/effects.csv",
        units=f"results/interventions/{reflection_run()}/units.csv",
    output:
        pdf="results/figures/chunks-dose.pdf",
        png=report(
            "results/figures/chunks-dose.png",
            category="Chunks",
            caption="../docs/captions/chunks-dose.rst",
            labels={"figure": "effect against strength"},
        ),
        csv="results/figures/chunks-dose.csv",
    log:
        "logs/draw_chunks_dose.log",
    benchmark:
        "results/timings/draw_chunks_dose.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        run=reflection_run(),
        figures=look(),
        code=code("draw_chunks_dose"),
    message:
        "Drawing the effect against the strength of an intervention"
    script:
        "../scripts/draw_chunks_dose.py"


rule draw_chunks_training:
    input:
        training=expand("results/networks/{run}/training.csv", run=runs_with("chunks")),
    output:
        pdf="results/figures/chunks-training.pdf",
        png=report(
            "results/figures/chunks-training.png",
            category="Chunks",
            caption="../docs/captions/chunks-training.rst",
            labels={"figure": "learning curves"},
        ),
        csv="results/figures/chunks-training.csv",
    log:
        "logs/draw_chunks_training.log",
    benchmark:
        "results/timings/draw_chunks_training.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("chunks"),
        figures=look(),
        code=code("draw_chunks_training"),
    message:
        "Drawing learning curves"
    script:
        "../scripts/draw_chunks_training.py"


rule draw_chunks_sweep:
    input:
        sweep=expand("results/chunks/{run}/sweep.csv", run=runs_with("chunks")),
    output:
        pdf="results/figures/chunks-sweep.pdf",
        png=report(
            "results/figures/chunks-sweep.png",
            category="Chunks",
            caption="../docs/captions/chunks-sweep.rst",
            labels={"figure": "choice of the states"},
        ),
        csv="results/figures/chunks-sweep.csv",
    log:
        "logs/draw_chunks_sweep.log",
    benchmark:
        "results/timings/draw_chunks_sweep.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("chunks"),
        figures=look(),
        code=code("draw_chunks_sweep"),
    message:
        "Drawing the choice of the states"
    script:
        "../scripts/draw_chunks_sweep.py"


rule draw_chunks_scores:
    input:
        summary=expand("results/chunks/{run}/summary.csv", run=runs_with("chunks")),
    output:
        pdf="results/figures/chunks-scores.pdf",
        png=report(
            "results/figures/chunks-scores.png",
            category="Chunks",
            caption="../docs/captions/chunks-scores.rst",
            labels={"figure": "scores against the truth"},
        ),
        csv="results/figures/chunks-scores.csv",
    log:
        "logs/draw_chunks_scores.log",
    benchmark:
        "results/timings/draw_chunks_scores.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("chunks"),
        figures=look(),
        code=code("draw_chunks_scores"),
    message:
        "Drawing the scores of every reading"
    script:
        "../scripts/draw_chunks_scores.py"


rule draw_chunks_tracing:
    input:
        measures=expand("results/chunks/{run}/tracing/measures.csv", run=traced_runs()),
        words=expand("results/chunks/{run}/tracing/words.csv", run=traced_runs()),
        training=expand("results/networks/{run}/training.csv", run=traced_runs()),
    output:
        pdf="results/figures/chunks-tracing.pdf",
        png=report(
            "results/figures/chunks-tracing.png",
            category="Chunks",
            caption="../docs/captions/chunks-tracing.rst",
            labels={"figure": "the dictionary through training"},
        ),
        csv="results/figures/chunks-tracing.csv",
    log:
        "logs/draw_chunks_tracing.log",
    benchmark:
        "results/timings/draw_chunks_tracing.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=traced_runs(),
        figures=look(),
        code=code("draw_chunks_tracing"),
    message:
        "Drawing the dictionary through training"
    script:
        "../scripts/draw_chunks_tracing.py"


rule draw_chunks_matching:
    input:
        summaries=expand(
            "results/chunks/{run}/matching/summary.csv", run=matched_runs()
        ),
    output:
        pdf="results/figures/chunks-matching.pdf",
        png=report(
            "results/figures/chunks-matching.png",
            category="Chunks",
            caption="../docs/captions/chunks-matching.rst",
            labels={"figure": "the same dictionary in other seeds"},
        ),
        csv="results/figures/chunks-matching.csv",
    log:
        "logs/draw_chunks_matching.log",
    benchmark:
        "results/timings/draw_chunks_matching.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=matched_runs(),
        figures=look(),
        code=code("draw_chunks_matching"),
    message:
        "Drawing how dictionaries match across seeds"
    script:
        "../scripts/draw_chunks_matching.py"


rule draw_chunks_extractors:
    input:
        extractors="results/chunks/extractors.csv",
    output:
        pdf="results/figures/chunks-extractors.pdf",
        png=report(
            "results/figures/chunks-extractors.png",
            category="Chunks",
            caption="../docs/captions/chunks-extractors.rst",
            labels={"figure": "all extractors"},
        ),
        csv="results/figures/chunks-extractors.csv",
    log:
        "logs/draw_chunks_extractors.log",
    benchmark:
        "results/timings/draw_chunks_extractors.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        figures=look(),
        code=code("draw_chunks_extractors"),
    message:
        "Drawing all extractors beside one another"
    script:
        "../scripts/draw_chunks_extractors.py"
