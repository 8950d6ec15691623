"""Units explained and scored: white-box networks beside their twins, by one name."""

from chunkscope.networks.sites import sites_of_study
from chunkscope.neurons.latents.settings import coded
from chunkscope.workflow import is_published, white_box_pairs

NEURON_RUNS = runs_with("neurons")
PAIRS = white_box_pairs(CONFIG)
NEURON_FIGURES = []
# a ready network has no training to follow
TRACED = [run for run in NEURON_RUNS if run in trained_runs()]
CONDITIONS = {"": "trained", "@step0": "untrained"}
# folder of tables -> what they are of, and of which network
SCORED = {
    f"results/neurons/{run}{at}": (run, condition)
    for run in NEURON_RUNS
    for at, condition in CONDITIONS.items()
}
SCORED |= {
    f"results/neurons/{run}{at}/latents": (coded(run), condition)
    for run in runs_with("latents")
    for at, condition in CONDITIONS.items()
}
STEERED = [run for run in NEURON_RUNS if speaks(run)]


include: "neurons_pages.smk"
include: "neurons_figures.smk"


rule explain_units:
    input:
        store="results/activations/{run}{at}.zarr.zip",
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
    output:
        units="results/neurons/{run}{at}/units.csv",
        scores="results/neurons/{run}{at}/scores.csv",
        labels="results/neurons/{run}{at}/labels.csv",
        answers="results/neurons/{run}{at}/answers.csv",
        explanations="results/neurons/{run}{at}/explanations.jsonl.gz",
    log:
        "logs/explain_units/{run}{at}.log",
    benchmark:
        "results/timings/explain_units/{run}{at}.jsonl"
    wildcard_constraints:
        run=one_of(NEURON_RUNS),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=int(CONFIG.device == "cuda"),
    params:
        seed=CONFIG.seed,
        device=CONFIG.device,
        # these explain nothing
        neurons=CONFIG.neurons.model_dump(
            mode="json", exclude={"shown", "steering", "latents"}
        ),
        code=code("explain_units"),
    message:
        "Explaining the units of {wildcards.run}{wildcards.at}"
    script:
        "../scripts/explain_units.py"


rule trace_units:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        checkpoints="results/networks/{run}/checkpoints.safetensors",
        recording=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/recording.npz",
    output:
        "results/neurons/{run}/tracing.csv",
    log:
        "logs/trace_units/{run}.log",
    benchmark:
        "results/timings/trace_units/{run}.jsonl"
    wildcard_constraints:
        run=one_of(TRACED),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=int(CONFIG.device == "cuda"),
    params:
        device=CONFIG.device,
        sites=lambda wildcards: sites_of_study(
            CONFIG.neurons.sites, run_sites(run_of(wildcards))
        ),
        steps=kept_weights,
        train=lambda wildcards: CONFIG.corpora[corpus_of(wildcards)].recording.train,
        code=code("trace_units"),
    message:
        "Scoring the units of {wildcards.run} along its training"
    script:
        "../scripts/trace_units.py"


rule code_units:
    input:
        store="results/activations/{run}{at}.zarr.zip",
    output:
        units="results/neurons/{run}{at}/latents/units.csv",
        scores="results/neurons/{run}{at}/latents/scores.csv",
        labels="results/neurons/{run}{at}/latents/labels.csv",
        answers="results/neurons/{run}{at}/latents/answers.csv",
        explanations="results/neurons/{run}{at}/latents/explanations.jsonl.gz",
        codes="results/neurons/{run}{at}/latents/codes.csv",
    log:
        "logs/code_units/{run}{at}.log",
    benchmark:
        "results/timings/code_units/{run}{at}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("latents")),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        seed=CONFIG.seed,
        neurons=CONFIG.neurons.model_dump(mode="json", exclude={"shown", "steering"}),
        code=code("code_units"),
    message:
        "Explaining a sparse code of the units of {wildcards.run}{wildcards.at}"
    script:
        "../scripts/code_units.py"


rule steer_units:
    input:
        store="results/activations/{run}.zarr.zip",
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        scores="results/neurons/{run}/scores.csv",
    output:
        "results/neurons/{run}/steering.csv",
    log:
        "logs/steer_units/{run}.log",
    benchmark:
        "results/timings/steer_units/{run}.jsonl"
    wildcard_constraints:
        run=one_of(STEERED),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=int(CONFIG.device == "cuda"),
    params:
        seed=CONFIG.seed,
        device=CONFIG.device,
        neurons=CONFIG.neurons.model_dump(mode="json", include={"sites", "steering"}),
        code=code("steer_units"),
    message:
        "Steering {wildcards.run} by its units and by states"
    script:
        "../scripts/steer_units.py"


rule compare_units:
    input:
        scores=[f"{folder}/scores.csv" for folder in SCORED],
        units=[f"{folder}/units.csv" for folder in SCORED],
        tracing=expand("results/neurons/{run}/tracing.csv", run=TRACED),
    output:
        summary="results/neurons/summary.csv",
        seeds="results/neurons/seeds.csv",
        facts="results/neurons/facts.csv",
        comparison="results/neurons/comparison.csv",
        tracing="results/neurons/tracing.csv",
    log:
        "logs/compare_units.log",
    benchmark:
        "results/timings/compare_units.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        scored=list(SCORED.values()),
        traced=TRACED,
        pairs=PAIRS,
        code=code("compare_units"),
    message:
        "Comparing white-box networks with their twins"
    script:
        "../scripts/compare_units.py"


rule judge_neurons:
    input:
        comparison="results/neurons/comparison.csv",
        seeds="results/neurons/seeds.csv",
        tracing="results/neurons/tracing.csv",
        steering=expand("results/neurons/{run}/steering.csv", run=STEERED),
    output:
        report(
            "results/claims/neurons.csv",
            category="Neurons",
            caption="../docs/captions/claims.rst",
            labels={"what": "claims"},
        ),
    log:
        "logs/judge_neurons.log",
    benchmark:
        "results/timings/judge_neurons.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        pairs=PAIRS,
        layers={run: layers_of(run) for run in NEURON_RUNS},
        steered=STEERED,
        published=[
            run
            for run in NEURON_RUNS
            if reads_text(run) and is_published(CONFIG.runs[run])
        ],
        code=code("judge_neurons"),
    message:
        "Judging the claims about units of white-box networks"
    script:
        "../scripts/judge_neurons.py"


rule neurons:
    input:
        NEURON_FIGURES,
        "results/claims/neurons.csv",
        expand(
            "results/neurons/{run}/{file}",
            run=NEURON_RUNS,
            file=["explanations.jsonl.gz", "shown.json"],
        ),


localrules:
    neurons,
