"""Words that only their context tells apart.

Each context has a cue and a vocabulary of its own; words of different contexts may share prefixes,
be rotations of one another or be the same string. With the single context
``{"": {CDAB: 0.1, AB: 0.1, ABCD: 0.1, E: 0.7}}`` and separator E this is the context corpus of Wu
et al. (arXiv 2502.01803).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from chunkscope.grammars.base import Grammar
from chunkscope.grammars.builder import START, ProcessBuilder, Unit
from chunkscope.grammars.probabilities import Distribution, check_shadows
from chunkscope.grammars.process import Process

Options = list[tuple[Unit, float]]


class Context(Grammar):
    """Contexts that hold for a while, each announced by its cue; a sequence begins with a cue.

    Each (context, word) is a unit of its own, as is each cue and the separator. A word that equals
    the separator counts as the separator: nothing tells them apart.
    """

    grammar: Literal["context"] = "context"
    """Which grammar."""
    contexts: Annotated[dict[str, Distribution], Field(min_length=1)]
    """Cue -> that context's vocabulary, word -> probability; each character is a symbol."""
    switch: float = Field(default=0.0, ge=0, le=1)
    """Probability, after each word, of leaving for another context (uniform over the others)."""
    separator: str = ""
    """Symbols emitted after each word; empty for none."""

    @field_validator("contexts")
    @classmethod
    def _are_told_apart(cls, contexts: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        if "" in contexts and len(contexts) > 1:
            raise ValueError("the empty cue is for a single context; give each context a cue")
        for cue, vocabulary in contexts.items():
            if not vocabulary:
                raise ValueError(f"context {cue!r} has no words; give it at least one")
            for word in vocabulary:
                if word in contexts:
                    raise ValueError(
                        f"word {word!r} of context {cue!r} is also a cue; choose another cue"
                    )
        return contexts

    @model_validator(mode="after")
    def _can_be_parsed(self) -> Context:
        if self.switch and len(self.contexts) == 1:
            raise ValueError(
                f"switch is {self.switch} but there is one context; must be 0, or add a context"
            )
        if self.separator and self.separator in self.contexts:
            raise ValueError(f"separator {self.separator!r} is also a cue; choose another cue")
        for vocabulary in self.contexts.values():
            separators = [self.separator] if self.separator else []
            check_shadows(vocabulary, separators, adjacent=not self.separator)
        return self

    @property
    def label_names(self) -> dict[str, tuple[str, ...]]:
        """Contexts are named by their cues."""
        return {"context": tuple(self.contexts)}

    def compile(self) -> Process:
        """States are (context, unit, position): a word, its separator, or the context's cue."""
        builder = ProcessBuilder(sorted(self._symbols()), self._units())
        words = {cue: self._spell_words(builder, cue) for cue in self.contexts}
        openings = {
            cue: [(builder.spell(cue, cue, [0] * len(cue), context=i), 1.0)] if cue else words[cue]
            for i, cue in enumerate(self.contexts)
        }
        for cue, opening in openings.items():
            builder.choose(START, opening, 1 / len(self.contexts))
            if cue:
                builder.choose(opening[0][0].last, words[cue])
            others = [other for other in self.contexts if other != cue]
            for end in self._word_ends(builder, cue, words[cue]):
                builder.choose(end, words[cue], 1 - self.switch)
                for other in others:
                    builder.choose(end, openings[other], self.switch / len(others))
        return builder.build()

    def _symbols(self) -> set[str]:
        vocabularies = self.contexts.values()
        return {symbol for words in vocabularies for word in words for symbol in word}.union(
            self.separator, *self.contexts
        )

    def _units(self) -> list[str]:
        """Words of every context first, then the separator, then the cues."""
        words = [self._unit(cue, word) for cue, words in self.contexts.items() for word in words]
        return list(dict.fromkeys(filter(None, [*words, self.separator, *self.contexts])))

    def _unit(self, cue: str, word: str) -> str:
        return word if word == self.separator or not cue else f"{cue}:{word}"

    def _spell_words(self, builder: ProcessBuilder, cue: str) -> Options:
        context = list(self.contexts).index(cue)
        options = []
        for word, probability in self.contexts[cue].items():
            depths = [int(word != self.separator)] * len(word)
            unit = builder.spell(self._unit(cue, word), word, depths, context=context)
            options.append((unit, probability))
        return options

    def _word_ends(self, builder: ProcessBuilder, cue: str, words: Options) -> list[int]:
        """The states of this context from which the next word begins."""
        ends = [unit.last for unit, _ in words]
        if not self.separator:
            return ends
        context = list(self.contexts).index(cue)
        depths = [0] * len(self.separator)
        separator = builder.spell(self.separator, self.separator, depths, context=context)
        for end in ends:
            builder.choose(end, [(separator, 1.0)])
        return [separator.last]
