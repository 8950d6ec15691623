"""The claims ledger: what a paper says, what is seen here, and a verdict by a rule fixed before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from chunkscope.statistics.intervals import Interval

Verdict = Literal["reproduced", "direction only", "not reproduced", "not estimable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
OWN = "chunkscope"
"""``paper`` of an expectation of this project, which nobody published."""

COLUMNS = (
    "id",
    "study",
    "paper",
    "statement",
    "published",
    "published_source",
    "value",
    "ci_low",
    "ci_high",
    "n",
    "control",
    "rule",
    "verdict",
)


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper and how it fares.

    Attributes:
        id: stable name, ``{study}-{what}``.
        study: the study that judges it.
        paper: where it was published, or :data:`OWN`.
        statement: the claim in our words.
        published: the published value, as text; empty if none was given.
        published_source: where the published value stands, and how sure that is.
        value: our value with its interval and n.
        control: the floor or control it stands beside, as text with its value.
        rule: the rule of the verdict, in words.
        verdict: what the rule says.
    """

    id: str
    study: str
    paper: str
    statement: str
    published: str
    published_source: str
    value: Interval
    control: str
    rule: str
    verdict: Verdict

    def row(self) -> dict[str, object]:
        """The ledger's columns."""
        named = asdict(self)
        interval = named.pop("value")
        named.update(
            value=interval["mean"],
            ci_low=interval["low"],
            ci_high=interval["high"],
            n=interval["n"],
        )
        return {column: named[column] for column in COLUMNS}


def judge(value: Interval, *, reproduced: bool, direction: bool) -> Verdict:
    """The verdict of a rule whose two tests were made: the strict one and the direction alone.

    A value without an interval (none, or of one unit) is not estimable.
    """
    if not np.isfinite([value.mean, value.low, value.high]).all():
        return "not estimable"
    if reproduced:
        return "reproduced"
    return "direction only" if direction else "not reproduced"


def write_claims(claims: Iterable[Claim], path: str | Path) -> None:
    """Write a study's claims as CSV; a study without claims writes the header."""
    table = pd.DataFrame([claim.row() for claim in claims], columns=list(COLUMNS))
    table.to_csv(path, index=False, float_format="%.6g")
