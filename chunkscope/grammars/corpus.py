"""Sequences with the true parse of every step, and the best that any predictor can do on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from chunkscope.errors import GrammarError


@dataclass(frozen=True)
class Corpus:
    """Sequences drawn from a grammar, with what is true of each step.

    Attributes:
        tokens: (sequence, time) uint8 or int16, indices into ``symbols``.
        symbols: the vocabulary in token order.
        labels: kind -> (sequence, time) int32. ``word``: the unit this step belongs to (words
            first, then fillers, separators and cues); ``position``: 0-based step within that
            unit; ``boundary``: 1 where a unit begins; ``depth``: nesting depth of the symbol in
            its unit's tree, 0 outside words; ``state``: the parse state; ``causal``: the minimal
            predictive state; ``context`` where the grammar has contexts.
        names: kind -> readable name of each value of that label, where it has names.
        next_distribution: (sequence, time, vocabulary) float32, the probability of each symbol
            at time + 1 given the tokens up to and including time.

    ``state`` and ``causal`` are numbered by the grammar alone where it has finitely many beliefs
    (see :class:`chunkscope.grammars.observer.Observer`), else by first occurrence: then only ids
    of one corpus can be compared, so draw train and test sequences together.
    """

    tokens: np.ndarray
    symbols: tuple[str, ...]
    labels: dict[str, np.ndarray]
    next_distribution: np.ndarray
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, sequence: int) -> str:
        """One sequence as a string, with spaces between symbols of several characters."""
        gap = "" if all(len(symbol) == 1 for symbol in self.symbols) else " "
        return gap.join(self.symbols[token] for token in self.tokens[sequence])

    @property
    def bayes_loss(self) -> float:
        """Mean surprise (nats) of the realised next symbol under the true distribution.

        Over all steps that have a next one: an estimate of the grammar's entropy rate, and the
        loss that a perfect predictor has on exactly these sequences.
        """
        realised = np.take_along_axis(
            self.next_distribution[:, :-1], self.tokens[:, 1:, None].astype(np.intp), axis=2
        )
        return float(-np.log(realised.astype(np.float64)).mean())

    @property
    def bayes_accuracy(self) -> float:
        """Expected accuracy of always guessing the likeliest next symbol, in [0, 1].

        The mean over steps that have a next one of the largest next-symbol probability: exact
        given the histories, free of the luck of the realised symbols.
        """
        return float(self.next_distribution[:, :-1].max(axis=2).astype(np.float64).mean())

    def save(self, path: str | Path) -> None:
        """Write one compressed npz without pickles; equal corpora give equal bytes."""
        arrays = {
            "tokens": self.tokens,
            "symbols": np.array(self.symbols),
            "next_distribution": self.next_distribution,
            **{f"labels/{kind}": values for kind, values in self.labels.items()},
            **{f"names/{kind}": np.array(names) for kind, names in self.names.items()},
        }
        with Path(path).open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | Path) -> Corpus:
        """Read what :meth:`save` wrote.

        Raises:
            GrammarError: the file is not a whole corpus.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file.items())
            return cls(
                tokens=arrays["tokens"],
                symbols=tuple(arrays["symbols"].tolist()),
                labels=_under("labels/", arrays),
                next_distribution=arrays["next_distribution"],
                names={k: tuple(v.tolist()) for k, v in _under("names/", arrays).items()},
            )
        except Exception as error:  # numpy and zipfile raise many kinds on a damaged file
            raise GrammarError(
                f"{path}: not a whole corpus ({error}); delete it and run its rule again"
            ) from error


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}
