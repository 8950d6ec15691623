"""The claims about induced compositionality and the rules that judge them, fixed before any run.

The paper (Wu et al., arXiv 2502.01803) shows that networks given the state of J at D learn the
word ABCDLMN faster. It compares with no other state and never takes the graft away; what is
expected there is this project's own.
"""

from __future__ import annotations

import pandas as pd

from chunkscope.experiments.transfer.arms import (
    CONTROL,
    FADING,
    GRAFT,
    INTENDED,
    PRETRAINED,
    UNTRAINED,
)
from chunkscope.statistics import Claim, Interval, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN

STUDY = "chunks"
PAPER = "arXiv 2502.01803"
PUBLISHED_GRAFT, PUBLISHED_CONTROL = 0.90, 0.79  # smoothed accuracy at the start
PLOT = "saved plot of the authors' notebook, one run, read off by eye"
Table = dict[str, pd.DataFrame]  # measure -> (seed, arm)
DONORS = (GRAFT, INTENDED, FADING)  # arms that have the donor's own state


def judge_transfer(outcomes: pd.DataFrame | None) -> list[Claim]:
    """Every claim with its verdict.

    Args:
        outcomes: ``arm, seed, measure, value`` of the paper's network; None if no network repeats
            the paper's, and then none is judged.
    """
    if outcomes is None:
        return []
    table: Table = {
        str(measure): rows.pivot(index="seed", columns="arm", values="value")
        for measure, rows in outcomes.groupby("measure")
    }
    return [_speeds_up(table), _is_specific(table), _learns_the_link(table), _fades(table)]


def _speeds_up(table: Table) -> Claim:
    start = table["start_accuracy"]
    grafted, control = (mean_interval(start[arm]).mean for arm in (GRAFT, CONTROL))
    gain = _gain(table, "early_accuracy", GRAFT)
    before = _gain(table, "accuracy_on_before", GRAFT)
    near = abs(grafted - PUBLISHED_GRAFT) <= 0.05 and abs(control - PUBLISHED_CONTROL) <= 0.05
    return Claim(
        id="chunks-transfer-faster",
        study=STUDY,
        paper=PAPER,
        statement="With the state of J grafted at D, the network is better at ABCDLMN from the "
        "start (accuracy gained over the control, trials 1 to 20)",
        published=f"smoothed accuracy starts at about {PUBLISHED_GRAFT:.2f}, the control's at "
        f"{PUBLISHED_CONTROL:.2f}",
        published_source=PLOT,
        value=gain,
        control=f"first 10 trials: grafted {grafted:.3f}, control {control:.3f}; gained before any "
        f"update, on fresh sequences: {before:+.3f}",
        rule="reproduced: gain above 0 with the whole interval, and both means of the first 10 "
        "trials within .05 of the published; direction: gain above 0 with the whole interval",
        verdict=judge(gain, reproduced=gain.low > 0 and near, direction=gain.low > 0),
    )


def _is_specific(table: Table) -> Claim:
    early = table["early_accuracy"]
    others = [arm for arm in early.columns if arm not in (*DONORS, CONTROL, UNTRAINED, PRETRAINED)]
    best = max(others, key=lambda arm: mean_interval(early[arm]).mean)
    over = {arm: paired_difference(early[GRAFT], early[arm]) for arm in others}
    alone = {arm: paired_difference(early[arm], early[CONTROL]) for arm in others}
    least = min(difference.low for difference in over.values())
    return Claim(
        id="chunks-transfer-specific",
        study=STUDY,
        paper=OWN,
        statement="It takes the state of J: no other state speeds the network up (accuracy gained "
        "by J over the best other state, trials 1 to 20)",
        published="",
        published_source="",
        value=over[best],
        control=f"best of {len(others)} others: {best}, {alone[best]:+.3f} over the control",
        rule="reproduced: J above every other state, and no other above the control, each with the "
        "whole interval of the paired difference; direction: the former alone",
        verdict=judge(
            over[best],
            reproduced=least > 0 and all(gain.low <= 0 for gain in alone.values()),
            direction=least > 0,
        ),
    )


def _learns_the_link(table: Table) -> Claim:
    link, rest = table["link_off"], table["elsewhere_off"]
    value, before = mean_interval(link[GRAFT]), mean_interval(table["link_off_before"][GRAFT])
    return Claim(
        id="chunks-transfer-link",
        study=STUDY,
        paper=OWN,
        statement="The network learned from the graft that L follows D: it says so once the graft "
        "is switched off",
        published="",
        published_source="",
        value=value,
        control=f"control {link[CONTROL].mean():.3f}, before the transfer {before.mean:.3f}; every "
        "D of the training had the graft, and without it other symbols are guessed worse too: "
        f"{rest[GRAFT].mean():.3f}, control {rest[CONTROL].mean():.3f}",
        rule="reproduced: L guessed after at least .9 of all D; direction: more often than before "
        "the transfer, with the whole interval",
        verdict=judge(value, reproduced=value.mean >= 0.9, direction=value.low > before.high),
    )


def _fades(table: Table) -> Claim:
    link, gain = table["link_off"], _gain(table, "early_accuracy", FADING)
    value = mean_interval(link[FADING])
    over = paired_difference(link[FADING], link[GRAFT])
    return Claim(
        id="chunks-transfer-fading",
        study=STUDY,
        paper=OWN,
        statement="A graft that fades over the trials speeds the network up and leaves it with the "
        "link: L is guessed after D without the graft",
        published="",
        published_source="",
        value=value,
        control=f"graft that does not fade {link[GRAFT].mean():.3f}, no graft "
        f"{link[CONTROL].mean():.3f}; accuracy gained over the control, trials 1 to 20: "
        f"{gain:+.3f}",
        rule="reproduced: L guessed after at least .9 of all D without the graft, and accuracy of "
        "trials 1 to 20 above the control's with the whole interval; direction: more L than with "
        "the graft that does not fade, with the whole interval",
        verdict=judge(value, reproduced=value.mean >= 0.9 and gain.low > 0, direction=over.low > 0),
    )


def _gain(table: Table, measure: str, arm: str) -> Interval:
    """What an arm gains over the control, paired by seed."""
    return paired_difference(table[measure][arm], table[measure][CONTROL])
