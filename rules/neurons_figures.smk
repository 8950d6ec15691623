"""The figures of units and of what is said of them."""

ARCHITECTURES = {run: CONFIG.runs[run].network.architecture for run in NEURON_RUNS}
# a sparse code of a run stands beside it
CODED = {run: coded(run) for run in runs_with("latents")}
NEURON_FIGURES += [
    f"results/figures/neurons-{name}.png"
    for name in ("training", "layers", "explainers", "scores", "loss", "steering")
]


rule draw_neurons_training:
    input:
        tracing="results/neurons/tracing.csv",
        comparison="results/neurons/comparison.csv",
    output:
        pdf="results/figures/neurons-training.pdf",
        png=report(
            "results/figures/neurons-training.png",
            category="Neurons",
            caption="../docs/captions/neurons-training.rst",
            labels={"figure": "scores along training"},
        ),
        csv="results/figures/neurons-training.csv",
    log:
        "logs/draw_neurons_training.log",
    benchmark:
        "results/timings/draw_neurons_training.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        architectures=ARCHITECTURES,
        pairs=PAIRS,
        figures=look(),
        code=code("draw_neurons_training"),
    message:
        "Drawing scores of units along training"
    script:
        "../scripts/draw_neurons_training.py"


rule draw_neurons_layers:
    input:
        summary="results/neurons/summary.csv",
    output:
        pdf="results/figures/neurons-layers.pdf",
        png=report(
            "results/figures/neurons-layers.png",
            category="Neurons",
            caption="../docs/captions/neurons-layers.rst",
            labels={"figure": "scores by layer"},
        ),
        csv="results/figures/neurons-layers.csv",
    log:
        "logs/draw_neurons_layers.log",
    benchmark:
        "results/timings/draw_neurons_layers.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        architectures={**ARCHITECTURES, **dict.fromkeys(CODED.values(), "latents")},
        pairs=[[*pair, *(CODED[run] for run in pair if run in CODED)] for pair in PAIRS],
        figures=look(),
        code=code("draw_neurons_layers"),
    message:
        "Drawing scores of units by layer"
    script:
        "../scripts/draw_neurons_layers.py"


rule draw_neurons_explainers:
    input:
        summary="results/neurons/summary.csv",
        scores=expand("results/neurons/{run}/scores.csv", run=NEURON_RUNS),
    output:
        pdf="results/figures/neurons-explainers.pdf",
        png=report(
            "results/figures/neurons-explainers.png",
            category="Neurons",
            caption="../docs/captions/neurons-explainers.rst",
            labels={"figure": "explainers"},
        ),
        csv="results/figures/neurons-explainers.csv",
    log:
        "logs/draw_neurons_explainers.log",
    benchmark:
        "results/timings/draw_neurons_explainers.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        architectures=ARCHITECTURES,
        pairs=PAIRS,
        figures=look(),
        code=code("draw_neurons_explainers"),
    message:
        "Drawing what explains units"
    script:
        "../scripts/draw_neurons_explainers.py"


rule draw_neurons_scores:
    input:
        trained=expand("results/neurons/{run}/scores.csv", run=NEURON_RUNS),
        untrained=expand("results/neurons/{run}@step0/scores.csv", run=NEURON_RUNS),
    output:
        pdf="results/figures/neurons-scores.pdf",
        png=report(
            "results/figures/neurons-scores.png",
            category="Neurons",
            caption="../docs/captions/neurons-scores.rst",
            labels={"figure": "spread of scores"},
        ),
        csv="results/figures/neurons-scores.csv",
    log:
        "logs/draw_neurons_scores.log",
    benchmark:
        "results/timings/draw_neurons_scores.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        architectures=ARCHITECTURES,
        pairs=PAIRS,
        figures=look(),
        code=code("draw_neurons_scores"),
    message:
        "Drawing how scores of units are spread"
    script:
        "../scripts/draw_neurons_scores.py"


rule draw_neurons_loss:
    input:
        training=expand("results/networks/{run}/training.csv", run=NEURON_RUNS),
        facts="results/neurons/facts.csv",
    output:
        pdf="results/figures/neurons-loss.pdf",
        png=report(
            "results/figures/neurons-loss.png",
            category="Neurons",
            caption="../docs/captions/neurons-loss.rst",
            labels={"figure": "losses and units"},
        ),
        csv="results/figures/neurons-loss.csv",
    log:
        "logs/draw_neurons_loss.log",
    benchmark:
        "results/timings/draw_neurons_loss.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        architectures=ARCHITECTURES,
        pairs=PAIRS,
        figures=look(),
        code=code("draw_neurons_loss"),
    message:
        "Drawing losses and what is known of units"
    script:
        "../scripts/draw_neurons_loss.py"


rule draw_neurons_steering:
    input:
        expand("results/neurons/{run}/steering.csv", run=STEERED),
    output:
        pdf="results/figures/neurons-steering.pdf",
        png=report(
            "results/figures/neurons-steering.png",
            category="Neurons",
            caption="../docs/captions/neurons-steering.rst",
            labels={"figure": "steering"},
        ),
        csv="results/figures/neurons-steering.csv",
    log:
        "logs/draw_neurons_steering.log",
    benchmark:
        "results/timings/draw_neurons_steering.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=STEERED,
        figures=look(),
        code=code("draw_neurons_steering"),
    message:
        "Drawing what steering does"
    script:
        "../scripts/draw_neurons_steering.py"
