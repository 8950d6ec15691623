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


def published_run():
    """The first run that repeats the paper's reflection experiment, as a list of one or none."""
    repeats = configuration.repeats_reflection
    return [name for name in runs_with("chunks") if repeats(CONFIG, name)][:1]


def look(*keys):
    """The settings that one figure needs, so that another's key does not draw it again."""
    return CONFIG.figures.model_dump(mode="json", include={"width", "dpi", *keys})


def benchmarks(wildcards):
    """The paired timings that `make bench` has written, if it has."""
    return sorted(map(str, Path("results/benchmarks").glob("*.csv")))


def run_of(wildcards):
    """Settings of the run that a wildcard names."""
    return CONFIG.runs[wildcards.run]


def corpus_of(wildcards):
    """Name of the corpus of the run that a wildcard names."""
    return run_of(wildcards).corpus


def config_hash(wildcards):
    """A digest of every setting that the networks and the activity of a run depend on."""
    run, corpus = run_of(wildcards), CONFIG.corpora[corpus_of(wildcards)]
    parts = [CONFIG.seed, wildcards.run, settings(run), settings(corpus)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
