"""Building a process from units that are spelt out symbol by symbol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from chunkscope.grammars.process import Process

START = 0
"""The state before the first symbol; no edge leads back to it."""


class Unit(NamedTuple):
    """A unit spelt out in a process: it is entered by its first symbol."""

    text: str
    first: int
    last: int


class ProcessBuilder:
    """Collects hidden states and edges, then makes the process, which starts in ``START``.

    Args:
        symbols: the vocabulary.
        units: the readable name of each unit, in the order of the label ``word``.
    """

    def __init__(self, symbols: Iterable[str], units: Iterable[str]) -> None:
        self.symbols = tuple(symbols)
        self.units = tuple(units)
        self._token = {symbol: token for token, symbol in enumerate(self.symbols)}
        self._unit = {unit: index for index, unit in enumerate(self.units)}
        self._annotations: list[dict[str, int]] = [{}]
        self._hypotheses: list[tuple[str, int]] = [("", -1)]
        self._names: dict[tuple[str, int], str] = {("", -1): ""}
        self._edges: list[tuple[int, int, int, float]] = []

    def state(self, unit: str, position: int, name: str, **annotations: int) -> int:
        """Add a hidden state for step ``position`` of ``unit``; ``name`` says it shortly."""
        self._annotations.append({"word": self._unit[unit], **annotations})
        self._hypotheses.append((unit, position))
        self._names.setdefault((unit, position), name)
        return len(self._annotations) - 1

    def edge(self, source: int, symbol: str, target: int, probability: float) -> None:
        """From ``source``, emit ``symbol`` and enter ``target`` with this probability."""
        self._edges.append((self._token[symbol], source, target, probability))

    def spell(self, unit: str, text: str, depths: Sequence[int], **annotations: int) -> Unit:
        """Add the states of ``unit``, spelt ``text``, whose symbols have these depths."""
        states = []
        for position, depth in enumerate(depths):
            read = unit.removesuffix(text) + text[: position + 1]
            name = read if position + 1 == len(text) else read + "·"
            first = int(position == 0)
            states.append(
                self.state(unit, position, name, boundary=first, depth=depth, **annotations)
            )
        for source, symbol, target in zip(states[:-1], text[1:], states[1:], strict=True):
            self.edge(source, symbol, target, 1.0)
        return Unit(text, states[0], states[-1])

    def choose(
        self, source: int, options: Iterable[tuple[Unit, float]], weight: float = 1.0
    ) -> None:
        """From ``source``, begin each unit with its probability times ``weight``."""
        for unit, probability in options:
            self.edge(source, unit.text[0], unit.first, weight * probability)

    def build(self) -> Process:
        """The process of all states and edges added so far."""
        n_states = len(self._annotations)
        transitions = np.zeros((len(self.symbols), n_states, n_states))
        for token, source, target, probability in self._edges:
            transitions[token, source, target] += probability
        order = {key: index for index, key in enumerate(self._names)}
        return Process(
            symbols=self.symbols,
            transitions=transitions,
            initial=np.eye(n_states)[START],
            annotations={
                kind: np.array([state.get(kind, -1) for state in self._annotations], np.int32)
                for kind in self._annotations[-1]
            },
            hypothesis=np.array([order[key] for key in self._hypotheses], np.int32),
            hypothesis_names=tuple(self._names.values()),
            word_names=self.units,
        )
