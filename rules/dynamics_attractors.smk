"""Known attractors: regimes of the Lorenz system, noise, compositions of motifs."""

DYNAMICS_FIGURES += [
    f"results/figures/dynamics-{name}.png" for name in ("regimes", "noise", "motifs")
]
DYNAMICS_TABLES |= {
    name: f"results/dynamics/attractors/{name}_summary.csv"
    for name in ("regimes", "noise", "motifs")
}


rule compare_regimes:
    output:
        pairs="results/dynamics/attractors/regimes.csv",
        summary="results/dynamics/attractors/regimes_summary.csv",
        sensitivity="results/dynamics/attractors/sensitivity.csv",
    log:
        "logs/compare_regimes.log",
    benchmark:
        "results/timings/compare_regimes.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        attractors=settings(CONFIG.dynamics.attractors),
        code=code("compare_regimes"),
    message:
        "Comparing regimes of the Lorenz system"
    script:
        "../scripts/compare_regimes.py"


rule draw_dynamics_regimes:
    input:
        summary="results/dynamics/attractors/regimes_summary.csv",
        sensitivity="results/dynamics/attractors/sensitivity.csv",
    output:
        pdf="results/figures/dynamics-regimes.pdf",
        png=report(
            "results/figures/dynamics-regimes.png",
            category="Dynamics",
            caption="../docs/captions/dynamics-regimes.rst",
            labels={"figure": "regimes of the Lorenz system"},
        ),
        csv="results/figures/dynamics-regimes.csv",
    log:
        "logs/draw_dynamics_regimes.log",
    benchmark:
        "results/timings/draw_dynamics_regimes.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        figures=look(),
        code=code("draw_dynamics_regimes"),
    message:
        "Drawing regimes of the Lorenz system"
    script:
        "../scripts/draw_dynamics_regimes.py"


rule compare_noise:
    output:
        pairs="results/dynamics/attractors/noise.csv",
        summary="results/dynamics/attractors/noise_summary.csv",
    log:
        "logs/compare_noise.log",
    benchmark:
        "results/timings/compare_noise.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        attractors=settings(CONFIG.dynamics.attractors),
        code=code("compare_noise"),
    message:
        "Comparing systems in noise"
    script:
        "../scripts/compare_noise.py"


rule draw_dynamics_noise:
    input:
        pairs="results/dynamics/attractors/noise.csv",
    output:
        pdf="results/figures/dynamics-noise.pdf",
        png=report(
            "results/figures/dynamics-noise.png",
            category="Dynamics",
            caption="../docs/captions/dynamics-noise.rst",
            labels={"figure": "systems in noise"},
        ),
        csv="results/figures/dynamics-noise.csv",
    log:
        "logs/draw_dynamics_noise.log",
    benchmark:
        "results/timings/draw_dynamics_noise.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        figures=look(),
        code=code("draw_dynamics_noise"),
    message:
        "Drawing systems in noise"
    script:
        "../scripts/draw_dynamics_noise.py"


rule compare_motifs:
    output:
        pairs="results/dynamics/attractors/motifs.csv",
        summary="results/dynamics/attractors/motifs_summary.csv",
    log:
        "logs/compare_motifs.log",
    benchmark:
        "results/timings/compare_motifs.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=CONFIG.seed,
        attractors=settings(CONFIG.dynamics.attractors),
        code=code("compare_motifs"),
    message:
        "Comparing compositions of motifs"
    script:
        "../scripts/compare_motifs.py"


rule draw_dynamics_motifs:
    input:
        summary="results/dynamics/attractors/motifs_summary.csv",
    output:
        pdf="results/figures/dynamics-motifs.pdf",
        png=report(
            "results/figures/dynamics-motifs.png",
            category="Dynamics",
            caption="../docs/captions/dynamics-motifs.rst",
            labels={"figure": "compositions of motifs"},
        ),
        csv="results/figures/dynamics-motifs.csv",
    log:
        "logs/draw_dynamics_motifs.log",
    benchmark:
        "results/timings/draw_dynamics_motifs.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        figures=look(),
        code=code("draw_dynamics_motifs"),
    message:
        "Drawing compositions of motifs"
    script:
        "../scripts/draw_dynamics_motifs.py"
