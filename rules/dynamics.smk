"""Dynamical similarity beside geometric measures: figures, claims, all by one name."""

DYNAMICS_FIGURES = []
DYNAMICS_TABLES = {}


if CONFIG.dynamics.attractors:

    include: "dynamics_attractors.smk"


rule judge_dynamics:
    input:
        **DYNAMICS_TABLES,
    output:
        report(
            "results/claims/dynamics.csv",
            category="Dynamics",
            caption="../docs/captions/claims.rst",
            labels={"what": "claims"},
        ),
    log:
        "logs/judge_dynamics.log",
    benchmark:
        "results/timings/judge_dynamics.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("judge_dynamics"),
    message:
        "Judging the claims about dynamics"
    script:
        "../scripts/judge_dynamics.py"


rule dynamics:
    input:
        DYNAMICS_FIGURES,
        "results/claims/dynamics.csv",


localrules:
    dynamics,
