"""The ideal observer: what can be known of the hidden state from the symbols so far.

One exact forward filter serves every grammar. The observer's belief b (a distribution over hidden
states) is updated by b' = b T_x / (b T_x 1). Three things are read from it: the distribution of
the next symbol; the *parse state*, which is the belief over (unit, position) with hidden counters
summed out; and the *causal state*, the class of all histories with the same future (Crutchfield &
Young, Phys. Rev. Lett. 63, 105, 1989). The future is linear in the belief, P(w | b) = b T_w 1, so
two beliefs are causally equal when they agree on the span of the vectors T_w 1 (Upper, *Theory and
Algorithms for Hidden Markov Models and Generalized Hidden Markov Models*, 1997).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from chunkscope.errors import GrammarError
from chunkscope.grammars.process import Process

RESOLUTION = 1e-9
"""Beliefs nearer than this are one state."""

MEMO_DECIMALS = 12
"""Beliefs equal to this many decimals share one row: finer than ``RESOLUTION``, so that taking
one for the other moves no state."""

EXPLORED = 1024
"""A grammar with at most this many beliefs has its states numbered before any symbol is seen."""


@dataclass(frozen=True)
class Observation:
    """What the ideal observer knows at every step, (sequence, time) unless said otherwise.

    Attributes:
        belief: row of ``beliefs``, int32.
        beliefs: (belief, state) float64, the distinct beliefs.
        next_distribution: (sequence, time, vocabulary) float32.
        state: parse state, int32, named by ``state_names``.
        causal: causal state, int32, named by ``causal_names``.
    """

    belief: np.ndarray
    beliefs: np.ndarray
    next_distribution: np.ndarray
    state: np.ndarray
    causal: np.ndarray
    state_names: tuple[str, ...]
    causal_names: tuple[str, ...]


class Observer:
    """Filters token sequences of one process, remembering every belief it has met.

    Where the process has at most ``EXPLORED`` beliefs they are all visited at once, breadth first
    in symbol order, and state numbers depend on the grammar alone; otherwise beliefs are numbered
    in order of first occurrence (earlier time steps first) in what is observed.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self._forget()
        if not self._explore():
            self._forget()

    def observe(self, tokens: np.ndarray) -> Observation:
        """Filter ``tokens`` (sequence, time) and name what is known at every step.

        Raises:
            GrammarError: a token is outside the vocabulary, or impossible after those before it.
        """
        if tokens.min() < 0 or tokens.max() >= len(self.process.symbols):
            raise GrammarError(
                f"tokens: got values from {tokens.min()} to {tokens.max()}; must be 0 to "
                f"{len(self.process.symbols) - 1}, as the grammar has {len(self.process.symbols)} "
                "symbols"
            )
        belief = self._filter(tokens)
        beliefs = np.array(self._beliefs[1:])
        parses = np.zeros((self.process.n_states, len(self.process.hypothesis_names)))
        parses[np.arange(self.process.n_states), self.process.hypothesis] = 1.0
        hypotheses = beliefs @ parses
        state = number_rows(hypotheses)
        causal = number_rows(beliefs @ predictive_basis(self.process.transitions))
        state_names = self._state_names(hypotheses, state)
        following = beliefs @ self.process.transitions.sum(axis=2).T
        return Observation(
            belief=belief,
            beliefs=beliefs,
            next_distribution=following.astype(np.float32)[belief],
            state=state[belief],
            causal=causal[belief],
            state_names=state_names,
            causal_names=_causal_names(state, causal, state_names),
        )

    def _forget(self) -> None:
        self._beliefs = [self.process.initial]  # row 0, before any symbol, is nobody's successor
        self._row_of: dict[bytes, int] = {}
        self._next: dict[tuple[int, int], int] = {}

    def _explore(self) -> bool:
        """Visit every reachable belief; False if there are more than ``EXPLORED``."""
        row = 0
        while row < len(self._beliefs):
            for token in range(len(self.process.symbols)):
                self._successor(row, token)
            if len(self._beliefs) > EXPLORED:
                return False
            row += 1
        return True

    def _filter(self, tokens: np.ndarray) -> np.ndarray:
        """(sequence, time) int32 rows of the belief table, not counting row 0."""
        rows = np.empty(tokens.shape, np.int32)
        current = np.zeros(len(tokens), np.int64)
        n_symbols = len(self.process.symbols)
        for t in range(tokens.shape[1]):
            pairs, inverse = np.unique(current * n_symbols + tokens[:, t], return_inverse=True)
            successors = [self._successor(*divmod(pair, n_symbols)) for pair in pairs.tolist()]
            current = np.array(successors)[inverse]
            if (current < 0).any():
                self._refuse(tokens, int((current < 0).argmax()), t)
            rows[:, t] = current - 1
        return rows

    def _successor(self, row: int, token: int) -> int:
        """The row of the belief after ``token``; -1 if it cannot follow."""
        known = self._next.get((row, token))
        if known is None:
            known = self._next[row, token] = self._update(row, token)
        return known

    def _update(self, row: int, token: int) -> int:
        support = np.flatnonzero(self._beliefs[row])
        joint = self._beliefs[row][support] @ self.process.transitions[token, support]
        total = joint.sum()
        if total <= 0:
            return -1
        belief = joint / total
        key = (np.round(belief, MEMO_DECIMALS) + 0.0).tobytes()
        if key not in self._row_of:
            self._row_of[key] = len(self._beliefs)
            self._beliefs.append(belief)
        return self._row_of[key]

    def _refuse(self, tokens: np.ndarray, sequence: int, time: int) -> None:
        symbol = self.process.symbols[int(tokens[sequence, time])]
        raise GrammarError(
            f"tokens: symbol {symbol!r} at sequence {sequence}, time {time} cannot follow what "
            "came before it; observe only sequences of the same grammar"
        )

    def _state_names(self, hypotheses: np.ndarray, state: np.ndarray) -> tuple[str, ...]:
        _, first = np.unique(state, return_index=True)
        names = []
        for row in hypotheses[first]:
            likeliest = np.argsort(-np.round(row, 9), kind="stable")
            held = likeliest[row[likeliest] > RESOLUTION]
            names.append(_set_name(self.process.hypothesis_names[i] for i in held))
        return _distinct(names)


def predictive_basis(transitions: np.ndarray) -> np.ndarray:
    """Orthonormal basis (state, dimension) of the span of T_w 1 over all words w.

    Grown from the all-ones vector by applying every T_x until nothing new appears; the dimension
    is at most the number of hidden states.

    Args:
        transitions: (symbol, from, to), P(x, s' | s).
    """
    n_states = transitions.shape[1]
    basis = np.zeros((n_states, n_states))
    basis[:, 0] = n_states**-0.5
    found, grown = 1, 0
    while grown < found < n_states:
        for vector in transitions @ basis[:, grown]:
            size = np.linalg.norm(vector)
            for _ in range(2):  # twice is enough for orthogonality to rounding error
                vector = vector - basis[:, :found] @ (basis[:, :found].T @ vector)
            rest = np.linalg.norm(vector)
            if found < n_states and rest > 1e-8 * size:
                basis[:, found] = vector / rest
                found += 1
        grown += 1
    return basis[:, :found]


def number_rows(rows: np.ndarray) -> np.ndarray:
    """(row,) int32: equal numbers for rows equal within ``RESOLUTION``, by first occurrence.

    Rounding alone would part two equal rows that straddle a rounding edge, so rounded rows that
    are near neighbours are joined again.
    """
    cells = np.rint(rows / RESOLUTION).astype(np.int64)
    _, first, cell = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    pairs = cKDTree(rows[first]).query_pairs(RESOLUTION, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(first),) * 2)
    _, component = connected_components(links, directed=False)
    group = component[cell.ravel()]
    _, met = np.unique(group, return_index=True)
    order = np.empty(len(met), np.int32)
    order[np.argsort(met)] = np.arange(len(met), dtype=np.int32)
    return order[group]


def _causal_names(
    state: np.ndarray, causal: np.ndarray, state_names: tuple[str, ...]
) -> tuple[str, ...]:
    """A causal state is named by the parse states from which it can be known."""
    members: list[dict[str, None]] = [{} for _ in range(causal.max() + 1)]
    for belief_state, belief_causal in zip(state, causal, strict=True):
        members[belief_causal][state_names[belief_state]] = None
    return _distinct(_set_name(names) for names in members)


def _set_name(names: Iterable[str], shown: int = 3) -> str:
    """``A`` for one distinct name, ``{A, B}`` for several, ``{A, B, C, …}`` for too many."""
    unique = list(dict.fromkeys(names))
    if len(unique) == 1:
        return unique[0]
    return "{" + ", ".join(unique[:shown] + ["…"] * (len(unique) > shown)) + "}"


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Names with ``#2``, ``#3`` … appended where one occurs again."""
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(result)
