"""The opening paragraph, counted from the results so that it is true of any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chunkscope.explorer.claims import JudgedClaim
from chunkscope.explorer.tables import FoundChunks


def summarise_results(
    config: Mapping[str, Any], found: Sequence[FoundChunks], claims: Sequence[JudgedClaim]
) -> str:
    """Runs, experiments, chunks and claims, one sentence each; the verdicts follow the last.

    Args:
        config: the resolved configuration.
        found: the chunks of each run of that study.
    """
    said = [
        _networks(config.get("runs", {})),
        _experiments(config.get("experiments", {})),
        _chunks(found),
        _claims(claims),
    ]
    return " ".join(filter(None, said))


def _networks(runs: Mapping[str, Any]) -> str:
    corpora = {run["corpus"] for run in runs.values()}
    seeds = sorted(run["seeds"] for run in runs.values())
    if not seeds:
        return ""
    span = str(seeds[0]) if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
    return (
        f"{_count(len(seeds), 'run')} on {_count(len(corpora), 'corpus', 'corpora')} read "
        f"{_count(sum(seeds), 'network')}, {span} per run, each from its own seed."
    )


def _experiments(experiments: Mapping[str, Any]) -> str:
    kinds = {name: len(made["networks"]) for name, made in experiments.items() if made}
    if not kinds:
        return ""
    made = ", ".join(f"{name} ({_count(n, 'kind')})" for name, n in kinds.items())
    return f"Experiments with networks of their own: {made}."


def _chunks(found: Sequence[FoundChunks]) -> str:
    if not found:
        return ""
    with_chunks = sum(run.seeds_with_chunks for run in found)
    sought = _count(sum(run.seeds for run in found), "network")
    return f"Chunks were sought in {sought} and found in {with_chunks}."


def _claims(claims: Sequence[JudgedClaim]) -> str:
    published = sum(claim.published_elsewhere for claim in claims)
    own = len(claims) - published
    beside = f", beside {_count(own, 'expectation')} of this project" if own else ""
    if not published:
        return f"No published claim has been judged{beside}."
    were = "was" if published == 1 else "were"
    return f"{_count(published, 'published claim')} {were} judged{beside}:"


def _count(n: int, noun: str, plural: str | None = None) -> str:
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
