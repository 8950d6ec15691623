"""Runs compared through their training: all read the sequences of the first."""

COMPARED = runs_with("dynamics")
STREAM = CONFIG.runs[COMPARED[0]].corpus

COMPARED_STORES = [
    f"results/dynamics/runs/{run}@step{step}.zarr.zip"
    for run, step in compared_checkpoints()
]
STARTS = {run: CONFIG.runs[run].start for run in COMPARED}
DYNAMICS_FIGURES += ["results/figures/dynamics-runs.png"]
DYNAMICS_TABLES |= {"runs": "results/dynamics/runs/distances.csv"}


rule record_stream:
    input:
        networks=expand(
            "results/networks/{run}/{file}",
            run=COMPARED,
            file=["config.json", "model.safetensors", "checkpoints.safetensors"],
        ),
        recording=f"results/corpora/{STREAM}/recording.npz",
    output:
        COMPARED_STORES,
    log:
        "logs/record_stream.log",
    benchmark:
        "results/timings/record_stream.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=int(CONFIG.device == "cuda"),
    params:
        checkpoints=compared_checkpoints(),
        device=CONFIG.device,
        site=CONFIG.dynamics.runs.site,
        train_sequences=CONFIG.corpora[STREAM].recording.train,
        store=settings(CONFIG.store),
        code=code("record_stream"),
    message:
        "Recording runs through their training on the same sequences"
    script:
        "../scripts/record_stream.py"


rule compare_runs:
    input:
        COMPARED_STORES,
    output:
        "results/dynamics/runs/distances.csv",
    log:
        "logs/compare_runs.log",
    benchmark:
        "results/timings/compare_runs.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=CONFIG.seed,
        checkpoints=compared_checkpoints(),
        settings=settings(CONFIG.dynamics.runs),
        code=code("compare_runs"),
    message:
        "Comparing runs through their training"
    script:
        "../scripts/compare_runs.py"


rule draw_dynamics_runs:
    input:
        distances="results/dynamics/runs/distances.csv",
    output:
        pdf="results/figures/dynamics-runs.pdf",
        png=report(
            "results/figures/dynamics-runs.png",
            category="Dynamics",
            caption="../docs/captions/dynamics-runs.rst",
            labels={"figure": "runs through their training"},
        ),
        csv="results/figures/dynamics-runs.csv",
    log:
        "logs/draw_dynamics_runs.log",
    benchmark:
        "results/timings/draw_dynamics_runs.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        starts=STARTS,
        figures=look(),
        code=code("draw_dynamics_runs"),
    message:
        "Drawing runs through their training"
    script:
        "../scripts/draw_dynamics_runs.py"
