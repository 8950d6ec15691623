"""Dynamical similarity beside geometric measures: figures, claims, all by one name."""

from chunkscope.networks.settings import ResidualSettings

DYNAMICS_FIGURES = []
DYNAMICS_TABLES = {}
CELLS = dict(CONFIG.dynamics.tasks.cells) if CONFIG.dynamics.tasks else {}
RECURRENT_CELLS = [
    cell for cell, network in CELLS.items() if not isinstance(network, ResidualSettings)
]


if CONFIG.dynamics.attractors:

    include: "dynamics_attractors.smk"


if CONFIG.dynamics.tasks:

    include: "dynamics_tasks.smk"


if runs_with("dynamics"):

    include: "dynamics_networks.smk"


rule judge_dynamics:
    input:
        **DYNAMICS_TABLES,
        distances=expand("results/dynamics/tasks/{cell}/distances.csv", cell=CELLS),
        learning=expand("results/dynamics/tasks/{cell}/learning.csv", cell=CELLS),
        accuracy=expand("results/dynamics/tasks/{cell}/accuracy.csv", cell=CELLS),
        sensitivity=expand("results/dynamics/tasks/{cell}/sensitivity.csv", cell=CELLS),
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
        starts={run: CONFIG.runs[run].start for run in runs_with("dynamics")},
        corpora={run: CONFIG.runs[run].corpus for run in runs_with("dynamics")},
        cells=list(CELLS),
        recurrent=RECURRENT_CELLS,
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
