"""What probes can be trusted to find: planted supports, superposition, and its fingerprint."""


rule compare_rankings:
    output:
        "results/probing/rankings.csv",
    log:
        "logs/compare_rankings.log",
    benchmark:
        "results/timings/compare_rankings.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        planted=settings(CONFIG.probing.planted),
        code=code("compare_rankings"),
    message:
        "Comparing rankings on planted supports"
    script:
        "../scripts/compare_rankings.py"


rule study_superposition:
    output:
        circle="results/probing/superposition/circle.csv",
        crowd="results/probing/superposition/crowd.csv",
        codes="results/probing/superposition/codes.csv",
        models="results/probing/superposition/models.csv",
        toy="results/probing/superposition/toy.csv",
    log:
        "logs/study_superposition.log",
    benchmark:
        "results/timings/study_superposition.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        superposition=settings(CONFIG.probing.superposition),
        code=code("study_superposition"),
    message:
        "Studying superposition"
    script:
        "../scripts/study_superposition.py"


rule measure_fingerprint:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
    output:
        "results/probing/{run}/fingerprint.csv",
    log:
        "logs/measure_fingerprint/{run}.log",
    benchmark:
        "results/timings/measure_fingerprint/{run}.jsonl"
    wildcard_constraints:
        run=one_of(fingerprinted_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=CONFIG.seed,
        code=code("measure_fingerprint"),
    message:
        "Measuring the fingerprint of superposition in {wildcards.run}"
    script:
        "../scripts/measure_fingerprint.py"


rule draw_probing_rankings:
    input:
        "results/probing/rankings.csv",
    output:
        pdf="results/figures/probing-rankings.pdf",
        png=report(
            "results/figures/probing-rankings.png",
            category="Probing",
            caption="../docs/captions/probing-rankings.rst",
            labels={"figure": "rankings on planted supports"},
        ),
        csv="results/figures/probing-rankings.csv",
    log:
        "logs/draw_probing_rankings.log",
    benchmark:
        "results/timings/draw_probing_rankings.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        figures=look(),
        code=code("draw_probing_rankings"),
    message:
        "Drawing the comparison of rankings"
    script:
        "../scripts/draw_probing_rankings.py"


rule draw_probing_superposition:
    input:
        circle="results/probing/superposition/circle.csv",
        crowd="results/probing/superposition/crowd.csv",
        codes="results/probing/superposition/codes.csv",
        models="results/probing/superposition/models.csv",
        toy="results/probing/superposition/toy.csv",
        fingerprints=expand(
            "results/probing/{run}/fingerprint.csv", run=fingerprinted_runs()
        ),
    output:
        pdf="results/figures/probing-superposition.pdf",
        png=report(
            "results/figures/probing-superposition.png",
            category="Probing",
            caption="../docs/captions/probing-superposition.rst",
            labels={"figure": "superposition"},
        ),
        csv="results/figures/probing-superposition.csv",
    log:
        "logs/draw_probing_superposition.log",
    benchmark:
        "results/timings/draw_probing_superposition.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=fingerprinted_runs(),
        figures=look(),
        code=code("draw_probing_superposition"),
    message:
        "Drawing superposition"
    script:
        "../scripts/draw_probing_superposition.py"
