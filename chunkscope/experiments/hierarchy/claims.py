"""The claims about hierarchy and the rules that judge them.

Pilot runs had shown what to expect when the rules were written; none was changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from chunkscope.experiments.hierarchy.names import (
    DEFAULT,
    ENTROPY_RATE,
    EXCESS,
    MATCHED,
    PARSE_LENGTH,
    SYMBOLS,
    TRAINED,
    UNTRAINED,
)
from chunkscope.experiments.hierarchy.published import CORRELATIONS, PAPER, SOURCE
from chunkscope.statistics import Claim, Interval, judge
from chunkscope.statistics.claims import OWN

NEAR = 0.2
"""How far from the published correlation a reproduced one may be."""
STATEMENTS = {
    "states": ("The number of states grows with the level of hierarchy", 1),
    PARSE_LENGTH: ("The parse of the states gets shorter with the level of hierarchy", -1),
}
"""Measure -> what the paper says of it, and the sign of its correlation with level."""


def judge_hierarchy(
    name: str, correlations: Mapping[str, pd.DataFrame], repeats_paper: bool
) -> list[Claim]:
    """Every claim about one network with its verdict.

    Args:
        name: of the network.
        correlations: version -> ``correlations.csv``.
        repeats_paper: whether the network is the paper's; another's claims carry its name.
    """
    suffix = "" if repeats_paper else f"-{name}"
    claims = [
        claim
        for measure in STATEMENTS
        for claim in (
            _as_published(measure, suffix, correlations["published"], repeats_paper),
            _balanced(measure, suffix, correlations["balanced"]),
        )
    ] + list(_beyond_memory(suffix, correlations))
    if repeats_paper:
        return claims
    return [replace(claim, statement=f"{claim.statement}, in {name}") for claim in claims]


def _as_published(measure: str, suffix: str, table: pd.DataFrame, repeats_paper: bool) -> Claim:
    statement, sign = STATEMENTS[measure]
    value = correlation(table, TRAINED, measure)
    published = CORRELATIONS[TRAINED, measure]
    direction = _beyond_zero(value, sign)
    return Claim(
        id=f"chunks-hierarchy-{measure.replace('_', '-')}{suffix}",
        study="chunks",
        paper=PAPER if repeats_paper else OWN,
        statement=f"{statement} (Spearman's correlation over networks)",
        published=f"{published:+.2f}" if repeats_paper else "",
        published_source=SOURCE if repeats_paper else "",
        value=value,
        control=_controls(table, measure),
        rule=f"reproduced: {_side(sign)} 0 with the whole interval, and within {NEAR} of the "
        f"published {published:+.2f}; direction: {_side(sign)} 0 with the whole interval",
        verdict=judge(
            value,
            reproduced=direction and abs(value.mean - published) <= NEAR,
            direction=direction,
        ),
    )


def _balanced(measure: str, suffix: str, table: pd.DataFrame) -> Claim:
    statement, sign = STATEMENTS[measure]
    value = correlation(table, TRAINED, measure)
    excess = correlation(table, EXCESS[UNTRAINED], measure)
    direction = _beyond_zero(value, sign)
    return Claim(
        id=f"chunks-hierarchy-{measure.replace('_', '-')}-balanced{suffix}",
        study="chunks",
        paper=OWN,
        statement=f"{statement} where symbols are equally frequent at every level",
        published="",
        published_source="",
        value=value,
        control=f"{_controls(table, measure)}; trained minus untrained {excess:+.2f}",
        rule=f"reproduced: {_side(sign)} 0 with the whole interval, and so is the correlation of "
        "what each network has more than before training; direction: the first alone",
        verdict=judge(
            value,
            reproduced=direction and _beyond_zero(excess, sign),
            direction=direction,
        ),
    )


def _beyond_memory(suffix: str, correlations: Mapping[str, pd.DataFrame]) -> Iterator[Claim]:
    """For affine networks, whose memory is one number that a control can have alike."""
    excess = {
        version: correlation(table, EXCESS[MATCHED], "states")
        for version, table in correlations.items()
    }
    if not excess["balanced"].n:
        return
    same = correlation(correlations["balanced"], MATCHED, "states")
    yield Claim(
        id=f"chunks-hierarchy-states-memory{suffix}",
        study="chunks",
        paper=OWN,
        statement="The number of states grows with the level of hierarchy by more than in networks "
        "that learnt nothing and whose memory fades as slowly",
        published="",
        published_source="",
        value=excess["balanced"],
        control=f"these networks themselves {same:+.2f}; the difference as published, where the "
        f"filler's share changes {excess['published']:+.2f}",
        rule="reproduced: the correlation of the difference, network by network, is above 0 with "
        "the whole interval in both versions; direction: in one",
        verdict=judge(
            excess["balanced"],
            reproduced=all(interval.low > 0 for interval in excess.values()),
            direction=any(interval.low > 0 for interval in excess.values()),
        ),
    )


def correlation(
    table: pd.DataFrame, reading: str, measure: str, given: str = "", variant: str = DEFAULT
) -> Interval:
    """One row of ``correlations.csv``; of no networks if it is not there."""
    given_column = table["given"].fillna("")
    at = table[
        (table["reading"] == reading)
        & (table["measure"] == measure)
        & (table["variant"] == variant)
        & (given_column == given)
    ]
    if at.empty:
        return Interval(np.nan, np.nan, np.nan, 0)
    row = at.iloc[0]
    return Interval(float(row["rho"]), float(row["ci_low"]), float(row["ci_high"]), int(row["n"]))


def _controls(table: pd.DataFrame, measure: str) -> str:
    parts = [f"untrained {correlation(table, UNTRAINED, measure):+.2f}"]
    if measure == PARSE_LENGTH:
        parts.append(f"raw symbols {correlation(table, SYMBOLS, measure):+.2f}")
    given = correlation(table, TRAINED, measure, ENTROPY_RATE)
    parts.append(f"partial given the entropy rate {given:+.2f}")
    return ", ".join(parts)


def _beyond_zero(value: Interval, sign: int) -> bool:
    return bool(value.low > 0 if sign > 0 else value.high < 0)


def _side(sign: int) -> str:
    return "above" if sign > 0 else "below"
