"""All inputs that a network can be given, with their probability: where preimages are found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import GrammarError
from chunkscope.grammars.corpus import Corpus, spelled

LARGEST = 2_000_000
"""Inputs that are enumerated at most."""


class TooManyInputs(GrammarError):
    """There are more inputs than may be enumerated."""


@dataclass(frozen=True)
class Inputs:
    """Inputs of a task, or beginnings of a grammar's sequences: all there are, or a sample.

    Attributes:
        symbols: the vocabulary.
        tokens: (input, time) uint8 or int16, indices into ``symbols``; 0 beyond the length.
        length: (input,) int32, symbols of each.
        probability: (input,) float64, of each among all that there are.
        scored: (input, time) bool, the symbols that a network is to predict.
        points: name -> (input,) int32, the steps at which an input is read.
        labels: kind -> (input,) int32, what is true of an input.
        drawn: (input,) int64, how often each was drawn; None where they are all there are.
    """

    symbols: tuple[str, ...]
    tokens: NDArray[np.integer]
    length: NDArray[np.int32]
    probability: NDArray[np.float64]
    scored: NDArray[np.bool_]
    points: dict[str, NDArray[np.int32]]
    labels: dict[str, NDArray[np.int32]]
    drawn: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def weight(self) -> NDArray[np.float64]:
        """(input,) what each stands for: its probability, or its share of the draws."""
        return self.probability if self.drawn is None else self.drawn / self.drawn.sum()

    def take(self, rows: NDArray[np.integer]) -> Inputs:
        """Some of them, in this order; probabilities stay as they are."""
        return replace(
            self,
            tokens=self.tokens[rows],
            length=self.length[rows],
            probability=self.probability[rows],
            scored=self.scored[rows],
            points={name: steps[rows] for name, steps in self.points.items()},
            labels={kind: values[rows] for kind, values in self.labels.items()},
            drawn=None if self.drawn is None else self.drawn[rows],
        )

    def distinct(self) -> Inputs:
        """Every different one of independent draws, with how often it was drawn."""
        first, counts = distinct(self.tokens, self.length)
        return replace(self.take(first), drawn=counts)

    def text(self, row: int) -> str:
        """One input as a string."""
        return spelled(self.tokens[row, : self.length[row]], self.symbols)

    def corpus(self) -> Corpus:
        """The inputs as sequences, whose labels are the same at every step."""
        time = self.tokens.shape[1]
        labels = {kind: np.repeat(v[:, None], time, 1) for kind, v in self.labels.items()}
        return Corpus(self.tokens, self.symbols, labels, scored=self.scored)

    def save(self, path: str | Path) -> None:
        """Write one compressed npz without pickles; equal inputs give equal bytes."""
        arrays = {
            "symbols": np.array(self.symbols),
            "tokens": self.tokens,
            "length": self.length,
            "probability": self.probability,
            "scored": self.scored,
        }
        if self.drawn is not None:
            arrays["drawn"] = self.drawn
        arrays |= {f"points/{name}": steps for name, steps in self.points.items()}
        arrays |= {f"labels/{kind}": values for kind, values in self.labels.items()}
        with Path(path).open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | Path) -> Inputs:
        """Read what :meth:`save` wrote.

        Raises:
            GrammarError: the file does not hold whole inputs.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file.items())
            return cls(
                symbols=tuple(arrays["symbols"].tolist()),
                tokens=arrays["tokens"],
                length=arrays["length"],
                probability=arrays["probability"],
                scored=arrays["scored"],
                points=_under("points/", arrays),
                labels=_under("labels/", arrays),
                drawn=arrays.get("drawn"),
            )
        except Exception as error:  # numpy and zipfile raise many kinds on a damaged file
            raise GrammarError(
                f"{path}: not whole inputs ({error}); delete it and run its rule again"
            ) from error


def distinct(
    tokens: NDArray[np.integer], length: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each different string (string, time) stands first, and how often it stands there."""
    strings = np.column_stack([tokens, length])
    _, first, counts = np.unique(strings, axis=0, return_index=True, return_counts=True)
    return first, counts


def _under(prefix: str, arrays: dict[str, NDArray[np.int32]]) -> dict[str, NDArray[np.int32]]:
    return {
        name.removeprefix(prefix): values
        for name, values in arrays.items()
        if name.startswith(prefix)
    }


def check_enumerable(what: str, count: int, longest: int, most: int = LARGEST) -> None:
    """Raise TooManyInputs where there are more inputs than ``most``; ``count`` is the fewest."""
    if count > most:
        raise TooManyInputs(
            f"{what}: there are {count:,} inputs of up to {longest} symbols "
            f"({count * longest / 2**30:.3g} GiB for the symbols alone); at most {most:,} are "
            "enumerated: ask for smaller ones, or sample"
        )
