"""Networks that learn a composed task after none, some or all of its parts."""

from chunkscope.dynamics.tasks.groups import GROUPS

DYNAMICS_FIGURES += [
    f"results/figures/dynamics-{name}.png" for name in ("groups", "learning")
]
TASK_GROUPS = [group.name for group in GROUPS]


wildcard_constraints:
    cell=one_of(CONFIG.dynamics.tasks.cells),


rule train_tasks:
    output:
        expand(
            "results/dynamics/tasks/{cell}/{group}/{file}",
            group=TASK_GROUPS,
            file=["config.json", "model.safetensors", "checkpoints.safetensors"],
            allow_missing=True,
        ),
        learning="results/dynamics/tasks/{cell}/learning.csv",
        timing="results/timings/train_tasks/{cell}.json",
    log:
        "logs/train_tasks/{cell}.log",
    priority: 3
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        cell=lambda wildcards: wildcards.cell,
        seed=CONFIG.seed,
        tasks=task_settings,
        code=code("train_tasks"),
    message:
        "Training {wildcards.cell} on a composed task; follow it with: tail -f {log}"
    script:
        "../scripts/train_tasks.py"


rule record_tasks:
    input:
        expand(
            "results/dynamics/tasks/{cell}/{group}/{file}",
            group=TASK_GROUPS,
            file=["config.json", "model.safetensors", "checkpoints.safetensors"],
            allow_missing=True,
        ),
    output:
        expand(
            "results/dynamics/tasks/{cell}/{group}@{share}.zarr.zip",
            group=TASK_GROUPS,
            share=CONFIG.dynamics.tasks.shares,
            allow_missing=True,
        ),
        accuracy="results/dynamics/tasks/{cell}/accuracy.csv",
        timing="results/timings/record_tasks/{cell}.json",
    log:
        "logs/record_tasks/{cell}.log",
    priority: 2
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        groups=TASK_GROUPS,
        tasks=task_settings,
        store=settings(CONFIG.store),
        code=code("record_tasks"),
    message:
        "Recording {wildcards.cell} in the composed task"
    script:
        "../scripts/record_tasks.py"


rule compare_tasks:
    input:
        stores=expand(
            "results/dynamics/tasks/{cell}/{group}@{share}.zarr.zip",
            group=TASK_GROUPS,
            share=CONFIG.dynamics.tasks.shares,
            allow_missing=True,
        ),
        learning="results/dynamics/tasks/{cell}/learning.csv",
    output:
        distances="results/dynamics/tasks/{cell}/distances.csv",
        sensitivity="results/dynamics/tasks/{cell}/sensitivity.csv",
    log:
        "logs/compare_tasks/{cell}.log",
    benchmark:
        "results/timings/compare_tasks/{cell}.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        cell=lambda wildcards: wildcards.cell,
        seed=CONFIG.seed,
        groups=TASK_GROUPS,
        shares=list(CONFIG.dynamics.tasks.shares),
        tasks=task_settings,
        code=code("compare_tasks"),
    message:
        "Comparing the groups of {wildcards.cell}"
    script:
        "../scripts/compare_tasks.py"


rule draw_dynamics_groups:
    input:
        distances=expand("results/dynamics/tasks/{cell}/distances.csv", cell=CELLS),
        learning=expand("results/dynamics/tasks/{cell}/learning.csv", cell=CELLS),
        accuracy=expand("results/dynamics/tasks/{cell}/accuracy.csv", cell=CELLS),
        sensitivity=expand("results/dynamics/tasks/{cell}/sensitivity.csv", cell=CELLS),
    output:
        pdf="results/figures/dynamics-groups.pdf",
        png=report(
            "results/figures/dynamics-groups.png",
            category="Dynamics",
            caption="../docs/captions/dynamics-groups.rst",
            labels={"figure": "groups of the composed task"},
        ),
        csv="results/figures/dynamics-groups.csv",
    log:
        "logs/draw_dynamics_groups.log",
    benchmark:
        "results/timings/draw_dynamics_groups.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        cells=list(CELLS),
        recurrent=RECURRENT_CELLS,
        figures=look(),
        code=code("draw_dynamics_groups"),
    message:
        "Drawing groups of the composed task"
    script:
        "../scripts/draw_dynamics_groups.py"


rule draw_dynamics_learning:
    input:
        distances=expand("results/dynamics/tasks/{cell}/distances.csv", cell=CELLS),
        learning=expand("results/dynamics/tasks/{cell}/learning.csv", cell=CELLS),
        accuracy=expand("results/dynamics/tasks/{cell}/accuracy.csv", cell=CELLS),
        sensitivity=expand("results/dynamics/tasks/{cell}/sensitivity.csv", cell=CELLS),
    output:
        pdf="results/figures/dynamics-learning.pdf",
        png=report(
            "results/figures/dynamics-learning.png",
            category="Dynamics",
            caption="../docs/captions/dynamics-learning.rst",
            labels={"figure": "similarity through learning"},
        ),
        csv="results/figures/dynamics-learning.csv",
    log:
        "logs/draw_dynamics_learning.log",
    benchmark:
        "results/timings/draw_dynamics_learning.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        cells=list(CELLS),
        recurrent=RECURRENT_CELLS,
        figures=look(),
        code=code("draw_dynamics_learning"),
    message:
        "Drawing similarity through learning"
    script:
        "../scripts/draw_dynamics_learning.py"
