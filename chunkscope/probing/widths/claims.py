"""The claims about width and the rules that judge them, fixed before any table was seen.

Published are mean F1 of the best single neuron over features in seven language models; ours are
networks of five widths, so that the direction alone is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from chunkscope.probing.conditions import BALANCED, PROBE, ROTATED, UNTRAINED
from chunkscope.probing.terms import ALL, UNIT
from chunkscope.probing.widths.study import member_means
from chunkscope.statistics import Claim, Interval, judge, mean_interval
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2305.01610"
SOURCE = "the authors' repository; the best layer was picked on test rows there"


def judge_widths(scores: pd.DataFrame) -> Iterator[Claim]:
    """Two claims, if there are networks of two widths at least.

    Args:
        scores: ``widths.csv``.
    """
    if scores["width"].nunique() < 2:
        return
    means = member_means(scores[scores["prevalence"] == BALANCED])
    means = means[(means["kind"] == ALL) & (means["measure"] == UNIT)]
    f1 = {
        str(condition): rows.pivot(index="member", columns="width", values="value")
        for condition, rows in means.groupby("condition")
    }
    yield _increases(f1)
    yield _gains(f1)


def _increases(f1: Mapping[str, pd.DataFrame]) -> Claim:
    value = per_doubling(f1[PROBE])
    by_width = f1[PROBE].mean()
    return Claim(
        id="probing-widths-unit",
        study="probing",
        paper=PAPER,
        statement="The best single unit tells features better in wider networks, on average (F1 "
        "gained for each doubling of the width, mean over features)",
        published="increasing, not monotone, from 70M to 6.9B: e.g. data source .794 to .854, text "
        ".747 to .836",
        published_source=SOURCE,
        value=value,
        control=f"F1 {_listed(by_width)}; before training {per_doubling(f1[UNTRAINED]):.3f}, in a "
        f"random basis {per_doubling(f1[ROTATED]):.3f}",
        rule="reproduced: slope over log2 width above 0 with the whole interval over members (one "
        "network of every width each); direction: mean above 0",
        verdict=judge(value, reproduced=value.low > 0, direction=value.mean > 0),
    )


def _gains(f1: Mapping[str, pd.DataFrame]) -> Claim:
    gain = f1[PROBE] - f1[UNTRAINED]
    value = per_doubling(gain)
    return Claim(
        id="probing-widths-gain",
        study="probing",
        paper=OWN,
        statement="That wider networks have better single units is more than more units to choose "
        "from: what training adds to the best unit's F1 grows with the width, too",
        published="",
        published_source="",
        value=value,
        control=f"trained less untrained {_listed(gain.mean())}",
        rule="reproduced: slope of trained less untrained over log2 width above 0 with the whole "
        "interval over members; direction: mean above 0",
        verdict=judge(value, reproduced=value.low > 0, direction=value.mean > 0),
    )


def per_doubling(table: pd.DataFrame) -> Interval:
    """Least-squares slope over log2 of the columns, a row each, with an interval over rows."""
    doublings = np.log2(np.asarray(table.columns, dtype=np.float64))
    return mean_interval(np.polyfit(doublings, table.to_numpy().T, 1)[0])


def _listed(by_width: pd.Series) -> str:
    return ", ".join(f"{value:.2f} ({width})" for width, value in by_width.items())
