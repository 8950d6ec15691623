"""One error family: every message is a single sentence that says what, where, got, allowed, fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ChunkscopeError(Exception):
    """Base of every error this package raises on bad input; catch it to catch them all."""


class ConfigError(ChunkscopeError):
    """The configuration is wrong; ``problems`` holds one sentence per mistake.

    Example:
        >>> raise ConfigError(["config.yaml: seed: got 'x'; must be an integer"])
        Traceback (most recent call last):
        chunkscope.errors.ConfigError: config.yaml: seed: got 'x'; must be an integer
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class GrammarError(ChunkscopeError):
    """A grammar cannot generate sequences: unknown symbols, shadowing words, bad probabilities."""


class NetworkError(ChunkscopeError):
    """A network, its settings, its files or what it is given do not fit."""


class SiteError(ChunkscopeError):
    """A site pattern matches nothing, or a site cannot take what it was given."""


class StoreError(ChunkscopeError):
    """An activation store is missing, incomplete, altered or holds values it must not hold."""


class ExtractionError(ChunkscopeError):
    """An extractor was given data or settings it cannot work with."""


class InterventionError(ChunkscopeError):
    """An intervention never fired, or its units and values do not fit the site."""


class ProbingError(ChunkscopeError):
    """A probe was given rows, labels or settings it cannot work with."""


class InversionError(ChunkscopeError):
    """A preimage was asked for that there is not: of other units, of no query, of no metric."""


class DynamicsError(ChunkscopeError):
    """Systems cannot be compared: axes, trials, rows, ranks or values do not fit."""


class NeuronError(ChunkscopeError):
    """Units cannot be explained or scored with these settings or this activity."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean X?"`` for the known word nearest to ``word``, else an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
