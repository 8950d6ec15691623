"""The opening paragraph, counted from the results so that it is true of any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chunkscope.explorer.claims import JudgedClaim
from chunkscope.explorer.tables import FoundChunks


def summarise_results(
    runs: Mapping[str, Any], found: Sequence[FoundChunks], claims: Sequence[JudgedClaim]
) -> str:
    """Runs, networks, chunks and claims, one sentence each; the verdicts follow the last.

    Args:
        runs: the configuration's ``runs``.
        found: the chunks of each run, at least one.
    """
    corpora = {runs[run.run]["corpus"] for run in found}
    return " ".join([_networks(found, len(corpora)), _chunks(found), _claims(claims)])


def _networks(found: Sequence[FoundChunks], corpora: int) -> str:
    seeds = sorted(run.seeds for run in found)
    span = str(seeds[0]) if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
    return (
        f"{_count(len(seeds), 'run')} on {_count(corpora, 'corpus', 'corpora')} trained "
        f"{_count(sum(seeds), 'network')}, {span} per run, each from its own seed."
    )


def _chunks(found: Sequence[FoundChunks]) -> str:
    with_chunks = sum(run.seeds_with_chunks for run in found)
    return f"Chunks were found in {with_chunks} of these {sum(run.seeds for run in found)}."


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
