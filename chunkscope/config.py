"""The configuration: one checked model for the whole workflow, composed of every room's settings.

``load`` reports every mistake at once, one sentence each with its dotted path, before any job
starts. Imports no torch, so that a dry run stays quick.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, PositiveInt, ValidationError, field_validator
from pydantic_core import ErrorDetails

from chunkscope.chunks.settings import ChunkSettings
from chunkscope.errors import ConfigError, SiteError, did_you_mean
from chunkscope.figures.settings import FigureSettings
from chunkscope.grammars import GrammarSettings
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.networks.settings import NetworkSettings, TrainingSettings
from chunkscope.networks.sites import match_sites, site_names
from chunkscope.settings import Settings
from chunkscope.store.settings import StoreSettings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class SequenceSettings(Settings):
    """Sequences to train on."""

    sequences: PositiveInt = 2000
    """How many sequences."""
    length: int = Field(default=100, ge=2)
    """Symbols in each."""


class RecordingSettings(Settings):
    """Fresh sequences whose activity is recorded, in two splits."""

    train: PositiveInt = 200
    """Sequences on which readings are fitted."""
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
    sites: tuple[str, ...] = Field(default=("layers.*.hook_[hc]",), min_length=1)
    """Patterns (fnmatch) of the sites to record; the default is the whole recurrent state."""
    studies: tuple[Literal["chunks", "interventions"], ...] = ("chunks", "interventions")
    """Readings made of this run."""


class Config(Settings):
    """Everything a workflow is told."""

    seed: int = Field(default=0, ge=0)
    """Root of every random stream."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where networks run; `auto` takes a GPU if there is one."""
    corpora: dict[str, CorpusSettings] = Field(min_length=1)
    """Corpora by name."""
    runs: dict[str, RunSettings] = Field(min_length=1)
    """Runs by name; the name stands in every output path."""
    store: StoreSettings = StoreSettings()
    """The activation store."""
    chunks: ChunkSettings = ChunkSettings()
    """The chunks study."""
    interventions: InterventionSettings = InterventionSettings()
    """Interventions with the chunks' prototypes."""
    figures: FigureSettings = FigureSettings()
    """How figures look."""

    @field_validator("corpora", "runs")
    @classmethod
    def _nameable(cls, named: dict[str, Any]) -> dict[str, Any]:
        bad = [name for name in named if not NAME.fullmatch(name)]
        if bad:
            raise ValueError(
                f"got the name {bad[0]!r}; names are letters, digits, - and _, because they "
                "stand in file names"
            )
        return named


def load(path: str | Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: with one sentence per mistake.
    """
    try:
        raw = yaml.safe_load(Path(path).read_text())
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such file; name a configuration"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: not YAML: {' '.join(str(error).split())}"]) from None
    return check(raw, str(path))


def check(raw: object, where: str = "config") -> Config:
    """Check a configuration that was read elsewhere (Snakemake merges several sources).

    Args:
        raw: nested dictionaries.
        where: the name that stands before each problem.
    """
    if not isinstance(raw, Mapping):
        raise ConfigError([f"{where}: got {type(raw).__name__}; must be a mapping of keys"])
    problems: list[str] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        problems = [_sentence(details, raw) for details in error.errors(include_url=False)]
    problems += list(_unknown_corpora(raw))
    if config is not None:
        problems += list(_unknown_sites(config))
    if problems or config is None:
        raise ConfigError([f"{where}: {problem}" for problem in problems])
    return config


def resolved(config: Config) -> str:
    """The whole configuration as YAML, defaults included."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def run_sites(run: RunSettings) -> list[str]:
    """The sites that a run records."""
    return match_sites(run.sites, site_names(run.network))


def _unknown_corpora(raw: Mapping[str, Any]) -> Iterator[str]:
    corpora, runs = raw.get("corpora"), raw.get("runs")
    if not isinstance(corpora, Mapping) or not isinstance(runs, Mapping):
        return
    for name, run in runs.items():
        corpus = run.get("corpus") if isinstance(run, Mapping) else None
        if isinstance(corpus, str) and corpus not in corpora:
            known = ", ".join(map(str, corpora))
            hint = did_you_mean(corpus, map(str, corpora))
            yield f"runs.{name}.corpus: got {corpus!r}; must be one of {known}{hint}"


def _unknown_sites(config: Config) -> Iterator[str]:
    for name, run in config.runs.items():
        try:
            recorded = run_sites(run)
        except SiteError as error:
            yield f"runs.{name}.sites: {error}"
            continue
        if "chunks" in run.studies and config.chunks.site not in recorded:
            hint = did_you_mean(config.chunks.site, recorded)
            yield (
                f"chunks.site: got {config.chunks.site!r}, which run {name} does not record; "
                f"it records {', '.join(recorded)}{hint}"
            )


def _sentence(details: ErrorDetails, raw: Mapping[str, Any]) -> str:
    """One problem in one sentence: where, what, got, allowed."""
    where = ".".join(map(str, _path(details["loc"], raw)))
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(details["loc"])
        hint = did_you_mean(str(details["loc"][-1]), known) or f"; known are {', '.join(known)}"
        return f"{where}: unknown key{hint}"
    if kind == "missing":
        return f"{where}: missing; it has no default"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = str(context["discriminator"]).strip("'")
        expected = str(context.get("expected_tags", "")) or _tags(details["loc"])
        names = [name.strip(" '") for name in expected.split(",")]
        got = context.get("tag")
        if got is None:
            return f"{where}.{tag}: missing; must be one of {', '.join(names)}"
        hint = did_you_mean(str(got), names)
        return f"{where}.{tag}: got {got!r}; must be one of {', '.join(names)}{hint}"
    message = details["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if kind == "value_error":
        return f"{where}: {message}"
    return f"{where}: got {_short(details['input'])}; {message.replace('input should', 'must')}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _path(loc: tuple[int | str, ...], raw: object) -> Iterator[int | str]:
    """The parts of pydantic's location that are keys of the file; the tags of unions are not."""
    here = raw
    for depth, part in enumerate(loc):
        inside = isinstance(here, Mapping) and part in here
        listed = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if inside or listed:
            yield part
            here = here[part]  # type: ignore[index]
        elif depth == len(loc) - 1 and part != "[key]" and not _is_tag(part, here):
            yield part


def _is_tag(part: int | str, here: object) -> bool:
    return isinstance(here, Mapping) and part in here.values()


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    return list(_schema_at(loc[:-1]).get("properties", {}))


def _tags(loc: tuple[int | str, ...]) -> str:
    return ", ".join(_schema_at(loc).get("discriminator", {}).get("mapping", {}))


def _schema_at(loc: tuple[int | str, ...]) -> dict[str, Any]:
    """The part of the schema that a location leads to."""
    schema = Config.model_json_schema()
    here = schema
    for part in loc:
        here = _follow(here, schema)
        if part in here.get("discriminator", {}).get("mapping", {}):
            here = {"$ref": here["discriminator"]["mapping"][part]}
        elif part in here.get("properties", {}):
            here = here["properties"][part]
        elif isinstance(here.get("additionalProperties"), dict):
            here = here["additionalProperties"]
        elif "items" in here:
            here = here["items"]
    return _follow(here, schema)


def _follow(here: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in here:
        here = schema["$defs"][here["$ref"].rsplit("/", 1)[1]]
    return here


def json_schema() -> str:
    """The JSON schema of a configuration file, for editors; ``config/schema.json``."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
