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
    """The run whose activity, decoding and grafts are drawn."""
    return CONFIG.figures.run or runs_with("chunks")[0]


def overview_run():
    """The run that page one is drawn of."""
    return CONFIG.figures.overview or reflection_run()


def published_runs():
    """Runs that repeat the paper's reflection experiment: its network on its corpus."""
    return [
        name
        for name in runs_with("chunks")
        if configuration.repeats_reflection(CONFIG, name)
    ]


def look(*keys):
    """The settings that one figure needs, so that another's key does not draw it again."""
    return CONFIG.figures.model_dump(mode="json", include={"width", "dpi", *keys})


def benchmarks(wildcards):
    """The paired timings that `make bench` has written, if it has."""
    return sorted(map(str, Path("results/benchmarks").glob("*.csv")))


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
