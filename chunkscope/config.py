"""Reads and checks a configuration.

``load`` reports every mistake at once, one sentence each with its dotted path, before any job
starts. Imports no torch, so that a dry run stays quick.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, reduce
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chunkscope.errors import ConfigError, did_you_mean
from chunkscope.misfits import misfits
from chunkscope.schema import KEY, Location, Schema, allowed, locate, one_of
from chunkscope.workflow import Config


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
        problems += misfits(config)
    if problems or config is None:
        raise ConfigError([f"{where}: {problem}" for problem in dict.fromkeys(problems)])
    return config


def resolved(config: Config) -> str:
    """The whole configuration as YAML, defaults included."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


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
