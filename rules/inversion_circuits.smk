"""Circuits: the sites that carry a feature from one input to another, found in each network."""


rule find_circuits:
    input:
        config="results/networks/{run}/config.json",
        model="results/networks/{run}/model.safetensors",
        inputs=lambda wildcards: f"results/corpora/{corpus_of(wildcards)}/inputs.npz",
        learning="results/inversion/{run}/learning.csv",
    output:
        cumulative="results/inversion/{run}/circuits/cumulative.csv",
        cuts="results/inversion/{run}/circuits/cuts.csv",
    log:
        "logs/find_circuits/{run}.log",
    benchmark:
        "results/timings/find_circuits/{run}.jsonl"
    wildcard_constraints:
        run=one_of(circuit_runs()),
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        learned=settings(CONFIG.inversion.learned),
        compared=CONFIG.inversion.compared,
        circuits=circuit_settings,
        code=code("find_circuits"),
    message:
        "Searching {wildcards.run} for the sites that carry a feature"
    script:
        "../scripts/find_circuits.py"


rule draw_inversion_patching:
    input:
        patches=[
            f"results/inversion/{run}/{point}/patches.csv"
            for run, point in inverted_places()
        ],
        radii=[
            f"results/inversion/{run}/{point}/radii.csv"
            for run, point in inverted_places()
        ],
        cumulative=expand(
            "results/inversion/{run}/circuits/cumulative.csv", run=circuit_runs()
        ),
        cuts=expand("results/inversion/{run}/circuits/cuts.csv", run=circuit_runs()),
    output:
        pdf="results/figures/inversion-patching.pdf",
        png=report(
            "results/figures/inversion-patching.png",
            category="InversionView",
            caption="../docs/captions/inversion-patching.rst",
            labels={"figure": "what activity does in the place of another"},
        ),
        csv="results/figures/inversion-patching.csv",
    log:
        "logs/draw_inversion_patching.log",
    benchmark:
        "results/timings/draw_inversion_patching.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        places=inverted_places(),
        circuits=circuit_runs(),
        radius=CONFIG.inversion.radius,
        figures=look(),
        code=code("draw_inversion_patching"),
    message:
        "Drawing what activity does in the place of another"
    script:
        "../scripts/draw_inversion_patching.py"
