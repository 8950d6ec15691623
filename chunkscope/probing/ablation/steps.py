"""What is true of the steps of a store whose grammar has contexts. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.features import NOT_ASKED, Feature


@dataclass(frozen=True)
class ContextSteps:
    """The steps of a store with contexts, (sequence, time) each.

    Attributes:
        tokens: the symbols read.
        context: which context holds.
        position: place in the word.
        inside: whether the step lies in a word, and not in a cue or a separator.
        next_distribution: (sequence, time, symbol) of the ideal observer.
        is_train: (sequence,) the store's split.
    """

    tokens: NDArray[np.integer]
    context: NDArray[np.integer]
    position: NDArray[np.integer]
    inside: NDArray[np.bool_]
    next_distribution: NDArray[np.float32]
    is_train: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        tokens: NDArray[np.integer],
        labels: Mapping[str, NDArray[np.integer]],
        next_distribution: NDArray[np.float32],
        is_train: NDArray[np.bool_],
    ) -> ContextSteps:
        """The steps of a store with these ``labels``, kind -> (sequence, time).

        Raises:
            ProbingError: its corpus has no contexts, or only one.
        """
        context = labels.get("context", np.zeros_like(tokens))
        if context.max() < 1:
            raise ProbingError(
                "context units: the corpus has a single context; name a run on a corpus of the "
                "grammar context with at least two contexts"
            )
        inside = labels["depth"] > 0
        return cls(tokens, context, labels["position"], inside, next_distribution, is_train)

    @property
    def contexts(self) -> range:
        """The contexts by number."""
        return range(int(self.context.max()) + 1)

    def features(self) -> list[Feature]:
        """Each context against the others, asked inside words."""
        return [
            Feature(
                "context",
                str(value),
                value,
                np.where(self.inside, self.context == value, NOT_ASKED).astype(np.int8),
            )
            for value in self.contexts
        ]
