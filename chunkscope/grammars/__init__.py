"""Sequences whose true parse is known: settings compile to hidden Markov processes. Tasks, text."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chunkscope.grammars.addition import Addition
from chunkscope.grammars.automaton import Arc, Automaton
from chunkscope.grammars.base import Grammar, Source
from chunkscope.grammars.compounds import Compounds
from chunkscope.grammars.context import Context
from chunkscope.grammars.corpus import Corpus
from chunkscope.grammars.counting import Counting
from chunkscope.grammars.enumeration import inputs_of, recognise
from chunkscope.grammars.hierarchy import Hierarchy
from chunkscope.grammars.inputs import Inputs, distinct
from chunkscope.grammars.observer import Observation, Observer
from chunkscope.grammars.prefixes import draw_prefixes, prefixes
from chunkscope.grammars.process import Process
from chunkscope.grammars.task import Task
from chunkscope.grammars.text import Text
from chunkscope.grammars.words import Words

GrammarSettings = Annotated[
    Words | Context | Compounds | Hierarchy | Automaton | Counting | Addition | Text,
    Field(discriminator="grammar"),
]
"""The settings of any grammar, task or text, told apart by ``grammar``."""

GRAMMARS: dict[str, type[Source]] = {
    "words": Words,
    "context": Context,
    "compounds": Compounds,
    "hierarchy": Hierarchy,
    "automaton": Automaton,
    "counting": Counting,
    "addition": Addition,
    "text": Text,
}
"""Name -> grammar, task or text."""

__all__ = [
    "GRAMMARS",
    "Addition",
    "Arc",
    "Automaton",
    "Compounds",
    "Context",
    "Corpus",
    "Counting",
    "Grammar",
    "GrammarSettings",
    "Hierarchy",
    "Inputs",
    "Observation",
    "Observer",
    "Process",
    "Source",
    "Task",
    "Text",
    "Words",
    "distinct",
    "draw_prefixes",
    "inputs_of",
    "prefixes",
    "recognise",
]
