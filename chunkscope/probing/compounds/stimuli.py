"""What drives a unit: its mean activity after every pair of symbols.

The paper's example is a neuron that 26 tokens drive (Gurnee et al., arXiv 2305.01610). A unit that
one compound alone drives stands for it; one that several symbols drive cannot, and has to be read
beside others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.errors import ProbingError

LEAST = 10  # steps that a pair of symbols needs for its mean to be looked at


@dataclass(frozen=True)
class Responses:
    """The answer of every unit to every pair of symbols that occurs often enough.

    Attributes:
        previous, current: (pair,) the symbols one step before and at the step.
        n: (pair,) steps.
        means: (pair, unit) mean activity at those steps.
    """

    previous: NDArray[np.int64]
    current: NDArray[np.int64]
    n: NDArray[np.int64]
    means: NDArray[np.float64]

    @classmethod
    def of(cls, activations: NDArray[np.float32], tokens: NDArray[np.integer]) -> Responses:
        """Read off activity (sequence, time, unit) and tokens (sequence, time).

        Raises:
            ProbingError: no pair of symbols occurs often enough.
        """
        symbols = int(tokens.max()) + 1
        codes = (tokens[:, :-1].astype(np.int64) * symbols + tokens[:, 1:]).ravel()
        values = activations[:, 1:].reshape(len(codes), -1).astype(np.float64)
        order = np.argsort(codes, kind="stable")
        pairs, first, n = np.unique(codes[order], return_index=True, return_counts=True)
        means = np.add.reduceat(values[order], first) / n[:, None]
        often = n >= LEAST
        if not often.any():
            raise ProbingError(
                f"stimuli: no pair of symbols occurs {LEAST} times in {len(tokens)} sequences; "
                "record more of them"
            )
        previous, current = np.divmod(pairs[often], symbols)
        return cls(previous, current, n[often], means[often])

    @property
    def answers(self) -> NDArray[np.float64]:
        """(pair, unit) mean activity, from a unit's median over pairs (0) to its largest (1).

        A unit that answers every pair alike answers none.
        """
        above = self.means - np.median(self.means, axis=0)
        largest = above.max(axis=0)
        return np.divide(above, largest, out=np.zeros_like(above), where=largest > 0)

    @property
    def drives(self) -> NDArray[np.bool_]:
        """(pair, unit) whether a unit answers a pair more than half as much as its best pair."""
        return np.asarray(self.answers > 0.5)

    def table(self, unit: int, compounds: NDArray[np.int64]) -> pd.DataFrame:
        """``unit, previous, current, n, mean, answer`` to compounds and to pairs that drive it.

        Args:
            compounds: (compound, 2) first and second symbol of each.
        """
        table = pd.DataFrame(
            {
                "unit": unit,
                "previous": self.previous,
                "current": self.current,
                "n": self.n,
                "mean": self.means[:, unit],
                "answer": self.answers[:, unit],
            }
        )
        return table[self.drives[:, unit] | self._are(compounds)]

    def stimuli(self, units: NDArray[np.int64], compounds: NDArray[np.int64]) -> pd.DataFrame:
        """What drives each of some units.

        Args:
            units: which.
            compounds: (compound, 2) first and second symbol of each.

        Returns:
            ``unit``; of the pairs that drive it, their number ``pairs``, the number of different
            ``symbols`` that they end in, and of ``compounds`` among them; and ``of_symbols``,
            whether it answers to symbols rather than to pairs: of all pairs that end in those
            symbols, more than half drive it.
        """
        drives, planted = self.drives, self._are(compounds)
        rows = []
        for unit in units.tolist():
            driven = drives[:, unit]
            symbols = np.unique(self.current[driven])
            ending = np.isin(self.current, symbols)
            rows.append(
                {
                    "unit": unit,
                    "pairs": int(driven.sum()),
                    "symbols": len(symbols),
                    "compounds": int((driven & planted).sum()),
                    "of_symbols": bool(driven.sum() > ending.sum() / 2),
                }
            )
        return pd.DataFrame(rows)

    def _are(self, compounds: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(pair,) whether a pair is one of the compounds."""
        pairs = np.stack([self.previous, self.current], axis=1)
        return np.asarray((pairs[:, None] == compounds).all(axis=2).any(axis=1))
