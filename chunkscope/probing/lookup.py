"""The floor of a reading: a feature looked up from the last few symbols, without any network.

Whatever a lookup knows, a unit may have copied from its input; what it knows beyond the lookup it
has remembered or computed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ProbingError

Tokens = NDArray[np.integer]  # (sequence, time)
Codes = NDArray[np.int64]
Scores = NDArray[np.float64]

UNKNOWN = -1


class Lookup:
    """P(feature | last m symbols), where each context leans on the next shorter one.

    With n steps in a context, y of them positive, the estimate is (y + p) / (n + 1), where p is
    that of the context without its oldest symbol; a context that was never met has p itself.
    Without any symbol it is (y + 1/2) / (n + 1). Symbols before the beginning of a sequence are a
    symbol of their own.

    Args:
        m: symbols, the present one among them; 0 looks at none.

    Raises:
        ProbingError: ``m`` is below 0.

    Example:
        >>> tokens, labels = np.array([[0, 1, 0, 1]]), np.array([[0, 1, 0, 1]])
        >>> Lookup(1).fit(tokens, labels, np.array([True])).score(tokens).round(2)
        array([[0.17, 0.83, 0.17, 0.83]])
    """

    def __init__(self, m: int) -> None:
        if m < 0:
            raise ProbingError(f"lookup: got {m} symbols; must be 0 or more")
        self.m = m

    def fit(
        self, tokens: Tokens, labels: NDArray[np.integer], sequences: NDArray[np.bool_]
    ) -> Lookup:
        """Count over every step asked of some sequences.

        Args:
            tokens: (sequence, time), at least 0.
            labels: (sequence, time): 1 yes, 0 no, -1 not asked.
            sequences: (sequence,), which are counted.

        Raises:
            ProbingError: the labels have another shape, or no step is asked.
        """
        if labels.shape != tokens.shape:
            raise ProbingError(
                f"lookup: got labels of shape {labels.shape}; must be {tokens.shape}, as the tokens"
            )
        asked = (labels >= 0) & sequences[:, None]
        if not asked.any():
            raise ProbingError("lookup: no step of these sequences is asked; must be at least one")
        positive = labels[asked] == 1
        self._base = int(tokens.max()) + 3  # 0 is before the beginning, the last one is never met
        self._levels = [
            (np.zeros(1, np.int64), np.array([(positive.sum() + 0.5) / (len(positive) + 1)]))
        ]
        contexts = np.zeros(tokens.shape, np.int64)
        for ago in range(self.m):
            codes = self._longer(contexts, tokens, ago)
            known, steps = np.unique(codes[asked], return_inverse=True)
            shorter = self._levels[-1][1][known // self._base]
            positives = np.bincount(steps, positive, len(known))
            estimates = (positives + shorter) / (np.bincount(steps, minlength=len(known)) + 1)
            self._levels.append((known, estimates))
            contexts = _find(codes, known)
        return self

    def score(self, tokens: Tokens) -> Scores:
        """(sequence, time) the estimate at every step."""
        contexts = np.zeros(tokens.shape, np.int64)
        scores = np.full(tokens.shape, self._levels[0][1][0])
        for ago, (known, estimates) in enumerate(self._levels[1:]):
            contexts = _find(self._longer(contexts, tokens, ago), known)
            scores = np.where(contexts == UNKNOWN, scores, estimates[contexts])
        return scores

    def _longer(self, contexts: Codes, tokens: Tokens, ago: int) -> Codes:
        """(sequence, time) numbers of the contexts and the symbol ``ago`` steps back together."""
        symbols = np.zeros(tokens.shape, np.int64)
        symbols[:, ago:] = tokens[:, : max(tokens.shape[1] - ago, 0)].astype(np.int64) + 1
        symbols = np.minimum(symbols, self._base - 1)
        return np.where(contexts == UNKNOWN, UNKNOWN, contexts * self._base + symbols)


def _find(codes: Codes, known: Codes) -> Codes:
    """The place of each code among the known ones, which ascend; ``UNKNOWN`` if it is none."""
    at = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[at] == codes, at, UNKNOWN)
