"""Helpers that several rules use."""


def code(script, *modules):
    """The fingerprint of a rule's script and of what it imports: the rule reruns on an edit."""
    return fingerprint(BASE / "scripts" / f"{script}.py", *modules)


def settings(model):
    """A part of the configuration as plain data, as `params:` keeps it."""
    return model.model_dump(mode="json")


def runs_with(study):
    """Names of the runs that take part in a study."""
    return [name for name, run in CONFIG.runs.items() if study in run.studies]


def reflection_run():
    """The run that stands for the paper's reflection experiment."""
    return CONFIG.figures.run or runs_with("chunks")[0]


def corpus_of(wildcards):
    """Name of the corpus of the run that a wildcard names."""
    return known_run(wildcards).corpus


def known_run(wildcards):
    """Settings of the run that a wildcard names."""
    if wildcards.run not in CONFIG.runs:
        known = ", ".join(CONFIG.runs)
        raise WorkflowError(
            f"runs: there is no run {wildcards.run!r}; there are {known}"
        )
    return CONFIG.runs[wildcards.run]


def known_corpus(wildcards):
    """Settings of the corpus that a wildcard names."""
    if wildcards.corpus not in CONFIG.corpora:
        known = ", ".join(CONFIG.corpora)
        raise WorkflowError(
            f"corpora: there is no corpus {wildcards.corpus!r}; there are {known}"
        )
    return CONFIG.corpora[wildcards.corpus]


rule resolve_config:
    output:
        "results/config.resolved.yaml",
    log:
        "logs/resolve_config.log",
    benchmark:
        "results/timings/resolve_config.jsonl"
    conda:
        "../envs/main.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        config=configuration.resolved(CONFIG),
        code=code("resolve_config"),
    message:
        "Writing the whole configuration, defaults included"
    script:
        "../scripts/resolve_config.py"
