"""Settings that are right by themselves and do not fit one another, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator

from chunkscope.errors import NetworkError, SiteError, did_you_mean
from chunkscope.grammars import Grammar, Task, Text
from chunkscope.networks.directories import describe, weight_files
from chunkscope.networks.settings import HuggingFaceSettings, NetworkSettings, TrainingSettings
from chunkscope.networks.sites import (
    CODE_SITES,
    match_sites,
    matching_sites,
    site_names,
    sites_of_study,
    state_sites,
    unknown_site,
)
from chunkscope.schema import one_of
from chunkscope.workflow import (
    STUDIES_WITH_SITES,
    Config,
    RunSettings,
    decoded_points,
    network_width,
    run_points,
    run_sites,
)


def misfits(config: Config) -> Iterator[str]:
    """A sentence for every setting that does not fit the others."""
    for name, run in config.runs.items():
        if unreadable := list(_unreadable(name, run)):
            yield from unreadable
            continue
        if run.corpus in config.corpora:
            yield from _trained_elsewhere(config, name, run)
            yield from _short_sequences(config, name, run)
            yield from _parts_of_inputs(config, name, run)
            yield from _unfit_studies(config, name, run)
            yield from _unread_points(config, name, run)
            yield from _few_excerpts(config, name, run)
        yield from _unknown_sites(config, name, run)
        if 0 not in run.training.checkpoints:
            kept = list(run.training.checkpoints)
            yield (
                f"runs.{name}.training.checkpoints: got {kept}; must hold 0, the untrained "
                "network, which is the floor of every score"
            )
    yield from _sparse_without_code(config)
    yield from _different_widths(config)
    yield from _unfit_starts(config)
    yield from _unknown_compared_sites(config)
    for name in config.inversion.decoder.longer:
        if name not in config.runs:
            known, hint = list(config.runs), did_you_mean(name, config.runs)
            yield f"inversion.decoder.longer: got {name!r}; must be {one_of(known)}{hint}"


def _sparse_without_code(config: Config) -> Iterator[str]:
    """Sparsity of code units, asked of networks that have none."""
    for key, network, training in _trained(config):
        if training.sparsity and not matching_sites(CODE_SITES, site_names(network)):
            yield (
                f"{key}.sparsity: got {training.sparsity:g}; must be 0 for the architecture "
                f"{network.architecture}, which has no code units; leave it out, or choose gpt or "
                "crate"
            )


def _trained(config: Config) -> Iterator[tuple[str, NetworkSettings, TrainingSettings]]:
    """Where the training of a network is told, the network, and how it is trained."""
    for name, run in config.runs.items():
        if not isinstance(run.network, HuggingFaceSettings):
            yield f"runs.{name}.training", run.network, run.training
    keys = {"transfer": "pretraining", "context": "training", "hierarchy": "training"}
    for kind, key in keys.items():
        experiment = getattr(config.experiments, kind)
        for name, one in ({} if experiment is None else experiment.networks).items():
            yield f"experiments.{kind}.networks.{name}.{key}", one.network, getattr(one, key)


def _unfit_starts(config: Config) -> Iterator[str]:
    """Runs that begin with the weights of one that there is not, or that is another network."""
    for name, run in config.runs.items():
        if run.start is None:
            continue
        others = [other for other in config.runs if other != name]
        if run.start not in others:
            hint = did_you_mean(run.start, others)
            yield f"runs.{name}.start: got {run.start!r}; must be {one_of(others)}{hint}"
        elif config.runs[run.start].network != run.network:
            yield (
                f"runs.{name}.start: got {run.start!r}, whose network is another; give both runs "
                "the same network"
            )
        elif config.runs[run.start].seeds != run.seeds:
            yield (
                f"runs.{name}.seeds: got {run.seeds}; must be {config.runs[run.start].seeds}, as "
                f"many as run {run.start} has, with which it begins"
            )


def _unknown_compared_sites(config: Config) -> Iterator[str]:
    """Where dynamics are compared, of networks that have no such site."""
    if config.dynamics.tasks is not None:
        site = config.dynamics.tasks.compared.site
        for cell, network in config.dynamics.tasks.cells.items():
            if site not in (known := site_names(network)):
                yield f"dynamics.tasks.compared.site: of {cell}, {unknown_site(site, known)}"
    site = config.dynamics.runs.site
    for name, run in config.runs.items():
        if "dynamics" in run.studies and site not in (known := run_sites(run)):
            yield f"dynamics.runs.site: of run {name}, {unknown_site(site, known)}"


def _unreadable(name: str, run: RunSettings) -> Iterator[str]:
    """What is wrong with the directory of a ready network."""
    if isinstance(run.network, HuggingFaceSettings):
        try:
            describe(run.network.path)
            weight_files(run.network.path)
        except NetworkError as error:
            yield f"runs.{name}.network.path: {error}"


def _trained_elsewhere(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Settings that a ready network cannot follow."""
    if not isinstance(run.network, HuggingFaceSettings):
        return
    if run.seeds != 1:
        yield f"runs.{name}.seeds: got {run.seeds}; must be 1, since a ready network is one"
    if run.training.steps:
        yield (
            f"runs.{name}.training.steps: got {run.training.steps}; must be 0, since a ready "
            "network is not trained"
        )
    tokenizer = getattr(config.corpora[run.corpus].source, "tokenizer", None)
    if isinstance(tokenizer, int):
        yield (
            f"corpora.{run.corpus}.source.tokenizer: got {tokenizer}; must be the tokenizer of "
            f"the network of run {name}: {run.network.path}"
        )
    if "chunks" in run.studies and not describe(run.network.path).predicts:
        yield (
            f"runs.{name}.studies: got chunks, which are what a network has read so far; an "
            "encoder has read the whole sequence; name others, such as concepts"
        )


def _unfit_studies(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Studies that need more than the corpus or the network of a run has."""
    source = config.corpora[run.corpus].source
    if "chunks" in run.studies and not isinstance(source, Grammar):
        yield (
            f"runs.{name}.studies: got chunks, which is scored against the true parse; corpus "
            f"{run.corpus} is {'text' if isinstance(source, Text) else 'a task'}, which has none; "
            "name others, such as concepts"
        )
    if "interventions" in run.studies and not state_sites(run.network):
        yield (
            f"runs.{name}.studies: got interventions, which go on from stored states; a "
            f"{run.network.architecture} carries over more than those; leave it out"
        )


def _unread_points(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """What keeps the inputs of a run from being enumerated, read or answered."""
    if "inversion" not in run.studies:
        return
    source = config.corpora[run.corpus].source
    if isinstance(source, Text):
        yield (
            f"runs.{name}.studies: got inversion, which reads all inputs of a task or a grammar; "
            f"corpus {run.corpus} is text, whose inputs nobody knows; name others, such as concepts"
        )
        return
    if isinstance(run.network, HuggingFaceSettings) and not describe(run.network.path).predicts:
        yield (
            f"runs.{name}.studies: got inversion, which asks what a network answers; an encoder "
            "answers nothing; name others, such as concepts"
        )
    context, longest = _context(run.network), config.inversion.inputs.longest
    if isinstance(source, Grammar) and context is not None and longest > context:
        yield (
            f"inversion.inputs.longest: got {longest}; must be at most {context}, the context of "
            f"runs.{name}.network"
        )
    if not run_points(config, run):
        points = ", ".join(source.points if isinstance(source, Task) else ("last",))
        asked = ", ".join(config.inversion.sites)
        yield (
            f"inversion.sites: got points {asked}, of which run {name} has no site; its inputs are "
            f"read at {points}, and it has {', '.join(site_names(run.network))}: name some of "
            "these, or leave inversion out of its studies"
        )
    elif not decoded_points(config, run):
        places = [f"{s}@{point}" for point, sites in run_points(config, run).items() for s in sites]
        patterns = ", ".join(config.inversion.decoder.sites)
        yield (
            f"inversion.decoder.sites: got {patterns}, which match nothing that is read of run "
            f"{name}; it reads {', '.join(places)}: name some of these"
        )


def _short_sequences(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Windows and lags that are longer than the sequences they are taken from."""
    corpus = config.corpora[run.corpus]
    ready = isinstance(run.network, HuggingFaceSettings)
    window = 0 if ready else run.training.window
    lags = config.interventions.lags if "interventions" in run.studies else 0
    for key, got, sequences, length in (
        (f"runs.{name}.training.window", window, "training", corpus.training.length),
        ("interventions.lags", lags, "recording", corpus.recording.length),
    ):
        if got > length:
            yield (
                f"{key}: got {got}; must be at most {length}, the length of "
                f"corpora.{run.corpus}.{sequences}"
            )
    context = _context(run.network)
    for key, got, longest in (
        (f"runs.{name}.training.window", window, "one more than "),  # the last is a target only
        (f"corpora.{run.corpus}.recording.length", corpus.recording.length, ""),
    ):
        if context is not None and got > context + bool(longest):
            yield (
                f"{key}: got {got}; must be at most {longest}{context}, the context of "
                f"runs.{name}.network"
            )


def _few_excerpts(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Excerpts of the neurons study that a run's recording is too short or too small for."""
    if "neurons" not in run.studies:
        return
    recording = config.corpora[run.corpus].recording
    for protocol, asked in config.neurons.protocols.items():
        key = f"neurons.protocols.{protocol}"
        if asked.length > recording.length:
            yield (
                f"{key}.length: got {asked.length}; must be at most {recording.length}, the length "
                f"of corpora.{run.corpus}.recording, which run {name} reads"
            )
            continue
        parts = recording.length // asked.length
        for half, drawn, split in (
            ("explain", asked.explain, "train"),
            ("score", asked.score, "test"),
        ):
            there = getattr(recording, split) * parts
            if drawn.needed > there:
                yield (
                    f"{key}.{half}: needs {drawn.needed} excerpts of {asked.length} symbols; "
                    f"corpora.{run.corpus}.recording.{split} has {there}, which run {name} reads: "
                    "ask for fewer or shorter ones, or record more sequences"
                )


def _parts_of_inputs(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Lengths that are not those of the inputs of a task."""
    corpus = config.corpora[run.corpus]
    if not isinstance(corpus.source, Task):
        return
    for key, got in (
        (f"corpora.{run.corpus}.training.length", corpus.training.length),
        (f"corpora.{run.corpus}.recording.length", corpus.recording.length),
        (f"runs.{name}.training.window", run.training.window),
    ):
        if got != (longest := corpus.source.longest):
            yield f"{key}: got {got}; must be {longest}, the length of the longest input"


def _context(network: NetworkSettings) -> int | None:
    """Steps that a network reads at most; None where there is no such limit."""
    if isinstance(network, HuggingFaceSettings):
        return describe(network.path).context
    return getattr(network, "context", None)


def _different_widths(config: Config) -> Iterator[str]:
    """Runs of the study of widths that differ in more, or in nothing."""
    compared = {name: run for name, run in config.runs.items() if "widths" in run.studies}
    first = next(iter(compared), None)
    widths: dict[int, str] = {}
    for name, run in compared.items():
        if name != first and _but_width(run) != _but_width(compared[first or name]):
            yield (
                f"runs.{name}: differs from run {first} in more than its width; the study widths "
                "compares runs of one corpus, architecture and training: make them equal, or leave "
                "widths out of its studies"
            )
        width = network_width(run.network)
        if width in widths:
            yield (
                f"runs.{name}.network: is as wide as that of run {widths[width]}; the study widths "
                "compares different widths: change it, or leave widths out of its studies"
            )
        widths[width] = name


def _but_width(run: RunSettings) -> RunSettings:
    """A run with a width, and a name's worth of studies, that all share."""
    like = {"hidden": 1} if hasattr(run.network, "hidden") else {"width": 1}
    network = run.network.model_copy(update=like)
    return run.model_copy(update={"network": network, "studies": (), "sites": None})


def _unknown_sites(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Sites of a run that its network does not have, or that a study needs and nothing records."""
    available = site_names(run.network)
    try:
        recorded = run_sites(run)
    except SiteError as error:
        yield f"runs.{name}.sites: {error}"
        return
    if "chunks" in run.studies and config.chunks.site not in recorded:
        yield (
            f"chunks.site: got {config.chunks.site!r}, which run {name} does not record; it "
            f"records {', '.join(recorded)}{did_you_mean(config.chunks.site, recorded)}"
        )
    for study in STUDIES_WITH_SITES:
        if study in run.studies:
            keys = "probing" if study == "widths" else study
            try:
                sites_of_study(getattr(config, keys).sites, recorded)
            except SiteError as error:
                yield f"{keys}.{error}; or leave {study} out of runs.{name}.studies"
    if "interventions" in run.studies:
        patterns = [pattern for together in config.interventions.sites for pattern in together]
        try:
            changed = match_sites(patterns, available)
        except SiteError as error:
            yield f"interventions.sites: in run {name}, {error}"
            return
        needed = dict.fromkeys([*state_sites(run.network), *changed])
        missing = [site for site in needed if site not in recorded]
        if missing:
            yield (
                f"runs.{name}.sites: got {', '.join(recorded)}; interventions need the whole "
                f"state and what they change; add {', '.join(missing)}"
            )
