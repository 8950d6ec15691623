"""Sequences with what is true of every step, and the best that any predictor can do on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from chunkscope.errors import GrammarError
from chunkscope.grammars.tokenisation import decode


@dataclass(frozen=True)
class Corpus:
    """Sequences drawn from a grammar or cut from a text, with what is true of each step.

    Attributes:
        tokens: (sequence, time) uint8, int16 or int32, indices into ``symbols``.
        symbols: the vocabulary in token order.
        labels: kind -> (sequence, time) int32. ``word``: the unit this step belongs to (words
            first, then fillers, separators and cues); ``position``: 0-based step within that
            unit; ``boundary``: 1 where a unit begins; ``depth``: nesting depth of the symbol in
            its unit's tree, 0 outside words; ``state``: the parse state; ``causal``: the minimal
            predictive state; ``context`` where the grammar has contexts; ``compound`` where it has
            pairs. Text has ``document``, the labels of
            :func:`chunkscope.grammars.text_labels.label_tokens`, and ``topic``, where its documents
            have several (:class:`chunkscope.grammars.documents.Document`).
        names: kind -> readable name of each value of that label, where it has names.
        next_distribution: (sequence, time, vocabulary) float32, the probability of each symbol
            at time + 1 given the tokens up to and including time; None for text, whose
            distribution nobody knows.
        scored: (sequence, time) bool, the symbols that a network is to predict, such as those of
            an answer; None for all.
        tokenizer: of text, the tokenizer as JSON.
        provenance: where a text comes from, with its SHA-256.

    ``state`` and ``causal`` are numbered by the grammar alone where it has finitely many beliefs
    (see :class:`chunkscope.grammars.observer.Observer`), else by first occurrence: then only ids
    of one corpus can be compared, so draw train and test sequences together.
    """

    tokens: np.ndarray
    symbols: tuple[str, ...]
    labels: dict[str, np.ndarray]
    next_distribution: np.ndarray | None = None
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scored: np.ndarray | None = None
    tokenizer: str | None = None
    provenance: dict[str, str] = field(default_factory=dict)

    @property
    def parsed(self) -> bool:
        """Whether the true parse and the true next distribution are known: not those of text."""
        return self.next_distribution is not None

    def text(self, sequence: int) -> str:
        """One sequence as a string."""
        return self.decode(self.tokens[sequence])

    def decode(self, tokens: np.ndarray) -> str:
        """Tokens (time,) as a string: the text itself, or the symbols of a grammar.

        Symbols of several characters have spaces between them.
        """
        if self.tokenizer is not None:
            return decode(tokens.tolist(), self.tokenizer)
        return spelled(tokens, self.symbols)

    @property
    def bayes_loss(self) -> float:
        """Mean surprise (nats) of the realised next symbol under the true distribution.

        Over all steps that have a next one: an estimate of the grammar's entropy rate, and the
        loss that a perfect predictor has on exactly these sequences. NaN for text.
        """
        if self.next_distribution is None:
            return float("nan")
        realised = np.take_along_axis(
            self.next_distribution[:, :-1], self.tokens[:, 1:, None].astype(np.intp), axis=2
        )
        return float(-np.log(realised.astype(np.float64)).mean())

    @property
    def bayes_accuracy(self) -> float:
        """Expected accuracy of always guessing the likeliest next symbol, in [0, 1].

        The mean over steps that have a next one of the largest next-symbol probability: exact
        given the histories, free of the luck of the realised symbols. NaN for text.
        """
        if self.next_distribution is None:
            return float("nan")
        return float(self.next_distribution[:, :-1].max(axis=2).astype(np.float64).mean())

    def save(self, path: str | Path) -> None:
        """Write one compressed npz without pickles; equal corpora give equal bytes."""
        arrays = {
            "tokens": self.tokens,
            "symbols": np.array(self.symbols),
            **{f"labels/{kind}": values for kind, values in self.labels.items()},
            **{f"names/{kind}": np.array(names) for kind, names in self.names.items()},
            **{f"provenance/{key}": np.array(value) for key, value in self.provenance.items()},
        }
        if self.next_distribution is not None:
            arrays["next_distribution"] = self.next_distribution
        if self.scored is not None:
            arrays["scored"] = self.scored
        if self.tokenizer is not None:
            arrays["tokenizer"] = np.frombuffer(self.tokenizer.encode(), np.uint8)
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
            tokenizer = arrays.get("tokenizer")
            return cls(
                tokens=arrays["tokens"],
                symbols=tuple(arrays["symbols"].tolist()),
                labels=_under("labels/", arrays),
                next_distribution=arrays.get("next_distribution"),
                names={k: tuple(v.tolist()) for k, v in _under("names/", arrays).items()},
                scored=arrays.get("scored"),
                tokenizer=tokenizer.tobytes().decode() if tokenizer is not None else None,
                provenance={k: str(v) for k, v in _under("provenance/", arrays).items()},
            )
        except Exception as error:  # numpy and zipfile raise many kinds on a damaged file
            raise GrammarError(
                f"{path}: not a whole corpus ({error}); delete it and run its rule again"
            ) from error


def spelled(tokens: Iterable[int], symbols: Sequence[str]) -> str:
    """Tokens as symbols of a grammar; where some have several characters, spaces stand between."""
    gap = "" if all(len(symbol) == 1 for symbol in symbols) else " "
    return gap.join(symbols[token] for token in tokens)


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}
