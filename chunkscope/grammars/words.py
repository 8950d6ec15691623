"""Words in noise: each draw of a vocabulary is followed by a gap of filler symbols.

With ``vocabulary: {ABCD: 1}``, ``filler: {E: 1}`` and a uniform gap of 0 to 19 this is the
reflection corpus of Wu et al. (arXiv 2502.01803); with the words ABCD, GHI, JKLMN and E and a gap
of 0 to 9, their corpus of induced compositionality.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from chunkscope.grammars.base import Grammar
from chunkscope.grammars.builder import START, ProcessBuilder
from chunkscope.grammars.gaps import FixedGap, Gap
from chunkscope.grammars.probabilities import Distribution, check_shadows
from chunkscope.grammars.process import Process


class Words(Grammar):
    """A vocabulary whose words stand in noise; every sequence begins with a word.

    A word of one symbol that is also a filler counts as that filler: nothing tells them apart.
    """

    grammar: Literal["words"] = "words"
    """Which grammar."""
    vocabulary: Distribution
    """Word -> probability; each character is a symbol."""
    filler: Distribution = Field(default_factory=dict)
    """Filler symbol -> probability, drawn anew at every step of a gap."""
    gap: Gap = FixedGap(kind="fixed", count=0)
    """Number of fillers after each word (symbols)."""

    @field_validator("vocabulary")
    @classmethod
    def _has_words(cls, vocabulary: dict[str, float]) -> dict[str, float]:
        if not vocabulary:
            raise ValueError("got no words; give at least one, as in {ABCD: 1.0}")
        return vocabulary

    @field_validator("filler")
    @classmethod
    def _fillers_are_symbols(cls, filler: dict[str, float]) -> dict[str, float]:
        for symbol in filler:
            if len(symbol) > 1:
                raise ValueError(f"filler {symbol!r} has {len(symbol)} symbols; must be one")
        return filler

    @model_validator(mode="after")
    def _can_be_parsed(self) -> Words:
        hazards = self.gap.hazards()
        if hazards == (1.0,) and self.filler:
            raise ValueError(
                f"filler {next(iter(self.filler))!r} never occurs because the gap is always 0; "
                "give a longer gap or no filler"
            )
        if hazards != (1.0,) and not self.filler:
            raise ValueError("the gap needs a filler; give one, as in filler: {E: 1.0}")
        check_shadows(self.vocabulary, self.filler, adjacent=hazards[0] > 0)
        return self

    def compile(self) -> Process:
        """States are (word, position), and (filler, fillers so far in this gap).

        After k fillers the gap ends with its hazard at k, so that the number of fillers so far,
        which the observer can count, is all that the state needs to hold.
        """
        hazards = self.gap.hazards()
        last = len(hazards) - 1
        symbols = {symbol for text in (*self.vocabulary, *self.filler) for symbol in text}
        builder = ProcessBuilder(sorted(symbols), dict.fromkeys((*self.vocabulary, *self.filler)))
        words = [
            (builder.spell(word, word, [int(word not in self.filler)] * len(word)), probability)
            for word, probability in self.vocabulary.items()
        ]
        fillers = {
            k: [(builder.spell(f, f, [0]), probability) for f, probability in self.filler.items()]
            for k in range(min(1, last), last + 1)
        }
        gaps = [(unit.last, 0) for unit, _ in words]
        gaps += [(unit.last, k) for k, units in fillers.items() for unit, _ in units]
        builder.choose(START, words)
        for state, k in gaps:
            builder.choose(state, words, hazards[k])
            if self.filler:
                builder.choose(state, fillers[min(k + 1, last)], 1 - hazards[k])
        return builder.build()
