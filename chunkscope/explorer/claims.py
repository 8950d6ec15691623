"""The claims ledgers of all studies, as the report shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chunkscope.explorer.cells import Cell, interval, number, text
from chunkscope.explorer.reading import REMEDY, ReportError, read_table, records
from chunkscope.statistics.claims import COLUMNS, OWN, VERDICTS

TEXT = ("id", "study", "paper", "statement", "published", "published_source", "control", "rule")
MARKS = dict(zip(map(str, VERDICTS), "✓~✗?", strict=True))
"""Verdict -> the sign beside its words."""


@dataclass(frozen=True)
class JudgedClaim:
    """A row of a ledger."""

    id: str
    paper: str
    statement: str
    published: Cell
    source: str
    value: Cell
    n: Cell
    control: Cell
    rule: str
    verdict: str

    @property
    def whose(self) -> str:
        """The paper that says so, or this project."""
        return self.paper if self.published_elsewhere else "expectation of this project"

    @property
    def published_elsewhere(self) -> bool:
        """Whether a paper says so; the others are expectations of this project."""
        return self.paper != OWN


def read_claims(ledgers: Sequence[Path]) -> list[JudgedClaim]:
    """The claims of every ledger, in order.

    Raises:
        ReportError: a ledger lacks a column or holds a verdict that is none.
    """
    tables = [(path, read_table(path, COLUMNS, TEXT)) for path in ledgers]
    return [
        _judged(row, path)
        for path, table in tables
        for row in records(table.fillna(dict.fromkeys(TEXT, "")))
    ]


def count_verdicts(claims: Iterable[JudgedClaim]) -> dict[str, int]:
    """How many claims have each verdict; verdicts that none has are left out."""
    counts = Counter(claim.verdict for claim in claims)
    return {verdict: counts[verdict] for verdict in MARKS if counts[verdict]}


def _judged(row: Mapping[str, Any], path: Path) -> JudgedClaim:
    if row["verdict"] not in MARKS:
        raise ReportError(
            f"{path}: claim {row['id']}: got the verdict {row['verdict']!r}; must be one of "
            f"{', '.join(MARKS)}; {REMEDY}"
        )
    return JudgedClaim(
        id=row["id"],
        paper=row["paper"],
        statement=row["statement"],
        published=text(row["published"]),
        source=row["published_source"],
        value=interval(row["value"], row["ci_low"], row["ci_high"]),
        n=number(row["n"]),
        control=text(row["control"]),
        rule=row["rule"],
        verdict=row["verdict"],
    )
