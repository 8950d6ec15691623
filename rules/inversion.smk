"""InversionView: which inputs give nearly the same activity; figures, claims, all by one name."""

from chunkscope.inversion.decoder.settings import TRAINS

POINTS = one_of(
    dict.fromkeys(
        point for run in runs_with("inversion") for point in inverted_points(run)
    )
)

# a figure is drawn where there is something to draw
INVERSION_FIGURES = [
    f"results/figures/inversion-{figure}.png"
    for figure, needed in {
        "learning": runs_with("inversion"),
        "retention": runs_with("inversion"),
        "radii": runs_with("inversion"),
        "samples": runs_with("inversion"),
        "decoder": runs_with("inversion"),
        "completeness": runs_with("inversion"),
        "patching": runs_with("inversion"),
    }.items()
    if needed
]


include: "inversion_inputs.smk"
include: "inversion_preimages.smk"
include: "inversion_decoder.smk"
include: "inversion_circuits.smk"


rule judge_inversion:
    input:
        learning=expand(
            "results/inversion/{run}/learning.csv", run=runs_with("inversion")
        ),
        balls=point_tables("balls"),
        patches=point_tables("patches"),
        quality=expand(
            "results/inversion/{run}/quality.csv", run=runs_with("inversion")
        ),
        cuts=expand("results/inversion/{run}/circuits/cuts.csv", run=circuit_runs()),
    output:
        report(
            "results/claims/inversion.csv",
            category="InversionView",
            caption="../docs/captions/claims.rst",
            labels={"what": "claims"},
        ),
    log:
        "logs/judge_inversion.log",
    benchmark:
        "results/timings/judge_inversion.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        points={run: list(inverted_points(run)) for run in runs_with("inversion")},
        tasks={
            run: CONFIG.corpora[CONFIG.runs[run].corpus].source.grammar
            for run in runs_with("inversion")
        },
        circuits=circuit_runs(),
        learned=settings(CONFIG.inversion.learned),
        code=code("judge_inversion"),
    message:
        "Judging the claims about preimages"
    script:
        "../scripts/judge_inversion.py"


rule inversion:
    input:
        INVERSION_FIGURES,
        expand("results/inversion/{run}/search.csv", run=runs_with("inversion")),
        "results/claims/inversion.csv",


localrules:
    inversion,
