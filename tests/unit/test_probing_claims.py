"""Verdicts follow their rules: tables made to pass, to go the right way, and to fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chunkscope.probing.claims import FEW, judge_probes
from chunkscope.statistics import Claim

MEMBERS = (0, 1, 2, 3)
KINDS = ("symbol", "state", "word")
GAPS = {1: 0.15, FEW: 0.01}
"""By how much the units beat their rotation, by size."""


def scores(
    gaps: dict[int, float] | None = None,
    lookup: float = 0.6,
    state_units: int = 8,
    spread: float = 0.01,
    sites: tuple[str, ...] = ("a",),
) -> pd.DataFrame:
    """F1 .5 of the rotation, .9 of what was chosen; members differ by ``spread``."""
    rows = []
    for kind in KINDS:
        base = {"kind": kind, "name": kind[0], "prevalence": "balanced"}
        floor = {"condition": "lookup 3", "member": np.nan, "size": np.nan, "dense": np.nan}
        rows.append({**base, **floor, "f1": lookup, "chosen": True})
        for member in MEMBERS:
            of_member = spread * (member - 1.5)
            for site in sites:
                place = {**base, "member": member, "site": site, "dense": False}
                for size, gap in (gaps or GAPS).items():
                    for condition, f1 in (("probe", 0.5 + gap + of_member), ("rotated", 0.5)):
                        line = {"condition": condition, "size": size, "f1": f1, "chosen": False}
                        rows.append({**place, **line, "validation": f1})
            for condition, f1 in (("probe", 0.9), ("untrained", 0.7)):
                needed = state_units if kind == "state" else 2 ** (member % 2)
                line = {"condition": condition, "size": 24, "dense": True, "chosen": True}
                f1 += of_member
                rows.append({**place, **line, "f1": f1, "validation": f1, "units_needed": needed})
    table = pd.DataFrame(rows)
    other = table.assign(prevalence="natural", f1=0.0)  # says nothing about any claim
    return pd.concat([table, other], ignore_index=True)


def units(gain: float = 0.2, spread: float = 0.01) -> pd.DataFrame:
    rows = [
        {
            "kind": "word", "name": "w", "condition": condition, "member": member,
            "prevalence": "balanced", "best": best, "q": 0.01,
            "f1": best * (0.5 + gain * (condition == "probe") * (1 + spread * member)),
        }
        for condition in ("probe", "untrained")
        for member in MEMBERS
        for best in (True, False)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def judged(scored: pd.DataFrame, best: pd.DataFrame | None = None) -> dict[str, Claim]:
    best = units() if best is None else best
    claims = judge_probes({"r": (scored, best)}, lookup=3)
    return {claim.id.removeprefix("probing-").removesuffix("-r"): claim for claim in claims}


def test_what_is_as_stated_is_reproduced_with_its_value():
    claims = judged(scores())
    assert {claim.verdict for claim in claims.values()} == {"reproduced"}
    assert claims["basis"].value.mean == pytest.approx(0.15)
    assert claims["basis-closes"].value.mean == pytest.approx(0.14)
    assert claims["beyond-lookup"].value.mean == pytest.approx(0.3)
    assert claims["units-needed"].value.mean == pytest.approx(2.5)
    assert claims["single-unit"].value.mean == pytest.approx(0.2 * 1.015)
    assert {claim.value.n for claim in claims.values()} == {len(MEMBERS)}


@pytest.mark.parametrize(
    ("name", "changed", "verdict"),
    [
        ("basis", {"gaps": {1: -0.1, FEW: 0.0}}, "not reproduced"),
        ("basis", {"gaps": {1: 0.01, FEW: 0.0}, "spread": 0.1}, "direction only"),
        ("basis-closes", {"gaps": {1: 0.15, FEW: 0.14}}, "direction only"),  # not half of it
        ("basis-closes", {"gaps": {1: 0.15, FEW: 0.2}}, "not reproduced"),
        ("basis-closes", {"gaps": {1: -0.1, FEW: -0.2}}, "not reproduced"),  # nothing to close
        ("beyond-lookup", {"lookup": 0.95}, "not reproduced"),
        ("beyond-lookup", {"lookup": 0.89, "spread": 0.1}, "direction only"),
        ("units-needed", {"state_units": 1}, "not reproduced"),
    ],
)
def test_what_is_not_as_stated_is_not_reproduced(name, changed, verdict):
    assert judged(scores(**changed))[name].verdict == verdict


@pytest.mark.parametrize(
    ("gain", "spread", "verdict"),
    [(-0.2, 0.01, "not reproduced"), (0.0, 0.0, "not reproduced"), (0.05, -0.6, "direction only")],
)
def test_single_units_must_gain_by_training(gain, spread, verdict):
    assert judged(scores(), units(gain, spread))["single-unit"].verdict == verdict


def test_the_site_counts_that_validation_prefers():
    table = scores(sites=("a", "b"))
    worse = table["site"].eq("b") & table["size"].eq(1) & table["condition"].eq("probe")
    table.loc[worse, "f1"] -= 0.3
    table.loc[worse, "validation"] -= 0.3
    assert judged(table)["basis"].value.mean == pytest.approx(0.15)
    table.loc[worse, "validation"] += 0.6  # validation errs, and the test rows say so
    assert judged(table)["basis"].value.mean == pytest.approx(-0.15)


def test_claims_are_made_only_where_their_parts_are():
    table = scores()
    assert "units-needed" not in judged(table[table["kind"] != "state"])
    only = table[table["kind"] == "symbol"]
    assert set(judged(only)) == {"single-unit", "basis", "basis-closes"}
    assert "basis-closes" not in judged(only[only["size"] != FEW])
    alone = judged(table[~(table["member"] > 0)], units()[lambda table: table["member"] == 0])
    assert {claim.verdict for claim in alone.values()} == {"not estimable"}
