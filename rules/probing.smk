"""Sparse probing: the figures of the study, its claims, and all of it by one name."""

# a figure is drawn where there is something to draw
PROBING_FIGURES = [
    f"results/figures/probing-{figure}.png"
    for figure, needed in {
        "sparsity": probed_runs(),
        "units": probed_runs(),
        "ablation": ablated_runs(),
        "compounds": compound_runs(),
        "pruning": runs_with("probing"),
        "widths": width_runs(),
        "training": developed_runs(),
        "rankings": runs_with("probing"),
        "superposition": runs_with("probing"),
    }.items()
    if needed
]


include: "probing_run.smk"
include: "probing_ablation.smk"
include: "probing_compounds.smk"
include: "probing_pruning.smk"
include: "probing_widths.smk"
include: "probing_training.smk"
include: "probing_planted.smk"


rule judge_probing:
    input:
        scores=expand("results/probing/{run}/scores.csv", run=probed_runs()),
        units=expand("results/probing/{run}/units.csv", run=probed_runs()),
        pruning=expand(
            "results/probing/{run}/pruning/scores.csv", run=runs_with("probing")
        ),
        ablation_units=expand(
            "results/probing/{run}/ablation/units.csv", run=ablated_runs()
        ),
        ablation_effects=expand(
            "results/probing/{run}/ablation/effects.csv", run=ablated_runs()
        ),
        compound_scores=expand(
            "results/probing/{run}/compounds/scores.csv", run=compound_runs()
        ),
        compounds_everywhere=expand(
            "results/probing/{run}/compounds/everywhere.csv", run=compound_runs()
        ),
        compound_stimuli=expand(
            "results/probing/{run}/compounds/stimuli.csv", run=compound_runs()
        ),
        tracing=expand("results/probing/{run}/tracing/scores.csv", run=developed_runs()),
        widths="results/probing/widths/scores.csv" if width_runs() else [],
        rankings="results/probing/rankings.csv",
        codes="results/probing/superposition/codes.csv",
        models="results/probing/superposition/models.csv",
        toy="results/probing/superposition/toy.csv",
        fingerprints=expand(
            "results/probing/{run}/fingerprint.csv", run=fingerprinted_runs()
        ),
    output:
        report(
            "results/claims/probing.csv",
            category="Probing",
            caption="../docs/captions/claims.rst",
            labels={"what": "claims"},
        ),
    log:
        "logs/judge_probing.log",
    benchmark:
        "results/timings/judge_probing.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        probed=probed_runs(),
        pruned=runs_with("probing"),
        ablated=ablated_runs(),
        compounds=compound_runs(),
        developed=developed_runs(),
        fingerprinted=fingerprinted_runs(),
        lookup=CONFIG.probing.lookup,
        code=code("judge_probing"),
    message:
        "Judging the claims about probes"
    script:
        "../scripts/judge_probing.py"


rule probing:
    input:
        PROBING_FIGURES,
        "results/claims/probing.csv",


localrules:
    probing,
