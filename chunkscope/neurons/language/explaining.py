"""Units explained by a language model, and what they do foretold by it from the explanation.

After Bills et al. (2023), as arXiv 2410.16443 uses it: the model is shown excerpts with activations
as whole numbers from 0 to 10 and says in a sentence what the unit looks for; then, given the
sentence and the symbols of another excerpt, it says a number for each symbol, 0 being the least and
10 the most that the unit was seen to do. An answer that is not a number from 0 to 10 for every
symbol says nothing (0 everywhere) and is counted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chunkscope.neurons.excerpts import NOTHING, Sample, Tokens, Values
from chunkscope.neurons.language.endpoint import Endpoint
from chunkscope.neurons.scores import extremes

HIGHEST = 10
SENTENCE, PER_SYMBOL = 80, 8  # tokens of an answer: a sentence, and a number with its commas
LIST = re.compile(r"\[[^\[\]]*\]")

ROLE = "You study single units of a neural network that reads text, symbol by symbol."
EXPLAIN = (
    "These are excerpts of what it read, a line for each symbol: the symbol as JSON, a tab, and "
    "how active the unit was, from 0 to 10. In one short sentence, beginning with 'active on', say "
    "what the unit is active on.\n\n"
)
SIMULATE = (
    "Of one unit it was said that it is: {sentence}\nHow active is it on each of these {count} "
    "symbols, which follow each other in a text? Answer with a JSON list of {count} whole numbers "
    "from 0 to 10 and nothing else.\n{symbols}"
)


@dataclass(frozen=True)
class Said:
    """What a language model said of units.

    Attributes:
        sentences: (unit,) empty where it did not answer.
        least, most: (unit,) what each unit was seen to do.
        counts: of what it foretold, excerpts by what became of them: ``read``, ``silent`` (0 at
            every symbol), ``unanswered``, ``not a list``, ``another length``, ``not 0 to 10``.
    """

    endpoint: Endpoint
    symbols: Sequence[str]
    sentences: tuple[str, ...]
    least: NDArray[np.floating]
    most: NDArray[np.floating]
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def explain(cls, endpoint: Endpoint, sample: Sample, symbols: Sequence[str]) -> Said:
        """A sentence for every unit of the sample, of the excerpts in it."""
        sentences = []
        for unit in range(sample.shape[0]):
            lines = [
                "\n".join(
                    f"{json.dumps(symbols[token], ensure_ascii=False)}\t{level}"
                    for token, level in zip(tokens[kept], levels[kept], strict=True)
                )
                for tokens, levels in zip(sample.tokens[unit], _levels(sample, unit), strict=True)
                if (kept := tokens != NOTHING).any()
            ]
            answer = endpoint.ask(_messages(EXPLAIN + "\n\n".join(lines)), SENTENCE)
            sentences.append(" ".join((answer or "").split()))
        least, most = extremes(sample, sample.values)
        return cls(endpoint, symbols, tuple(sentences), least, most)

    def simulate(self, tokens: Tokens) -> Values:
        """(unit, excerpt, time) what each unit is said to do on ``tokens`` of the same shape."""
        levels = np.zeros(tokens.shape, np.float32)
        for unit, sentence in enumerate(self.sentences):
            for excerpt, symbols in enumerate(tokens[unit]):
                there = symbols != NOTHING
                if sentence and there.any():
                    levels[unit, excerpt, there] = self._foretold(sentence, symbols[there])
        least, most = self.least[:, None, None], self.most[:, None, None]
        return (least + (most - least) * levels / HIGHEST).astype(np.float32)

    def _foretold(self, sentence: str, tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        """(symbol,) what the model says of these symbols."""
        shown = json.dumps([self.symbols[token] for token in tokens], ensure_ascii=False)
        question = SIMULATE.format(sentence=sentence, count=len(tokens), symbols=shown)
        answer = self.endpoint.ask(_messages(question), PER_SYMBOL * len(tokens) + 16)
        fate, numbers = read_levels(answer, len(tokens))
        self.counts[fate] += 1
        return numbers

    def as_json(self, unit: int, symbols: Sequence[str]) -> dict[str, Any]:
        """What the model said of one unit, and which model that is."""
        return {"model": self.endpoint.settings.model, "sentence": self.sentences[unit]}

    def sentence(self, unit: int, symbols: Sequence[str]) -> str:
        """What the model said of one unit."""
        return self.sentences[unit] or "the language model did not answer"

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(unit,) characters of each sentence."""
        return np.array([len(sentence) for sentence in self.sentences])


def read_levels(answer: str | None, count: int) -> tuple[str, NDArray[np.float32]]:
    """What became of an answer, see :class:`Said`, and ``count`` numbers, 0 if it cannot be read.

    Words around the list do not matter.
    """
    nothing = np.zeros(count, np.float32)
    if answer is None:
        return "unanswered", nothing
    found = LIST.search(answer)
    try:
        numbers = json.loads(found.group()) if found else None
    except ValueError:
        numbers = None
    if not isinstance(numbers, list):
        return "not a list", nothing
    if len(numbers) != count:
        return "another length", nothing
    if not all(type(one) in (int, float) and 0 <= one <= HIGHEST for one in numbers):
        return "not 0 to 10", nothing
    return ("read" if any(numbers) else "silent"), np.array(numbers, np.float32)


def _levels(sample: Sample, unit: int) -> NDArray[np.int64]:
    """(excerpt, time) whole numbers from 0, at the least the unit does, to 10 at the most."""
    values = sample.values[unit].astype(np.float64)
    there = sample.present[unit]
    low, high = values[there].min(), values[there].max()
    share = (values - low) / (high - low) if high > low else np.zeros(values.shape)
    return np.rint(HIGHEST * share).astype(np.int64)


def _messages(question: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": ROLE}, {"role": "user", "content": question}]
