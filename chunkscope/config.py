"""The configuration: one checked model for the whole workflow, composed of every room's settings.

``load`` reports every mistake at once, one sentence each with its dotted path, before any job
starts. Imports no torch, so that a dry run stays quick.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, reduce
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, PositiveInt, ValidationError, field_validator
from pydantic_core import ErrorDetails

from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.prototype_settings import PrototypeStudySettings
from chunkscope.chunks.settings import ChunkSettings
from chunkscope.errors import ConfigError, NetworkError, SiteError, did_you_mean
from chunkscope.experiments.context.settings import ContextSettings
from chunkscope.experiments.hierarchy.settings import HierarchySettings
from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.figures.settings import FigureSettings
from chunkscope.grammars import GrammarSettings, Text, Words
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.networks.directories import describe, weight_files
from chunkscope.networks.settings import (
    AffineSettings,
    HuggingFaceSettings,
    NetworkSettings,
    TrainingSettings,
)
from chunkscope.networks.sites import match_sites, site_names, sites_of_study, state_sites
from chunkscope.probing.study_settings import ProbingStudySettings
from chunkscope.schema import KEY, Location, Schema, allowed, locate, one_of
from chunkscope.settings import Name, Settings
from chunkscope.store.settings import StoreSettings


class SequenceSettings(Settings):
    """Sequences to train on."""

    sequences: PositiveInt = 2000
    """How many sequences."""
    length: int = Field(default=100, ge=2)
    """Symbols in each."""


class RecordingSettings(Settings):
    """Fresh sequences whose activity is recorded, in two splits."""

    train: int = Field(default=200, ge=2)
    """Sequences on which readings are fitted; settings are compared on some of them."""
    test: PositiveInt = 200
    """Sequences on which readings are scored."""
    length: int = Field(default=100, ge=2)
    """Symbols in each."""


class CorpusSettings(Settings):
    """A corpus: a grammar and what is drawn from it."""

    source: GrammarSettings
    """The grammar; `grammar` says which."""
    training: SequenceSettings = SequenceSettings()
    """Sequences that networks are trained on."""
    recording: RecordingSettings = RecordingSettings()
    """Sequences that activity is recorded on."""


Study = Literal["chunks", "interventions", "concepts", "prototypes", "probing", "widths"]
"""A reading of a run."""

STUDIES_WITH_SITES: tuple[Study, ...] = ("concepts", "prototypes", "probing", "widths")
"""Studies that choose among the recorded sites by patterns of their own."""

DEFAULT_SITES = dict.fromkeys(("gpt", "huggingface"), ("hook_embed", "blocks.*.hook_resid_post"))
"""Architecture -> sites recorded where a run names none; others record the recurrent state."""


class RunSettings(Settings):
    """A run: one network on one corpus, for a batch of seeds."""

    corpus: str
    """Name of a corpus under `corpora`."""
    network: NetworkSettings
    """The architecture and its size."""
    seeds: int = Field(default=10, ge=1, le=1000)
    """Networks trained as one batch, each from its own initial weights."""
    training: TrainingSettings = TrainingSettings()
    """How they are trained."""
    sites: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Patterns (fnmatch) of the sites to record; by default the whole recurrent state, or the
    residual stream of a transformer after its embedding and after every block."""
    studies: tuple[Study, ...] = Field(("chunks", "interventions"), min_length=1)
    """Readings made of this run: `chunks` finds a dictionary and scores it against the true parse;
    `interventions` graft what it found, and need it; `concepts` finds words and symbols by
    population averaging, and grafts words of a text; `prototypes` finds directions for a sweep of
    their number; `probing` reads features of the truth off few units; `widths` does so in all runs
    that take part, which differ in their width alone."""

    @field_validator("studies")
    @classmethod
    def _build_on_each_other(cls, studies: tuple[str, ...]) -> tuple[str, ...]:
        if "interventions" in studies and "chunks" not in studies:
            raise ValueError(
                f"got {list(studies)}; interventions graft the states that chunks finds; add chunks"
            )
        return studies


class ExperimentSettings(Settings):
    """The chunk papers' experiments that train networks of their own; what is null is not run."""

    transfer: TransferSettings | None = None
    """Induced compositionality: learning a longer word with and without a grafted state."""
    context: ContextSettings | None = None
    """Context dependence: does the state tell which word a shared part belongs to?"""
    hierarchy: HierarchySettings | None = None
    """Hierarchy: states and parses of words composed of words."""


class Config(Settings):
    """Everything a workflow is told."""

    seed: int = Field(default=0, ge=0)
    """Root of every random stream."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where networks run; `auto` takes a GPU if there is one."""
    corpora: dict[Name, CorpusSettings] = Field(min_length=1)
    """Corpora by name."""
    runs: dict[Name, RunSettings] = Field(min_length=1)
    """Runs by name; the name stands in every output path."""
    store: StoreSettings = StoreSettings()
    """The activation store."""
    chunks: ChunkSettings = ChunkSettings()
    """The chunks study."""
    interventions: InterventionSettings = InterventionSettings()
    """Interventions with the chunks' prototypes."""
    concepts: ConceptSettings = ConceptSettings()
    """The concepts study."""
    prototypes: PrototypeStudySettings = PrototypeStudySettings()
    """The prototypes study."""
    probing: ProbingStudySettings = ProbingStudySettings()
    """The probing study."""
    experiments: ExperimentSettings = ExperimentSettings()
    """Experiments of the chunk papers."""
    figures: FigureSettings = FigureSettings()
    """How figures look."""


def load(path: str | Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: with one sentence per mistake.
    """
    return check(read(path), str(path))


def read(path: str | Path) -> object:
    """Read a YAML file, in which no key may stand twice (YAML itself would keep the last).

    Raises:
        ConfigError: it cannot be read, is not YAML, or it repeats keys.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        repeated = list(_repeated(yaml.compose(text)))
    except OSError as error:
        said = str(error.strerror).lower()
        raise ConfigError([f"{path}: {said}; name a configuration file"]) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError([f"{path}: not YAML: {' '.join(str(error).split())}"]) from None
    if repeated:
        raise ConfigError([f"{path}: {key}: stands twice; keep one of them" for key in repeated])
    return yaml.safe_load(text)


def check(raw: object, where: str = "config") -> Config:
    """Check a configuration that was read elsewhere (Snakemake merges several sources).

    What can be checked of the sound parts is checked even where others are wrong, so that all
    mistakes are told at once.

    Args:
        raw: nested dictionaries.
        where: the name that stands before each problem.

    Raises:
        ConfigError: with one sentence per mistake.
    """
    if not isinstance(raw, Mapping):
        raise ConfigError([f"{where}: got {_show(raw)}; must be a mapping with corpora and runs"])
    problems: list[str] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        details = [d for d in error.errors(include_url=False) if not _is_echo(d)]
        problems += [_sentence(d) for d in details]
        config = _sound_parts(raw, [d["loc"] for d in details])
    problems += _unknown_names(raw)
    if config is not None:
        problems += _misfits(config)
    if problems or config is None:
        raise ConfigError([f"{where}: {problem}" for problem in dict.fromkeys(problems)])
    return config


def resolved(config: Config) -> str:
    """The whole configuration as YAML, defaults included."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def repeats_reflection(config: Config, name: str) -> bool:
    """Whether a run is the reflection experiment of Wu et al. (arXiv 2502.01803).

    However many networks there are, and whenever they are looked at in training.
    """
    run, network = config.runs[name], AffineSettings(hidden=12)
    published = TrainingSettings(
        steps=400, batch=1, window=200, learning_rate=0.005, gradient_clip=None
    )
    return (
        run.network == network
        and run.training.updates() == published
        and reads_reflection(config, name)
    )


def reads_reflection(config: Config, name: str) -> bool:
    """Whether a run is on the corpus of the reflection experiment, whatever its network."""
    published = Words(
        vocabulary={"ABCD": 1.0},
        filler={"E": 1.0},
        gap={"kind": "uniform", "low": 0, "high": 19},
    )
    return config.corpora[config.runs[name].corpus].source == published


def run_sites(run: RunSettings) -> list[str]:
    """The sites that a run records."""
    default = DEFAULT_SITES.get(run.network.architecture, ("layers.*.hook_[hc]",))
    return match_sites(run.sites or default, site_names(run.network))


@cache
def schema() -> Schema:
    """The JSON schema of a configuration."""
    return Config.model_json_schema()


def json_schema() -> str:
    """The JSON schema of a configuration file, for editors; ``config/schema.json``."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _repeated(node: yaml.Node | None, *path: str) -> Iterator[str]:
    """Dotted paths of the keys that stand more than once in their mapping."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = (*path, str(key.value))
            if here[-1] in seen:
                yield ".".join(here)
            seen.add(here[-1])
            yield from _repeated(value, *here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, *path, str(index))


def _is_echo(details: ErrorDetails) -> bool:
    """Whether a list is called too short only because its items were wrong, which is told too."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _sound_parts(raw: Mapping[str, Any], wrong: list[Location]) -> Config | None:
    """The configuration without what is wrong in it; a run or corpus goes as a whole."""
    paths = [locate(schema(), location)[0] for location in wrong]
    cut = [path[:2] if path[0] in ("corpora", "runs") else path for path in paths]
    try:
        return Config.model_validate(reduce(_without, cut, raw))
    except ValidationError:
        return None


def _without(raw: Mapping[str, Any], path: list[str]) -> Mapping[str, Any]:
    """``raw`` without the entry that ``path`` leads to, or without the list that holds it."""
    key, *rest = path
    inner = raw.get(key)
    if rest and isinstance(inner, Mapping):
        return {**raw, key: _without(inner, rest)}
    return {name: value for name, value in raw.items() if str(name) != key}


def _unknown_names(raw: Mapping[str, Any]) -> Iterator[str]:
    """Corpora and runs that are named where they are used, and nowhere else."""
    corpora, runs = raw.get("corpora"), raw.get("runs")
    if isinstance(runs, Mapping):
        for name, run in runs.items():
            yield from _unknown_name(f"runs.{name}", run, "corpus", corpora)
    for key in ("run", "overview"):
        yield from _unknown_name("figures", raw.get("figures"), key, runs)


def _unknown_name(where: str, user: object, key: str, named: object) -> Iterator[str]:
    """What ``user`` names under ``key``, if ``named`` does not have it."""
    got = user.get(key) if isinstance(user, Mapping) else None
    if isinstance(got, str) and isinstance(named, Mapping) and named and got not in named:
        yield _unknown(f"{where}.{key}", got, map(str, named))


def _misfits(config: Config) -> Iterator[str]:
    """Settings that are right by themselves and do not fit one another."""
    for name, run in config.runs.items():
        if unreadable := list(_unreadable(name, run)):
            yield from unreadable
            continue
        if run.corpus in config.corpora:
            yield from _trained_elsewhere(config, name, run)
            yield from _short_sequences(config, name, run)
            yield from _unfit_studies(config, name, run)
        yield from _unknown_sites(config, name, run)
        if 0 not in run.training.checkpoints:
            kept = list(run.training.checkpoints)
            yield (
                f"runs.{name}.training.checkpoints: got {kept}; must hold 0, the untrained "
                "network, which is the floor of every score"
            )
    yield from _different_widths(config)


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
            "encoder has read the whole sequence; name concepts, prototypes or both"
        )


def _unfit_studies(config: Config, name: str, run: RunSettings) -> Iterator[str]:
    """Studies that need more than the corpus or the network of a run has."""
    if "chunks" in run.studies and isinstance(config.corpora[run.corpus].source, Text):
        yield (
            f"runs.{name}.studies: got chunks, which is scored against the true parse; corpus "
            f"{run.corpus} is text, which has none; name concepts, prototypes or both"
        )
    if "interventions" in run.studies and not state_sites(run.network):
        yield (
            f"runs.{name}.studies: got interventions, which go on from stored states; a "
            f"{run.network.architecture} carries over more than those; leave it out"
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


def network_width(network: NetworkSettings) -> int:
    """Units of a recurrent state, or of a transformer's stream; 0 where settings do not tell."""
    return int(getattr(network, "hidden", getattr(network, "width", 0)))


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


def _unknown(where: str, got: str, known: Iterable[str]) -> str:
    names = list(known)
    hint = did_you_mean(got, names) if len(names) > 1 else ""
    return f"{where}: got {got!r}; must be {one_of(names)}{hint}"


def _sentence(details: ErrorDetails) -> str:
    """One mistake in one sentence: where, what, got, allowed."""
    location, kind, got = details["loc"], details["type"], details["input"]
    path, here = locate(schema(), location)
    where = ".".join(path)
    if kind == "extra_forbidden":
        known = list(locate(schema(), location[:-1])[1]["properties"])
        hint = did_you_mean(path[-1], known) or f"; known are {', '.join(known)}"
        return f"{where}: unknown key{hint}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        chooser = here["discriminator"]
        where, tags = f"{where}.{chooser['propertyName']}", sorted(chooser["mapping"])
        if kind == "union_tag_not_found":
            return f"{where}: missing; must be {one_of(tags)}"
        return _unknown(where, str(details["ctx"]["tag"]), tags)
    if kind == "missing":
        return f"{where}: missing; must be {allowed(schema(), here)}"
    if kind == "invalid_key" or (location[-1] == KEY and kind == "string_type"):
        where = ".".join([*path[:-1], _show(got)])
        return f"{where}: got a key that YAML reads as {type(got).__name__}; must be text: quote it"
    if kind == "value_error":
        return f"{where}: {details['ctx']['error']}"
    return f"{where}: got {_show(got)}; must be {allowed(schema(), here)}"


def _show(value: object) -> str:
    """A value as YAML would have it, cut where it is long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
