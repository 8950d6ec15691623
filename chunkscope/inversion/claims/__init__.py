"""The claims about preimages, and the rules that judge them.

The rules were written before any table of the default profile was seen. Values are means over the
members of a run that have learned their task, with an interval over members, unless said otherwise;
balls are euclidean and of the published radius. Where a claim is of some head, it is chosen in each
member on half of the queries and judged on the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from chunkscope.inversion.claims.checks import (
    draws_cover,
    few_heads_carry,
    has_learned,
    members_keep_answer,
)
from chunkscope.inversion.claims.tasks import (
    COUNTED,
    answer_forgets_letter,
    balls_share_state,
    count_becomes_precise,
    errors_ripple,
    head_holds_carry,
    head_holds_digit,
    training_forgets_path,
)
from chunkscope.statistics import Claim


@dataclass(frozen=True)
class Tables:
    """What there is of a run; tables of several points stand below one another.

    Attributes:
        learning, balls, quality: see the modules :mod:`~chunkscope.inversion.learning`,
            :mod:`~chunkscope.inversion.reading` and :mod:`~chunkscope.inversion.decoder.study`.
        patches: see :mod:`~chunkscope.inversion.donors`, with a column ``point``.
        cuts: see :mod:`~chunkscope.inversion.circuits.search`; None of a run without circuits.
    """

    learning: pd.DataFrame
    balls: pd.DataFrame
    patches: pd.DataFrame
    quality: pd.DataFrame
    cuts: pd.DataFrame | None


def judge_inversion(runs: Mapping[str, Tables], asked: Mapping[str, float]) -> Iterator[Claim]:
    """The claims of every run that has what they need.

    Args:
        asked: what a network must reach to have learned: ``answers`` and ``excess``.
    """
    for run, tables in runs.items():
        yield has_learned(run, tables.learning, asked)
        balls = tables.balls
        places = set(zip(balls["point"], balls["site"], strict=True))
        features = set(balls["feature"])
        if {"count", "letter"} <= features and set(COUNTED) <= places:
            yield count_becomes_precise(run, balls)
            yield answer_forgets_letter(run, balls)
        if {"carry2", "pair2"} <= features:
            yield head_holds_carry(run, balls[balls["point"] == "equals"])
            yield head_holds_digit(run, balls[balls["point"] == "equals"])
        if (tables.learning["feature"] == "nine2").any():
            yield errors_ripple(run, tables.learning)
        if "causal" in features:
            yield balls_share_state(run, balls)
            yield training_forgets_path(run, balls)
        yield members_keep_answer(run, tables.patches)
        yield draws_cover(run, tables.quality)
        if tables.cuts is not None:
            yield few_heads_carry(run, tables.cuts)
