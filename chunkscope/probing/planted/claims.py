"""The claims about rankings on planted supports and the rules that judge them.

Prototypes had shown the values when the rules were written. The paper's own comparison (Gurnee et
al., arXiv 2305.01610) is a figure without numbers; these are expectations of this project.
"""

from __future__ import annotations

import pandas as pd

from chunkscope.probing.planted.comparison import BEST_SUBSET, CODES, DENSE, GELU, SUPPRESSOR
from chunkscope.statistics import Claim, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN

STUDY = "probing"
MEAN_DIFFERENCE = "mean_difference"
NEARLY_ALL = 0.9  # of the planted units, that are found on average


def judge_rankings(table: pd.DataFrame) -> list[Claim]:
    """Every claim with its verdict.

    Args:
        table: of :func:`chunkscope.probing.planted.comparison.compare_rankings`.
    """
    return [_suppressor(table), _codes(table), _gelu(table)]


def _suppressor(table: pd.DataFrame) -> Claim:
    rows = _at_planted(table, SUPPRESSOR)
    f1, found = (_by_ranking(rows, value) for value in ("f1", "recovered"))
    value = paired_difference(f1[BEST_SUBSET], f1[MEAN_DIFFERENCE])
    proved = (rows.loc[rows["ranking"] == BEST_SUBSET, "status"] == "optimal").mean()
    dense = table[(table["data"] == SUPPRESSOR) & (table["ranking"] == DENSE)]["f1"].mean()
    return Claim(
        id="probing-rankings-suppressor",
        study=STUDY,
        paper=OWN,
        statement="Of a pair of units that tell a feature only together, the exact best subset of "
        "two finds what the mean difference cannot (F1, difference)",
        published="",
        published_source="",
        value=value,
        control=f"F1: best subset {f1[BEST_SUBSET].mean():.3f}, mean difference "
        f"{f1[MEAN_DIFFERENCE].mean():.3f}, L1 {f1['l1'].mean():.3f}, random "
        f"{f1['random'].mean():.3f}, all units {dense:.3f}; share of the pair found "
        f"{found[BEST_SUBSET].mean():.2f} and {found[MEAN_DIFFERENCE].mean():.2f} (a decoy can "
        f"stand in for the other unit); proved optimal in {proved:.0%} of draws",
        rule="reproduced: above 0 with the whole interval of the paired difference over draws, and "
        "every best subset proved; direction: the former alone",
        verdict=judge(value, reproduced=value.low > 0 and proved == 1, direction=value.low > 0),
    )


def _codes(table: pd.DataFrame) -> Claim:
    found = _by_ranking(_at_planted(table, CODES), "recovered")
    value = mean_interval(found[MEAN_DIFFERENCE])
    every = bool((found[MEAN_DIFFERENCE] == 1).all())
    return Claim(
        id="probing-rankings-codes",
        study=STUDY,
        paper=OWN,
        statement="Where units carry many features each, the mean difference still finds all that "
        "carry one (share of a random code's units)",
        published="",
        published_source="",
        value=value,
        control=f"random {found['random'].mean():.2f}, best subset {found[BEST_SUBSET].mean():.2f}",
        rule="reproduced: all of them in every draw; direction: at least "
        f"{NEARLY_ALL:g} of them on average",
        verdict=judge(value, reproduced=every, direction=value.mean >= NEARLY_ALL),
    )


def _gelu(table: pd.DataFrame) -> Claim:
    found = _by_ranking(_at_planted(table, GELU), "recovered")
    value = paired_difference(found[MEAN_DIFFERENCE], found[BEST_SUBSET])
    others = ", ".join(
        f"{name.replace('_', ' ')} {found[name].mean():.3f}"
        for name in found.columns
        if name not in (MEAN_DIFFERENCE, BEST_SUBSET)
    )
    return Claim(
        id="probing-rankings-gelu",
        study=STUDY,
        paper=OWN,
        statement="Where every carrier tells the feature by itself, the mean difference finds no "
        "fewer of them than the best subset (share of the planted units, difference)",
        published="",
        published_source="",
        value=value,
        control=f"mean difference {found[MEAN_DIFFERENCE].mean():.3f}, best subset "
        f"{found[BEST_SUBSET].mean():.3f}, {others}",
        rule="reproduced: at least 0 with the whole interval of the paired difference over draws; "
        "direction: at least 0 on average",
        verdict=judge(value, reproduced=value.low >= 0, direction=value.mean >= 0),
    )


def _at_planted(table: pd.DataFrame, data: str) -> pd.DataFrame:
    """Choices of one kind of data of as many units as were planted."""
    return table[(table["data"] == data) & (table["size"] == table["planted"])]


def _by_ranking(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """(draw, ranking)."""
    return table.pivot(index="draw", columns="ranking", values=value)
