"""Helpers that several rules use."""

from chunkscope.inversion.settings import InversionSettings
from chunkscope.networks.directories import describe
from chunkscope.networks.sites import site_names
from chunkscope.probing.settings import ProbingSettings
from chunkscope.workflow import (
    decoded_points,
    network_width,
    reads_reflection,
    repeats_reflection,
    run_circuits,
    run_points,
    run_sites,
)


def code(script, *modules):
    """The fingerprint of a rule's script and of what it imports: the rule reruns on an edit."""
    return fingerprint(BASE / "scripts" / f"{script}.py", *modules)


def settings(model):
    """A part of the configuration as plain data, as `params:` keeps it."""
    return model.model_dump(mode="json")


def runs_with(study):
    """Names of the runs that take part in a study."""
    return [name for name, run in CONFIG.runs.items() if study in run.studies]


def networks_of(experiment):
    """Names of the networks of an experiment; none where it is not run."""
    chosen = getattr(CONFIG.experiments, experiment)
    return list(chosen.networks) if chosen else []


def published_networks(experiment):
    """Those of them that repeat the paper's network, as a list of one or none."""
    chosen = getattr(CONFIG.experiments, experiment)
    return [name for name in networks_of(experiment) if chosen.repeats_paper(name)][:1]


def experiment_settings(experiment, without=()):
    """Settings of an experiment with the one network that a wildcard names.

    The keys `without` are left to their defaults, for a rule that does not follow them.
    """
    chosen = getattr(CONFIG.experiments, experiment)

    def of(wildcards):
        only = {wildcards.network: chosen.networks[wildcards.network]}
        update = chosen.model_copy(update={"networks": only})
        return update.model_dump(mode="json", exclude=set(without))

    return of


def experiment_tables(experiment, pattern):
    """Tables of every network of an experiment."""
    return expand(
        f"results/experiments/{experiment}/{pattern}.csv",
        network=networks_of(experiment),
        version=["published", "balanced"],
    )


def reflection_run():
    """The run whose activity, decoding and grafts are drawn."""
    return CONFIG.figures.run or next(iter(runs_with("chunks")), None)


def overview_run():
    """The run that page one is drawn of."""
    return CONFIG.figures.overview or reflection_run()


def traced_runs():
    """Runs whose dictionary is followed through training: those that keep checkpoints for it."""
    return [
        name
        for name in runs_with("chunks")
        if len(CONFIG.runs[name].training.checkpoints) > 1
    ]


def matched_runs():
    """Runs whose dictionaries are matched across seeds: those with at least two."""
    return [name for name in runs_with("chunks") if CONFIG.runs[name].seeds > 1]


def published_run():
    """The first run that repeats the paper's reflection experiment, as a list of one or none."""
    return [name for name in runs_with("chunks") if repeats_reflection(CONFIG, name)][
        :1
    ]


def reflection_runs():
    """Runs of the chunks study on the corpus of the reflection experiment, whatever the network."""
    return [name for name in runs_with("chunks") if reads_reflection(CONFIG, name)]


def network_names(runs):
    """What the networks of runs are called beside the experiments' own, such as `gru24`."""
    networks = [CONFIG.runs[run].network for run in runs]
    names = [f"{n.architecture}{getattr(n, 'hidden', '')}" for n in networks]
    return [
        run if names.count(name) > 1 else name
        for run, name in zip(runs, names, strict=True)
    ]


def experiments():
    """Names of the experiments that are run."""
    return [name for name in ("transfer", "context", "hierarchy") if networks_of(name)]


def compared_networks():
    """Names of the networks that the experiments are compared on, by the tables that tell it."""
    grafted = [run for run in reflection_runs() if run in runs_with("interventions")]
    return {
        "effects": network_names(grafted),
        "decoding": network_names(reflection_runs()),
        **{name: networks_of(name) for name in ("transfer", "context", "hierarchy")},
    }


def repeating_networks():
    """Experiment -> its network that repeats the paper's, where there is one."""
    found = {"reflection": network_names(published_run())}
    found |= {name: published_networks(name) for name in experiments()}
    return {experiment: names[0] for experiment, names in found.items() if names}


def look(*keys):
    """The settings that one figure needs, so that another's key does not draw it again."""
    return CONFIG.figures.model_dump(mode="json", include={"width", "dpi", *keys})


def benchmarks(wildcards):
    """The paired timings that `make bench` has written, if it has."""
    return sorted(map(str, Path("results/benchmarks").glob("*.csv")))


def ready_runs():
    """Runs whose network somebody else trained; it is read where it is."""
    return [
        name
        for name, run in CONFIG.runs.items()
        if run.network.architecture == "huggingface"
    ]


def trained_runs():
    """Runs whose networks the workflow trains."""
    return [name for name in CONFIG.runs if name not in ready_runs()]


def speaks(run):
    """Whether a run's network predicts the next symbol; an encoder does not."""
    network = CONFIG.runs[run].network
    return network.architecture != "huggingface" or describe(network.path).predicts


def one_of(names):
    """The regular expression that these names match, and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


def run_of(wildcards):
    """Settings of the run that a wildcard names."""
    return CONFIG.runs[wildcards.run]


def corpus_of(wildcards):
    """Name of the corpus of the run that a wildcard names."""
    return run_of(wildcards).corpus


def checkpoints_of(wildcards):
    """The steps of training at which a run's weights were kept, as paths name them."""
    return [f"@step{step}" for step in run_of(wildcards).training.checkpoints]


def compared_members(wildcards):
    """How many members of a run are read by every extractor and at every checkpoint."""
    return min(CONFIG.chunks.compared, run_of(wildcards).seeds)


def topics_version(wildcards):
    """The Python whose help topics a corpus is cut from, since they are no file to watch."""
    source = CONFIG.corpora[wildcards.corpus].source
    of_topics = source.grammar == "text" and source.path is None
    return sys.version.split()[0] if of_topics else None


def reads_text(run):
    """Whether a run reads text, and no grammar or task."""
    return CONFIG.corpora[CONFIG.runs[run].corpus].source.grammar == "text"


def grafted_runs():
    """Runs of the study that read text and can go on with it: their words are grafted too."""
    return [name for name in runs_with("concepts") if reads_text(name) and speaks(name)]


def kept_steps(run):
    """Where in its training a run's dictionary is found, as paths name it; the end is empty."""
    return ["", *(f"@step{step}" for step in CONFIG.runs[run].training.checkpoints)]


def kept_weights(wildcards):
    """The steps of training at which a run's weights were kept, the last among them."""
    training = run_of(wildcards).training
    return sorted({*training.checkpoints, training.steps})


def config_hash(wildcards):
    """A digest of every setting that the networks and the activity of a run depend on."""
    run, corpus = run_of(wildcards), CONFIG.corpora[corpus_of(wildcards)]
    parts = [CONFIG.seed, wildcards.run, settings(run), settings(corpus)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def probed_at_all():
    """Runs that are probed in one way or the other."""
    return [*runs_with("probing"), *width_runs()]


def reads_contexts(run):
    """Whether a run reads several grammars in turn, which share one alphabet."""
    source = CONFIG.corpora[CONFIG.runs[run].corpus].source
    return source.grammar == "context" and len(source.contexts) > 1


def ablated_runs():
    """Probed runs in which units that tell the context are looked for, and ablated."""
    return [run for run in runs_with("probing") if reads_contexts(run)]


def compound_runs():
    """Probed runs on a corpus of planted compounds."""
    return [
        run
        for run in runs_with("probing")
        if CONFIG.corpora[CONFIG.runs[run].corpus].source.grammar == "compounds"
    ]


def probed_runs():
    """Runs that are probed for all their features: compounds have probes of their own."""
    return [run for run in runs_with("probing") if run not in compound_runs()]


def developed_runs():
    """Probed runs that keep checkpoints, at which they are probed too."""
    return [
        run
        for run in runs_with("probing")
        if len(CONFIG.runs[run].training.checkpoints) > 1
    ]


def width_runs():
    """Runs that are compared by their width, the narrowest first."""
    return sorted(runs_with("widths"), key=width_of)


def width_of(run):
    """Units of a run's network."""
    return network_width(CONFIG.runs[run].network)


def layers_of(run):
    """Blocks of a run's network."""
    network = CONFIG.runs[run].network
    blocks = [
        site.split(".") for site in site_names(network) if site.startswith("blocks.")
    ]
    return len({number for _, number, *_ in blocks})


def probe_settings():
    """Settings of the probes alone, without those of what else is made with them."""
    keys = set(ProbingSettings.model_fields)
    return CONFIG.probing.model_dump(mode="json", include=keys)


def fingerprinted_runs():
    """Probed runs whose MLPs follow a layer norm."""
    return [
        run
        for run in runs_with("probing")
        if CONFIG.runs[run].network.architecture == "gpt"
        and CONFIG.runs[run].network.bias
    ]


def compared_at_all():
    """Whether anything is compared by its dynamics."""
    others = (CONFIG.dynamics.attractors, CONFIG.dynamics.tasks)
    return any(others) or runs_with("dynamics")


def inverted_points(run):
    """Points at which a run of the inversion study is read -> the sites that are read there."""
    return run_points(CONFIG, CONFIG.runs[run])


def told_sites(wildcards):
    """Points of a run -> the sites that its decoder is told."""
    return decoded_points(CONFIG, run_of(wildcards))


def inversion_settings(*keys):
    """Settings of preimages under some keys, by default all of them, but none of what else is made
    with them, for a rule that follows no others."""
    chosen = keys or InversionSettings.model_fields
    return CONFIG.inversion.model_dump(mode="json", include=set(chosen))


def circuit_runs():
    """Runs of the inversion study in which the carriers of some feature are searched for."""
    return [
        run for run in runs_with("inversion") if run_circuits(CONFIG, CONFIG.runs[run])
    ]


def circuit_settings(wildcards):
    """The features whose carriers are searched for in a run."""
    return [settings(circuit) for circuit in run_circuits(CONFIG, run_of(wildcards))]


def decoder_settings(wildcards, *keys):
    """Settings of the decoder of a run under some keys, by default all of them."""
    decoder = CONFIG.inversion.decoder.of_run(wildcards.run)
    chosen = keys or type(decoder).model_fields
    return decoder.model_dump(mode="json", include=set(chosen))


def recorded_sites(wildcards):
    """The sites of a run that the inversion study reads at any point."""
    points = inverted_points(wildcards.run).values()
    return list(dict.fromkeys(site for sites in points for site in sites))


def inverted_places():
    """Runs of the inversion study, each with every point at which it is read."""
    return [
        (run, point) for run in runs_with("inversion") for point in inverted_points(run)
    ]


def point_tables(name):
    """A table of every point at which a run of the inversion study is read, run by run."""
    return [
        f"results/inversion/{run}/{point}/{name}.csv"
        for run, point in inverted_places()
    ]


def start_of(wildcards):
    """The network that a run begins with, where it does not begin with its own weights."""
    start = run_of(wildcards).start
    names = ("config.json", "model.safetensors", "checkpoints.safetensors")
    return [f"results/networks/{start}/{name}" for name in names] if start else []


def task_settings(wildcards):
    """Settings of the study with the one architecture that a wildcard names."""
    tasks = CONFIG.dynamics.tasks
    only = {wildcards.cell: tasks.cells[wildcards.cell]}
    return settings(tasks.model_copy(update={"cells": only}))


def compared_checkpoints():
    """Run and step of everything that the dynamics study compares, in order."""
    return [
        (run, step)
        for run in runs_with("dynamics")
        for step in sorted(
            {*CONFIG.runs[run].training.checkpoints, CONFIG.runs[run].training.steps}
        )
    ]
