"""Held-out code lengths: how many bits a label saves when it predicts what comes next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer]


def conditional_bits(
    context: Integers, outcome: Integers, held_context: Integers, held_outcome: Integers
) -> NDArray[np.float64]:
    """Bits of each held-out outcome under counts of (context, outcome) from elsewhere.

    ``p(o | c) = (n_co + q_o) / (n_c + 1)``: the counts of the context, plus one pseudo-count
    spread as the outcomes are overall, ``q_o = (n_o + 1 / K) / (n + 1)``; the further pseudo-count
    in it is spread over all K outcomes, so that one never seen costs finitely many bits.

    Args:
        context, outcome: (step,) labels to count.
        held_context, held_outcome: (held step,) labels to code.

    Returns:
        (held step,) bits.
    """
    contexts = int(max(context.max(initial=0), held_context.max(initial=0))) + 1
    outcomes = int(max(outcome.max(initial=0), held_outcome.max(initial=0))) + 1
    overall = np.bincount(outcome, minlength=outcomes) + 1 / outcomes
    overall = overall / overall.sum()
    pair, count = np.unique(context.astype(np.int64) * outcomes + outcome, return_counts=True)
    wanted = held_context.astype(np.int64) * outcomes + held_outcome
    at = np.minimum(np.searchsorted(pair, wanted), len(pair) - 1)
    seen = np.where(pair[at] == wanted, count[at], 0)
    of_context = np.bincount(context, minlength=contexts)[held_context]
    return -np.log2((seen + overall[held_outcome]) / (of_context + 1))


def symbol_bits(
    labels: Integers, tokens: Integers, held_labels: Integers, held_tokens: Integers
) -> NDArray[np.float64]:
    """Bits of the next symbol given the present label, on held-out sequences.

    Args:
        labels, tokens: (sequence, time) to count; -1 (noise) is a label like any other.
        held_labels, held_tokens: (held sequence, time) to code.

    Returns:
        (held sequence, time - 1) bits.
    """
    bits = conditional_bits(*_pairs(labels, tokens), *_pairs(held_labels, held_tokens))
    return bits.reshape(len(held_tokens), -1)


def tracking_bits(
    labels: Integers, tokens: Integers, held_labels: Integers, held_tokens: Integers
) -> NDArray[np.float64]:
    """Bits of the next label given the present label and the next symbol.

    It tends to zero (with more counts) where the labels form a deterministic (unifilar) machine
    over the symbols, and stays above where one state was cut in two by something that no symbol
    explains. Shapes are those of :func:`symbol_bits`.
    """
    symbols = int(max(tokens.max(), held_tokens.max())) + 1
    bits = conditional_bits(
        *_transitions(labels, tokens, symbols), *_transitions(held_labels, held_tokens, symbols)
    )
    return bits.reshape(len(held_tokens), -1)


def _pairs(labels: Integers, tokens: Integers) -> tuple[Integers, Integers]:
    return (labels[:, :-1] + 1).ravel(), tokens[:, 1:].astype(np.int64).ravel()


def _transitions(labels: Integers, tokens: Integers, symbols: int) -> tuple[Integers, Integers]:
    context = (labels[:, :-1] + 1) * symbols + tokens[:, 1:]
    return context.ravel(), (labels[:, 1:] + 1).ravel()
