"""Letters: states that differ in what they remember but not in what they mean.

A network's states keep traces of the past that no future depends on (which filler came before
this one, say), and a path through such states looks different each time it is the same. Before
paths are merged into chunks, states are therefore lumped into *letters*: two states become one
where a two-part code of the stream gets shorter by it,

    L = N [ H(x | s) + H(x', s' | s) ] + 1/2 log2 N x (free frequencies),

so that a letter still tells which symbol is being read and what comes next, and nothing else.
This is the state merging of automaton learning (Carrasco & Oncina 1994; Thollard et al. 2000 for
the description-length form), on states found in activity instead of prefixes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


def lump_states(
    labels: NDArray[np.integer], tokens: NDArray[np.integer], states: int
) -> NDArray[np.int64]:
    """The letter of every state.

    Args:
        labels: (sequence, time) states, -1 for noise (which stays apart from everything).
        tokens: (sequence, time) symbols read at each step.
        states: number of states; one that never occurs is a letter of its own.

    Returns:
        (state,) letters 0.., numbered by the first of their states.
    """
    symbols = int(tokens.max()) + 1
    present = _present_counts(labels, tokens, states, symbols)
    following = _following_counts(labels, tokens, states, symbols)
    half_log = 0.5 * np.log2(labels.size)
    groups = [[state] for state in range(states)]
    while len(groups) > 1:
        change = _cost_changes(present, following, half_log)
        first, second = np.unravel_index(change.argmin(), change.shape)
        if change[first, second] >= 0:
            break
        groups[first] += groups.pop(second)
        present, following = _lump(present, following, int(first), int(second))
    letters = np.empty(states, dtype=np.int64)
    for letter, group in enumerate(groups):
        letters[group] = letter
    return letters


def _present_counts(
    labels: NDArray[np.integer], tokens: NDArray[np.integer], states: int, symbols: int
) -> Counts:
    """(state, symbol) how often each symbol is read in each state."""
    counts = np.zeros((states, symbols))
    known = labels >= 0
    np.add.at(counts, (labels[known], tokens[known]), 1)
    return counts


def _following_counts(
    labels: NDArray[np.integer], tokens: NDArray[np.integer], states: int, symbols: int
) -> Counts:
    """(state, next symbol, next state) counts of transitions between states."""
    counts = np.zeros((states, symbols, states))
    before, after, read = labels[:, :-1], labels[:, 1:], tokens[:, 1:]
    known = (before >= 0) & (after >= 0)
    np.add.at(counts, (before[known], read[known], after[known]), 1)
    return counts


def _cost_changes(present: Counts, following: Counts, half_log: float) -> Counts:
    """(state, state) change of the code length, in bits, if the two were one; upper triangle."""
    n = len(present)
    flat = following.reshape(n, -1)
    into = following.reshape(-1, n)
    change = np.full((n, n), np.inf)
    present_bits, flat_bits, into_bits = _row_bits(present), _row_bits(flat), _xlog2x(into)
    present_free, flat_free = (present > 0).sum(axis=1), (flat > 0).sum(axis=1)
    for i in range(n - 1):
        rest = slice(i + 1, n)
        both_present, both_flat = present[i] + present[rest], flat[i] + flat[rest]
        emitting = _row_bits(both_present) - present_bits[i] - present_bits[rest]
        leaving = _row_bits(both_flat) - flat_bits[i] - flat_bits[rest]
        # the predecessors no longer have to say which of the two comes next
        arriving = (
            into_bits[:, [i]] + into_bits[:, rest] - _xlog2x(into[:, [i]] + into[:, rest])
        ).sum(axis=0)
        free = (both_present > 0).sum(axis=1) - present_free[i] - present_free[rest]
        free = free + (both_flat > 0).sum(axis=1) - flat_free[i] - flat_free[rest] + 2
        change[i, rest] = emitting + leaving + arriving + half_log * free
    return change


def _lump(present: Counts, following: Counts, first: int, second: int) -> tuple[Counts, Counts]:
    present, following = present.copy(), following.copy()
    present[first] += present[second]
    following[first] += following[second]
    following[:, :, first] += following[:, :, second]
    present = np.delete(present, second, axis=0)
    following = np.delete(np.delete(following, second, axis=0), second, axis=2)
    return present, following


def _row_bits(counts: Counts) -> Counts:
    """n log2 n - sum c log2 c of every row: its empirical code length."""
    return _xlog2x(counts.sum(axis=-1)) - _xlog2x(counts).sum(axis=-1)


def _xlog2x(count: Counts) -> Counts:
    return count * np.log2(np.maximum(count, 1.0))
