"""The conditional decoder: inputs drawn for an activity, and how well they stand for its preimage."""


rule train_decoder:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
        learning="results/inversion/{run}/learning.csv",
        store="results/inversion/{run}/inputs.zarr.zip",
    output:
        config="results/inversion/{run}/decoder/config.json",
        model="results/inversion/{run}/decoder/model.safetensors",
        timing="results/timings/train_decoder/{run}.json",
    log:
        "logs/train_decoder/{run}.log",
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
    cache: True
    priority: 2  # what takes longest, and what it waits for, is begun first
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=int(CONFIG.device == "cuda"),
    params:
        run=lambda wildcards: wildcards.run,
        seed=CONFIG.seed,
        device=CONFIG.device,
        sites=told_sites,
        source=lambda wildcards: settings(CONFIG.corpora[corpus_of(wildcards)].source),
        learned=settings(CONFIG.inversion.learned),
        inversion=inversion_settings("compared", "held_out", "radius"),
        decoder=lambda wildcards: decoder_settings(wildcards, *TRAINS),
        code=code("train_decoder"),
    message:
        "Training the decoder of {wildcards.run}; follow it with: tail -f {log}"
    script:
        "../scripts/train_decoder.py"


rule score_decoder:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        decoder="results/inversion/{run}/decoder/config.json",
        weights="results/inversion/{run}/decoder/model.safetensors",
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
        store="results/inversion/{run}/inputs.zarr.zip",
    output:
        quality="results/inversion/{run}/quality.csv",
        completeness="results/inversion/{run}/completeness.csv",
        shown="results/inversion/{run}/shown.csv",
        draws="results/inversion/{run}/draws.npz",
    log:
        "logs/score_decoder/{run}.log",
    benchmark:
        "results/timings/score_decoder/{run}.jsonl"
    wildcard_constraints:
        run=one_of(runs_with("inversion")),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        sites=told_sites,
        source=lambda wildcards: settings(CONFIG.corpora[corpus_of(wildcards)].source),
        inversion=inversion_settings("held_out", "radius", "queries"),
        decoder=decoder_settings,
        code=code("score_decoder"),
    message:
        "Scoring the decoder of {wildcards.run}"
    script:
        "../scripts/score_decoder.py"


rule draw_inversion_decoder:
    input:
        quality=expand(
            "results/inversion/{run}/quality.csv", run=runs_with("inversion")
        ),
    output:
        pdf="results/figures/inversion-decoder.pdf",
        png=report(
            "results/figures/inversion-decoder.png",
            category="InversionView",
            caption="../docs/captions/inversion-decoder.rst",
            labels={"figure": "how well draws stand for the preimage"},
        ),
        csv="results/figures/inversion-decoder.csv",
    log:
        "logs/draw_inversion_decoder.log",
    benchmark:
        "results/timings/draw_inversion_decoder.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("inversion"),
        samples=CONFIG.inversion.decoder.samples,
        figures=look(),
        code=code("draw_inversion_decoder"),
    message:
        "Drawing how well draws stand for preimages"
    script:
        "../scripts/draw_inversion_decoder.py"


rule draw_inversion_completeness:
    input:
        completeness=expand(
            "results/inversion/{run}/completeness.csv", run=runs_with("inversion")
        ),
    output:
        pdf="results/figures/inversion-completeness.pdf",
        png=report(
            "results/figures/inversion-completeness.png",
            category="InversionView",
            caption="../docs/captions/inversion-completeness.rst",
            labels={"figure": "is what lies near also what the decoder says?"},
        ),
        csv="results/figures/inversion-completeness.csv",
    log:
        "logs/draw_inversion_completeness.log",
    benchmark:
        "results/timings/draw_inversion_completeness.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("inversion"),
        radius=CONFIG.inversion.radius,
        figures=look(),
        code=code("draw_inversion_completeness"),
    message:
        "Drawing distance against what decoders say"
    script:
        "../scripts/draw_inversion_completeness.py"


rule draw_inversion_samples:
    input:
        shown=expand("results/inversion/{run}/shown.csv", run=runs_with("inversion")),
        quality=expand(
            "results/inversion/{run}/quality.csv", run=runs_with("inversion")
        ),
    output:
        pdf="results/figures/inversion-samples.pdf",
        png=report(
            "results/figures/inversion-samples.png",
            category="InversionView",
            caption="../docs/captions/inversion-samples.rst",
            labels={"figure": "draws of one query of every run"},
        ),
        csv="results/figures/inversion-samples.csv",
    log:
        "logs/draw_inversion_samples.log",
    benchmark:
        "results/timings/draw_inversion_samples.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        runs=runs_with("inversion"),
        radius=CONFIG.inversion.radius,
        figures=look(),
        code=code("draw_inversion_samples"),
    message:
        "Drawing draws of one query of every run"
    script:
        "../scripts/draw_inversion_samples.py"
