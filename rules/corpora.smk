"""Corpora: sequences drawn from a grammar or cut from a text, with what is true of every step."""


rule sample_corpus:
    input:
        text=lambda wildcards: CONFIG.corpora[wildcards.corpus].source.files(),
    output:
        training="results/corpora/{corpus}/training.npz",
        recording="results/corpora/{corpus}/recording.npz",
    log:
        "logs/sample_corpus/{corpus}.log",
    benchmark:
        "results/timings/sample_corpus/{corpus}.jsonl"
    priority: 3
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        seed=CONFIG.seed,
        corpus=lambda wildcards: settings(CONFIG.corpora[wildcards.corpus]),
        python=topics_version,
        code=code("sample_corpus"),
    message:
        "Sampling the corpus {wildcards.corpus}"
    script:
        "../scripts/sample_corpus.py"
