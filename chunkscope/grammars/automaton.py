"""Any finite-state grammar, written as states and their arcs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ValidationInfo, field_validator, model_validator

from chunkscope.errors import did_you_mean
from chunkscope.grammars.base import Grammar
from chunkscope.grammars.builder import START, ProcessBuilder
from chunkscope.grammars.probabilities import Probability, Text, check_total
from chunkscope.grammars.process import Process
from chunkscope.settings import Settings


class Arc(Settings):
    """One way out of a state."""

    symbol: Text
    """The symbol emitted; may have several characters."""
    to: str
    """The state entered."""
    probability: Probability
    """Probability of this arc among those of its state."""


def check_arcs(arcs: list[Arc]) -> list[Arc]:
    """The arcs themselves if there are any and their probabilities sum to 1."""
    if not arcs:
        raise ValueError("the state leads nowhere; give it at least one arc")
    check_total({f"{i}: {arc.symbol} -> {arc.to}": arc.probability for i, arc in enumerate(arcs)})
    return arcs


class Automaton(Grammar):
    """A finite-state grammar; several arcs of a state may emit the same symbol.

    The label ``word`` is the automaton's state that the step enters, and ``position`` counts the
    steps since the last boundary. The hidden state may be unknowable from the symbols; the parse
    state is the observer's belief over the automaton's states.
    """

    grammar: Literal["automaton"] = "automaton"
    """Which grammar."""
    states: dict[str, Annotated[list[Arc], AfterValidator(check_arcs)]]
    """State -> its arcs."""
    start: str
    """The state before the first symbol."""
    boundary: list[str] | None = None
    """States whose outgoing step begins a unit; the start state if not given."""

    @field_validator("states")
    @classmethod
    def _targets_exist(cls, states: dict[str, list[Arc]]) -> dict[str, list[Arc]]:
        for source, arcs in states.items():
            for arc in arcs:
                if arc.to not in states:
                    raise ValueError(
                        f"state {source!r} leads to {arc.to!r}, which is no state"
                        + did_you_mean(arc.to, states)
                    )
        return states

    @field_validator("start", "boundary")
    @classmethod
    def _is_state(cls, named: str | list[str], info: ValidationInfo) -> str | list[str]:
        states = info.data.get("states", {})
        for name in [named] if isinstance(named, str) else named or []:
            if states and name not in states:
                raise ValueError(f"{name!r} is no state{did_you_mean(name, states)}")
        return named

    @model_validator(mode="after")
    def _all_are_reached(self) -> Automaton:
        reached = [self.start]
        for state in reached:  # grows while it is walked
            reached += dict.fromkeys(a.to for a in self.states[state] if a.to not in reached)
        for state in self.states:
            if state not in reached:
                raise ValueError(f"state {state!r} cannot be reached from {self.start!r}")
        return self

    def compile(self) -> Process:
        """States are (state entered, whether that step began a unit)."""
        boundary = [self.start] if self.boundary is None else self.boundary
        symbols = {arc.symbol for arcs in self.states.values() for arc in arcs}
        builder = ProcessBuilder(sorted(symbols), self.states)
        entered = {
            (state, begins): builder.state(state, 0, state, boundary=begins, depth=1)
            for begins in (1, 0)
            for state in self.states
        }
        sources = [(name, source) for (name, _), source in entered.items()]
        for name, source in [(self.start, START), *sources]:
            begins = int(source == START or name in boundary)
            for arc in self.states[name]:
                builder.edge(source, arc.symbol, entered[arc.to, begins], arc.probability)
        return builder.build()
