"""The inputs that a network is read on: all there are, or a sample where they are too many.

And which strings are inputs, of those that somebody else made up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import GrammarError
from chunkscope.grammars.base import Grammar, Source
from chunkscope.grammars.inputs import Inputs, TooManyInputs
from chunkscope.grammars.prefixes import draw_prefixes, prefixes, recognise_prefixes
from chunkscope.grammars.task import Task


def inputs_of(
    source: Source, longest: int, enumerated: int, sample: int, rng: np.random.Generator
) -> Inputs:
    """All inputs of a task, or all prefixes of a grammar; if they are too many, a sample of them.

    Of a sample each input stands once, with how often it was drawn.

    Args:
        longest: symbols of the longest prefix; a task says itself how long its inputs are.
        enumerated: the most that are enumerated.
        sample: how many are drawn where there are more.

    Raises:
        GrammarError: a text, whose inputs nobody knows.
    """
    if isinstance(source, Task):
        every = source.count <= enumerated
        return source.inputs() if every else source.draw(rng, sample).distinct()
    grammar = _grammar(source)
    try:
        return prefixes(grammar, longest, enumerated)
    except TooManyInputs:
        return draw_prefixes(grammar, longest, rng, sample).distinct()


def recognise(
    source: Source, tokens: NDArray[np.integer], length: NDArray[np.integer]
) -> tuple[NDArray[np.bool_], Inputs]:
    """Which strings are inputs of a task or prefixes of a grammar, and those that are.

    Args:
        tokens: (string, time) symbols, 0 beyond the length; ``time`` is the longest input's.
        length: (string,) symbols of each.

    Raises:
        GrammarError: a text, whose inputs nobody knows.
    """
    if isinstance(source, Task):
        return source.recognise(tokens, length)
    return recognise_prefixes(_grammar(source), tokens, length)


def _grammar(source: Source) -> Grammar:
    if isinstance(source, Grammar):
        return source
    raise GrammarError("inputs: a text has none; read a task or a grammar")
