"""Decoding the input symbol from the state by a look-up table, as the reflection experiment does.

The paper (arXiv 2502.01803) takes strings of levels as states
(:mod:`chunkscope.chunks.extractors.symbolic`), remembers which symbol each was seen with in the
first steps, and decodes later steps; a state never seen is wrong. Its accuracy is therefore bounded
by how many of the later states were seen at all, so coverage and accuracy on seen states stand
apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chunkscope.chunks.extractors.base import Activations, Labels, Tokens
from chunkscope.chunks.extractors.symbolic import level_strings


def decode_by_lookup(
    states: Labels, tokens: Tokens, later_states: Labels, later_tokens: Tokens
) -> dict[str, float]:
    """Decode ``later_tokens`` by the symbol most often seen in the same state before.

    Args:
        states, tokens: (step,) what is remembered.
        later_states, later_tokens: (later step,) what is decoded; -1 is an unseen state.

    Returns:
        ``accuracy`` (unseen counts as wrong), ``coverage`` (share of later steps whose state was
        seen before), ``accuracy_seen`` (on these alone; NaN if there are none), ``chance``
        (accuracy of always guessing the commonest symbol remembered).
    """
    symbols = int(max(tokens.max(), later_tokens.max())) + 1
    most = max(states.max(initial=-1), later_states.max(initial=-1))
    counts = np.zeros((int(most) + 1, symbols))
    known = states >= 0
    np.add.at(counts, (states[known], tokens[known]), 1)
    seen = np.append(counts.any(axis=1), False)[later_states]  # -1 is the last, and never seen
    right = np.zeros(len(later_states), dtype=bool)
    right[seen] = counts.argmax(axis=1)[later_states[seen]] == later_tokens[seen]
    commonest = np.bincount(tokens.astype(np.int64), minlength=symbols).argmax()
    return {
        "accuracy": float(right.mean()),
        "coverage": float(seen.mean()),
        "accuracy_seen": float(right[seen].mean()) if seen.any() else float("nan"),
        "chance": float((later_tokens == commonest).mean()),
    }


def decoding_rows(
    activations: Activations,
    tokens: Tokens,
    states: Labels,
    train: NDArray[np.bool_],
    levels: int,
    remembered: Sequence[int],
) -> list[dict[str, object]]:
    """The paper's decoding (its numbers of steps), the same with more steps, and the dictionary's.

    Args:
        activations: (sequence, time, unit). tokens, states: (sequence, time).
        train: (sequence,) whether a sequence is of the train split.
        levels: of the strings.
        remembered: numbers of steps remembered; as many are decoded with the first, which is the
            paper's, and all test steps with the others.

    Returns:
        One row per ``states`` (``strings`` or ``dictionary``) and number of remembered ``steps``.
    """
    units = activations.shape[-1]
    fit, apply = activations[train].reshape(-1, units), activations[~train].reshape(-1, units)
    before, after = tokens[train].ravel(), tokens[~train].ravel()
    rows: list[dict[str, object]] = []
    for at, steps in enumerate(remembered):
        later = len(apply) if at else steps
        strings = level_strings(fit[:steps], apply[:later], levels)
        score = decode_by_lookup(strings[0], before[:steps], strings[1], after[:later])
        rows.append({"states": "strings", "steps": min(steps, len(fit)), **score})
    score = decode_by_lookup(states[train].ravel(), before, states[~train].ravel(), after)
    rows.append({"states": "dictionary", "steps": len(fit), **score})
    return rows
