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
    answer_forgets_letter,
    count_becomes_precise,
    errors_ripple,
    head_holds_carry,
    head_holds_digit,
    state_without_path,
)
from chunkscope.statistics import Claim


@dataclass(frozen=True)
class Tables:
    """What there is of a run; tables of several points stand below one another.

    Attributes:
        task: what its inputs are of: ``counting``, ``addition``, or another grammar's name.
        learning, balls, quality: see the modules :mod:`~chunkscope.inversion.learning`,
            :mod:`~chunkscope.inversion.reading` and :mod:`~chunkscope.inversion.decoder.study`.
        patches: see :mod:`~chunkscope.inversion.donors`, with a column ``point``.
        cuts: see :mod:`~chunkscope.inversion.circuits.search`; None of a run without circuits.
    """

    task: str
    learning: pd.DataFrame
    balls: pd.DataFrame
    patches: pd.DataFrame
    quality: pd.DataFrame
    cuts: pd.DataFrame | None


def judge_inversion(runs: Mapping[str, Tables], asked: Mapping[str, float]) -> Iterator[Claim]:
    """The claims of every run: of its task, and of any.

    Args:
        asked: what a network must reach to have learned: ``answers`` and ``excess``.
    """
    for run, tables in runs.items():
        yield has_learned(run, tables.learning, asked)
        if tables.task == "counting":
            yield count_becomes_precise(run, tables.balls)
            yield answer_forgets_letter(run, tables.balls)
        elif tables.task == "addition":
            yield head_holds_carry(run, tables.balls)
            yield head_holds_digit(run, tables.balls)
            yield errors_ripple(run, tables.learning)
        else:
            yield state_without_path(run, tables.balls)
        yield members_keep_answer(run, tables.patches)
        yield draws_cover(run, tables.quality)
        if tables.cuts is not None:
            yield few_heads_carry(run, tables.cuts)
