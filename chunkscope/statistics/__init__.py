"""Intervals, paired differences and the claims ledger: the ground floor of every table."""

from chunkscope.statistics.claims import Claim, Verdict, judge, write_claims
from chunkscope.statistics.intervals import (
    Interval,
    jackknife,
    mean_interval,
    paired_difference,
    pairwise_interval,
    partner_interval,
    ratio_interval,
    seen_in_none,
    summarise,
)

__all__ = [
    "Claim",
    "Interval",
    "Verdict",
    "jackknife",
    "judge",
    "mean_interval",
    "paired_difference",
    "pairwise_interval",
    "partner_interval",
    "ratio_interval",
    "seen_in_none",
    "summarise",
    "write_claims",
]
