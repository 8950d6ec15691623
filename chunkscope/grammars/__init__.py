"""Sequences whose true parse is known: settings compile to hidden Markov processes. And text."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chunkscope.grammars.automaton import Arc, Automaton
from chunkscope.grammars.base import Grammar, Source
from chunkscope.grammars.compounds import Compounds
from chunkscope.grammars.context import Context
from chunkscope.grammars.corpus import Corpus
from chunkscope.grammars.hierarchy import Hierarchy
from chunkscope.grammars.observer import Observation, Observer
from chunkscope.grammars.process import Process
from chunkscope.grammars.text import Text
from chunkscope.grammars.words import Words

GrammarSettings = Annotated[
    Words | Context | Compounds | Hierarchy | Automaton | Text, Field(discriminator="grammar")
]
"""The settings of any grammar or text, told apart by ``grammar``."""

GRAMMARS: dict[str, type[Source]] = {
    "words": Words,
    "context": Context,
    "compounds": Compounds,
    "hierarchy": Hierarchy,
    "automaton": Automaton,
    "text": Text,
}
"""Name -> grammar, or text."""

__all__ = [
    "GRAMMARS",
    "Arc",
    "Automaton",
    "Compounds",
    "Context",
    "Corpus",
    "Grammar",
    "GrammarSettings",
    "Hierarchy",
    "Observation",
    "Observer",
    "Process",
    "Source",
    "Text",
    "Words",
]
