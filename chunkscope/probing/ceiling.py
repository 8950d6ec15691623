"""The ceiling of a reading: how likely a feature is, given all symbols so far, by the true grammar.

The grammar's forward filter knows the distribution over hidden states that is left after the
symbols so far, and every hidden state has its labels: summed over the states that have the label,
it is P(feature | symbols so far). No reader of the same symbols, network or probe, has a smaller
expected log loss, nor, at its own best threshold, a larger F1. What a step was asked for is known
beside the symbols (that it lies within a word), so that the probability is given that too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import ProbingError
from chunkscope.grammars import Grammar, Observer, Process, Source
from chunkscope.probing.features import (
    COMPOUND,
    INSIDE_WORDS,
    POSITION,
    STATE,
    SYMBOL,
    UPCOMING,
    Feature,
)

DETERMINED = (SYMBOL, STATE, COMPOUND)
"""Kinds that the symbols so far determine: their ceiling is 1 by construction, and says nothing."""

Scores = NDArray[np.float64]  # (sequence, time)


def bayes_scores(source: Source, tokens: NDArray[np.integer], feature: Feature) -> Scores | None:
    """P(feature | symbols so far) at every step that is asked, (sequence, time).

    Args:
        source: the settings that the tokens were drawn by.
        tokens: (sequence, time), whole sequences from their beginning.

    Returns:
        None for text, of which nobody knows the truth.

    Raises:
        GrammarError: the tokens are no sequences of this grammar.
        ProbingError: the grammar knows nothing of this kind.
    """
    if not isinstance(source, Grammar):
        return None
    if feature.kind in (SYMBOL, STATE):
        return (feature.labels == 1).astype(float)
    process = source.compile()
    if feature.kind == POSITION:
        process = with_positions(process, feature.value + 1)
    seen = Observer(process).observe(tokens)
    if feature.kind == UPCOMING:
        return seen.next_distribution[:, :, feature.value].astype(float)
    return _probability(process, seen.beliefs, feature)[seen.belief]


def _probability(process: Process, beliefs: NDArray[np.float64], feature: Feature) -> Scores:
    """(belief,) P(label | belief, asked); 0 where it cannot be asked."""
    if feature.kind not in process.annotations:
        raise ProbingError(
            f"ceiling: got a feature of kind {feature.kind!r}; the grammar knows "
            f"{', '.join((SYMBOL, UPCOMING, STATE, POSITION, *process.annotations))}"
        )
    yes = process.annotations[feature.kind] == feature.value
    asked = np.ones(len(yes), bool)
    if feature.kind in INSIDE_WORDS:
        asked = process.annotations["depth"] > 0
    total = beliefs @ asked
    return np.divide(beliefs @ (yes & asked), total, out=np.zeros(len(total)), where=total > 0)


def with_positions(process: Process, most: int) -> Process:
    """The same process whose states also count the steps since the last boundary, up to ``most``.

    Where a state determines its position, as in grammars that spell out words, nothing is added.
    The annotation ``position`` is the count; states that nothing leads to are left out.
    """
    boundary = process.annotations["boundary"] == 1
    follows = process.transitions.sum(axis=0) > 0
    pairs = [(int(state), 0) for state in np.flatnonzero(process.initial)]
    place = {pair: at for at, pair in enumerate(pairs)}
    edges = []
    for state, position in pairs:  # grows while it is walked
        for following in np.flatnonzero(follows[state]).tolist():
            pair = (following, 0 if boundary[following] else min(position + 1, most))
            if pair not in place:
                place[pair] = len(pairs)
                pairs.append(pair)
            edges.append((place[state, position], place[pair]))
    states = np.array([state for state, _ in pairs])
    source, target = np.array(edges).T
    transitions = np.zeros((len(process.symbols), len(pairs), len(pairs)))
    transitions[:, source, target] = process.transitions[:, states[source], states[target]]
    positions = np.array([position for _, position in pairs], np.int32)
    kept = {kind: values[states] for kind, values in process.annotations.items()}
    return replace(
        process,
        transitions=transitions,
        initial=process.initial[states],
        annotations={**kept, POSITION: positions},
        hypothesis=process.hypothesis[states],
    )
