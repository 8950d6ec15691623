"""Compounds: pairs of symbols that mean something only together.

After ``ab`` comes what this pair alone announces; after ``a`` without ``b``, or ``b`` without
``a``, it does not. No single symbol tells which, so that a network has a reason to represent the
conjunction, as with "social security" (Gurnee et al., arXiv 2305.01610). Some of the broken pairs
are crossed, the first symbol of one and the second of another: that *some* pair's first symbol has
just been is not enough then, it must be this one's.

    corpora:
      compounds:
        source:
          grammar: compounds
          pairs: {AB: "1", CD: "2", EF: "3", GH: "4"}
          filler: {w: 0.5, x: 0.5}
          gap: {kind: uniform, low: 1, high: 4}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, StringConstraints, field_validator, model_validator

from chunkscope.grammars.base import Grammar
from chunkscope.grammars.gaps import Gap, UniformGap
from chunkscope.grammars.probabilities import Distribution, Text
from chunkscope.grammars.process import Process
from chunkscope.grammars.words import Words

Pair = Annotated[str, StringConstraints(min_length=2, max_length=2)]

NO_COMPOUND = "none"


class Compounds(Grammar):
    """Pairs, whole and broken, among filler; every sequence begins with one.

    The label ``compound`` is the number of the pair at its second symbol, and ``none`` elsewhere.
    The label ``word`` is the pair with its outcome, a crossed pair, or a symbol alone.
    """

    grammar: Literal["compounds"] = "compounds"
    """Which grammar."""
    pairs: Annotated[dict[Pair, Text], Field(min_length=1)]
    """Pair of symbols -> what follows it, and nothing else; each character is a symbol."""
    whole: float = Field(default=1 / 3, gt=0, lt=1)
    """Share of a pair's occurrences that have both its symbols; half of the others have the first
    without the second, half the second without the first."""
    crossed: float = Field(default=0.5, ge=0, le=1)
    """Share of broken pairs in which another pair's symbol stands for the missing one; in the
    others filler does."""
    filler: Distribution
    """Filler symbol -> probability, drawn anew at every step of a gap."""
    gap: Gap = UniformGap(kind="uniform", low=1, high=4)
    """Number of fillers after each pair, whole or broken (symbols); at least 1."""

    @field_validator("pairs")
    @classmethod
    def _share_no_symbol(cls, pairs: dict[str, str]) -> dict[str, str]:
        _check_distinct("the symbols of the pairs", "".join(pairs))
        _check_distinct("the outcomes", pairs.values())
        return pairs

    @model_validator(mode="after")
    def _can_be_parsed(self) -> Compounds:
        if not self.filler:
            raise ValueError("got no filler; give at least one, as in filler: {x: 1.0}")
        roles = ("".join(role) for role in (self.pairs, self.pairs.values(), self.filler))
        _check_distinct("pairs, outcomes and filler", (s for role in roles for s in set(role)))
        if self.gap.hazards()[0] > 0:
            raise ValueError(
                "the gap may be 0, so that two symbols alone could make a pair; give a longer one, "
                "as in gap: {kind: uniform, low: 1, high: 4}"
            )
        if self.crossed and len(self.pairs) == 1:
            raise ValueError(
                f"crossed is {self.crossed} but there is one pair; must be 0, or add one"
            )
        return self

    @property
    def label_names(self) -> dict[str, tuple[str, ...]]:
        """The pairs, and none."""
        return {"compound": (*self.pairs, NO_COMPOUND)}

    @property
    def units(self) -> dict[str, float]:
        """What stands between gaps -> its probability in one draw: pairs with outcomes first."""
        whole = dict.fromkeys((pair + end for pair, end in self.pairs.items()), self.whole)
        broken = (1 - self.whole) / 2  # the first without the second, and the other way round
        alone = dict.fromkeys("".join(self.pairs), (1 - self.crossed) * broken)
        crossings = [a[0] + b[1] for a in self.pairs for b in self.pairs if a != b]
        each = self.crossed * broken / max(len(self.pairs) - 1, 1)
        weights = {**whole, **alone, **dict.fromkeys(crossings, each)}
        total = sum(weights.values())
        return {unit: weight / total for unit, weight in weights.items() if weight > 0}

    def compile(self) -> Process:
        """That of :class:`Words` over the units, whose states also know their compound."""
        process = Words(vocabulary=self.units, filler=self.filler, gap=self.gap).compile()
        compound = np.full(process.n_states, len(self.pairs), np.int32)
        for pair in range(len(self.pairs)):  # its states follow in the order of its symbols
            compound[np.flatnonzero(process.annotations["word"] == pair)[1]] = pair
        return replace(process, annotations={**process.annotations, "compound": compound})


def _check_distinct(what: str, things: Iterable[str]) -> None:
    for thing, count in Counter(things).items():
        if count > 1:
            raise ValueError(f"{thing!r} occurs {count} times among {what}; must be once")
