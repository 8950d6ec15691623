"""Where sequences come from: settings that give the corpora to train and to record on.

A grammar's settings compile to a process, from which both are drawn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chunkscope.errors import GrammarError
from chunkscope.grammars.corpus import Corpus
from chunkscope.grammars.observer import Observer
from chunkscope.grammars.process import Process, steps_since_boundary
from chunkscope.settings import Settings


class Source(Settings, ABC):
    """Settings of where sequences come from."""

    @abstractmethod
    def split(
        self,
        random: Callable[[str], np.random.Generator],
        training: tuple[int, int],
        recording: tuple[int, int, int],
    ) -> tuple[Corpus, Corpus]:
        """Sequences to train on, and fresh ones to record on.

        Args:
            random: gives the random stream of a name.
            training: number of sequences, and symbols in each.
            recording: number of sequences of the train split and of the test split, and symbols
                in each; the corpus holds the train split first.

        Raises:
            GrammarError: there are no such sequences.
        """

    def files(self) -> list[Path]:
        """The files that sequences are taken from."""
        return []


class Grammar(Source):
    """Settings of a grammar; a subclass adds its fields and says how they compile.

    Example:
        >>> gap = {"kind": "fixed", "count": 2}
        >>> words = Words(vocabulary={"ABCD": 1}, filler={"E": 1}, gap=gap)
        >>> words.sample(np.random.default_rng(0), n=1, length=8).text(0)
        'ABCDEEAB'
    """

    @abstractmethod
    def compile(self) -> Process:
        """The hidden Markov process of this grammar."""

    @property
    def label_names(self) -> dict[str, tuple[str, ...]]:
        """Kind of label that only this grammar has -> readable name of each value."""
        return {}

    def split(
        self,
        random: Callable[[str], np.random.Generator],
        training: tuple[int, int],
        recording: tuple[int, int, int],
    ) -> tuple[Corpus, Corpus]:
        """Two independent samples; see :meth:`Source.split`."""
        train, test, length = recording
        return (
            self.sample(random("training"), *training),
            self.sample(random("recording"), train + test, length),
        )

    def sample(self, rng: np.random.Generator, n: int, length: int) -> Corpus:
        """Draw ``n`` sequences of ``length`` steps, with the true parse and the ideal observer's.

        Sequences are independent and each begins with a new unit.

        Raises:
            GrammarError: ``n`` or ``length`` is below 1.
        """
        if n < 1 or length < 1:
            raise GrammarError(f"corpus: got {n} sequences of {length} steps; both must be >= 1")
        process = self.compile()
        tokens, states = process.sample(rng, n, length)
        seen = Observer(process).observe(tokens)
        parse = {kind: values[states] for kind, values in process.annotations.items()}
        return Corpus(
            tokens=tokens,
            symbols=process.symbols,
            labels={
                **parse,
                "position": steps_since_boundary(parse["boundary"]),
                "state": seen.state,
                "causal": seen.causal,
            },
            next_distribution=seen.next_distribution,
            names={
                "word": process.word_names,
                "state": seen.state_names,
                "causal": seen.causal_names,
                **self.label_names,
            },
        )
