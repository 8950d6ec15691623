"""Letters: states that differ in what they remember but not in what they mean.

A network's states keep traces of the past that no future depends on (which filler came before
this one, say), and a path through such states looks different each time it is the same. Before
paths are merged into chunks, states are therefore lumped into *letters*: two states become one
where a two-part code of the stream gets no longer by it,

    L = N [ H(x | s) + H(x', s' | s) ] + 1/2 log2 N x (free frequencies)

(a distribution over k values seen has k - 1 free frequencies), so that a letter still tells which
symbol is being read and what comes next, and nothing else. This is the state merging of automaton
learning (Carrasco & Oncina 1994; Thollard et al. 2000 for the description-length form), on states
found in activity instead of prefixes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]

TIE = 1e-6  # bits; codes nearer than this are equal but for rounding


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
        if change[first, second] > TIE:
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
    """(state, state) change of L, in bits, if the two were one; infinite but above the diagonal."""
    return (
        _row_changes(present, half_log)
        + _row_changes(following.reshape(len(following), -1), half_log)
        + _column_changes(following, half_log)
    )


def _row_changes(counts: Counts, half_log: float) -> Counts:
    """Change of L where two rows share one distribution."""
    n, bits = len(counts), _row_bits(counts, half_log)
    change = np.full((n, n), np.inf)
    for i in range(n - 1):
        together = _row_bits(counts[i] + counts[i + 1 :], half_log)
        change[i, i + 1 :] = together - bits[i] - bits[i + 1 :]
    return change


def _column_changes(following: Counts, half_log: float) -> Counts:
    """Change of L where predecessors no longer say which of two states comes next.

    The two are predecessors as well, and one by then: their own rows count as their sum.
    """
    n = len(following)
    change = np.full((n, n), np.inf)
    for i in range(n - 1):
        rest = np.arange(i + 1, n)
        apart = _cell_changes(following[:, :, [i]], following[:, :, rest], half_log).sum(axis=1)
        own = apart[i] + apart[rest, rest - rest[0]]
        to_first = following[i, :, i] + following[rest, :, i]
        to_second = following[i][:, rest].T + following[rest, :, rest]
        together = _cell_changes(to_first, to_second, half_log).sum(axis=1)
        change[i, rest] = apart.sum(axis=0) - own + together
    return change


def _cell_changes(first: Counts, second: Counts, half_log: float) -> Counts:
    """Change of L where two frequencies become one; none where either is zero."""
    first, second = np.broadcast_arrays(first, second)
    change, both = np.zeros(first.shape), (first > 0) & (second > 0)
    one, other = first[both], second[both]
    change[both] = _xlog2x(one) + _xlog2x(other) - _xlog2x(one + other) - half_log
    return change


def _lump(present: Counts, following: Counts, first: int, second: int) -> tuple[Counts, Counts]:
    present, following = present.copy(), following.copy()
    present[first] += present[second]
    following[first] += following[second]
    following[:, :, first] += following[:, :, second]
    present = np.delete(present, second, axis=0)
    following = np.delete(np.delete(following, second, axis=0), second, axis=2)
    return present, following


def _row_bits(counts: Counts, half_log: float) -> Counts:
    """(row,) n log2 n - sum c log2 c, and half_log for every free frequency."""
    bits = _xlog2x(counts.sum(axis=1)) - _xlog2x(counts).sum(axis=1)
    return bits + half_log * ((counts > 0).sum(axis=1) - 1)


def _xlog2x(count: Counts) -> Counts:
    return count * np.log2(np.maximum(count, 1.0))
