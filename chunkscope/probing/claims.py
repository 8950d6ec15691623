"""The claims about probes of a run, and the rules that judge them.

The rules were written before any table of the default profile was seen. Every value is of the test
rows at the balanced prevalence (20 % positives, as published), a mean over the features of a run
in each member, with an interval over members. Where a probe stands at several sites, the one of
the best validation F1 counts. The published numbers are of compound words in language models (1B,
layers 1 to 4), read off a figure; ours are of all features of a run, so that only the direction
of the effects is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from chunkscope.probing.conditions import BALANCED, PROBE, ROTATED, UNTRAINED, lookup_name
from chunkscope.probing.summary import best_sites
from chunkscope.statistics import (
    Claim,
    Interval,
    Verdict,
    judge,
    mean_interval,
    paired_difference,
)
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2305.01610"
FIGURE = "its figure of compound words, read by eye; the full text was not available"

REMEMBERED = ("word", "position", "state", "context")
"""Kinds that the present symbol does not tell."""
FEW = 8
"""Units at which the basis should matter less: published is a gap that closes by 4 to 10."""


def judge_probes(
    runs: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], lookup: int
) -> Iterator[Claim]:
    """The claims of every run that has what they need.

    Args:
        runs: run -> its ``scores.csv`` and ``units.csv``.
        lookup: symbols that the longer lookup knows.
    """
    for run, (scores, units) in runs.items():
        scores = scores[scores["prevalence"] == BALANCED]
        units = units[(units["prevalence"] == BALANCED) & units["best"]]
        yield _single_unit(run, units)
        yield _basis_matters(run, scores)
        if (scores["size"] == FEW).any():
            yield _basis_matters_less(run, scores)
        if set(REMEMBERED) & set(scores["kind"]):
            yield _beyond_lookup(run, scores, lookup_name(lookup))
        if {"symbol", "state"} <= set(scores["kind"]):
            yield _more_units_for_state(run, scores)


def _single_unit(run: str, units: pd.DataFrame) -> Claim:
    trained, untrained = (_by_member(units, condition) for condition in (PROBE, UNTRAINED))
    value = paired_difference(trained, untrained)
    real = units[units["condition"] == PROBE]["q"] < 0.05
    return Claim(
        id=f"probing-single-unit-{run}",
        study="probing",
        paper=OWN,
        statement=f"Training makes single units of {run} tell features: F1 of the best unit, "
        "trained minus untrained",
        published="",
        published_source="",
        value=value,
        control=f"F1 trained {trained.mean():.3f}, untrained {untrained.mean():.3f}; beyond "
        f"shuffled labels (q < .05) {real.mean():.0%} of the best units",
        rule="reproduced: above 0 with the whole interval of the paired difference over members; "
        "direction: mean above 0",
        verdict=judge(value, reproduced=value.low > 0, direction=value.mean > 0),
    )


def _basis_matters(run: str, scores: pd.DataFrame) -> Claim:
    value = _basis_gap(scores, 1)
    probe, rotated = (_at_size(scores, name, 1).mean() for name in (PROBE, ROTATED))
    return Claim(
        id=f"probing-basis-{run}",
        study="probing",
        paper=PAPER,
        statement=f"Units are a better basis than a random one in {run}: F1 at k = 1, units minus "
        "orthogonal rotation",
        published="usually .05 to .15 (compound words, Gaussian-random basis)",
        published_source=FIGURE,
        value=mean_interval(value),
        control=f"F1 of units {probe:.3f}, of rotated units {rotated:.3f}",
        rule="reproduced: above 0 with the whole interval of the paired difference over members; "
        "direction: mean above 0",
        verdict=_above_zero(mean_interval(value)),
    )


def _basis_matters_less(run: str, scores: pd.DataFrame) -> Claim:
    one, few = _basis_gap(scores, 1), _basis_gap(scores, FEW)
    closed = paired_difference(one, few)
    halved = closed.low > 0 and few.mean() <= one.mean() / 2
    return Claim(
        id=f"probing-basis-closes-{run}",
        study="probing",
        paper=PAPER,
        statement=f"The gap between units and a random basis closes with more units in {run}: gap "
        f"at k = 1 minus gap at k = {FEW} (F1)",
        published="the gap largely closes by k of 4 to 10 (compound words)",
        published_source=FIGURE,
        value=closed,
        control=f"gap at k = 1 {mean_interval(one):.3f}, at k = {FEW} {mean_interval(few):.3f}",
        rule=f"reproduced: above 0 with the whole interval over members, and the mean gap at k = "
        f"{FEW} at most half of that at k = 1; direction: mean above 0; not reproduced where "
        "there is no gap at k = 1 to close",
        verdict=judge(
            closed,
            reproduced=one.mean() > 0 and halved,
            direction=one.mean() > 0 and closed.mean > 0,
        ),
    )


def _beyond_lookup(run: str, scores: pd.DataFrame, lookup: str) -> Claim:
    remembered = scores[scores["kind"].isin(REMEMBERED)]
    chosen = remembered[remembered["chosen"]]
    floor = chosen[chosen["condition"] == lookup]["f1"].mean()
    trained, untrained = (_by_member(chosen, condition) for condition in (PROBE, UNTRAINED))
    value = mean_interval(trained - floor)
    return Claim(
        id=f"probing-beyond-lookup-{run}",
        study="probing",
        paper=OWN,
        statement=f"Probes of {run} tell more than its last symbols do of "
        f"{_listed(remembered['kind'])}: F1 of the chosen probe minus F1 of {lookup}",
        published="",
        published_source="",
        value=value,
        control=f"F1 of the probe {trained.mean():.3f}, untrained {untrained.mean():.3f}, {lookup} "
        f"{floor:.3f}",
        rule="reproduced: above 0, and above the untrained network, with the whole intervals over "
        "members; direction: mean above 0",
        verdict=judge(
            value,
            reproduced=value.low > 0 and paired_difference(trained, untrained).low > 0,
            direction=value.mean > 0,
        ),
    )


def _more_units_for_state(run: str, scores: pd.DataFrame) -> Claim:
    chosen = scores[scores["chosen"] & (scores["condition"] == PROBE)]
    log_units = chosen.assign(units=np.log2(chosen["units_needed"].astype(float)))
    needed = {
        kind: _by_member(log_units[log_units["kind"] == kind], PROBE, "units")
        for kind in ("symbol", "state")
    }
    value = paired_difference(needed["state"], needed["symbol"])
    means = {kind: 2 ** float(of_kind.mean()) for kind, of_kind in needed.items()}
    return Claim(
        id=f"probing-units-needed-{run}",
        study="probing",
        paper=OWN,
        statement=f"The parse state of {run} takes more units than the present symbol: log2 of the "
        "units needed (the fewest within one standard error of the best on validation), state "
        "minus symbol",
        published="",
        published_source="",
        value=value,
        control=f"geometric mean of units needed: symbol {means['symbol']:.1f}, state "
        f"{means['state']:.1f}",
        rule="reproduced: above 0 with the whole interval of the paired difference over members; "
        "direction: mean above 0",
        verdict=_above_zero(value),
    )


def _by_member(table: pd.DataFrame, condition: str, column: str = "f1") -> pd.Series:
    """Member -> mean over features."""
    return table[table["condition"] == condition].groupby("member")[column].mean()


def _at_size(scores: pd.DataFrame, condition: str, size: int) -> pd.Series:
    """Member -> mean F1 over features of the probes of one size, at the site chosen for it."""
    rows = scores[(scores["size"] == size) & scores["dense"].eq(False)]
    return _by_member(best_sites(rows), condition)


def _basis_gap(scores: pd.DataFrame, size: int) -> pd.Series:
    """Member -> F1 of units minus F1 of the rotated basis."""
    return _at_size(scores, PROBE, size) - _at_size(scores, ROTATED, size)


def _above_zero(value: Interval) -> Verdict:
    return judge(value, reproduced=value.low > 0, direction=value.mean > 0)


def _listed(kinds: pd.Series) -> str:
    *most, last = [kind for kind in REMEMBERED if kinds.eq(kind).any()]
    return f"{', '.join(most)} and {last}" if most else last
