"""How right a reading is: states, boundaries and words against the true parse, and information.

Every score is a function of labels and truth alone, so that a reading of anything (a network, an
untrained network, shuffled time, raw symbols) is scored in the same way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    homogeneity_completeness_v_measure,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chunkscope.chunks.codelength import conditional_bits, symbol_bits
from chunkscope.chunks.extractors.base import Activations, Labels, Tokens
from chunkscope.chunks.extractors.clustering import draw_sample

Scores = dict[str, float]
Boundaries = NDArray[np.bool_]  # (sequence, time)


def state_scores(states: Labels, truth: NDArray[np.integer]) -> Scores:
    """Agreement of states with a true labeling of the same steps, noise (-1) being one class.

    Returns:
        ``ari``, ``ami``, ``v_measure``, ``homogeneity`` (each state has one true label) and
        ``completeness`` (each true label has one state); 1 is perfect. ARI and AMI are 0 by
        chance.
    """
    found, true = states.ravel(), truth.ravel()
    homogeneity, completeness, v_measure = homogeneity_completeness_v_measure(true, found)
    return {
        "ari": float(adjusted_rand_score(true, found)),
        "ami": float(adjusted_mutual_info_score(true, found)),
        "v_measure": float(v_measure),
        "homogeneity": float(homogeneity),
        "completeness": float(completeness),
    }


def boundary_scores(found: Boundaries, true: Boundaries) -> Scores:
    """Precision, recall and F1 of boundaries, and the floors of F1.

    The first step of a sequence is a boundary to everyone and is not scored.

    Returns:
        ``precision``, ``recall``, ``f1``; ``f1_every_step``: of calling every step a boundary;
        ``f1_random``: expected of boundaries thrown at random at the found rate.
    """
    found, true = found[:, 1:], true[:, 1:].astype(bool)
    hits = float((found & true).sum())
    rate, true_rate = float(found.mean()), float(true.mean())
    return {
        "precision": _ratio(hits, found.sum()),
        "recall": _ratio(hits, true.sum()),
        "f1": _ratio(2 * hits, found.sum() + true.sum()),
        "f1_every_step": _ratio(2 * true_rate, 1 + true_rate),
        "f1_random": _ratio(2 * rate * true_rate, rate + true_rate),
    }


def word_scores(
    units: Labels,
    boundary: Boundaries,
    true_words: NDArray[np.integer],
    true_boundary: Boundaries,
    chunks: NDArray[np.integer],
) -> Scores:
    """Which words the chunks are, by type and by occurrence.

    A chunk *is* a word if more than half of its occurrences span exactly an occurrence of that
    word. Only words of two or more symbols count, and only occurrences that end before their
    sequence does. Words are told apart by label, not by spelling, so that equal strings of
    different contexts are different words.

    Args:
        units, boundary: (sequence, time) the parse.
        true_words, true_boundary: (sequence, time) the truth.
        chunks: (chunk,) the units that are chunks of the dictionary, occurring here or not.

    Returns:
        ``words``: true word types here; ``recall``: share of them that some chunk is;
        ``precision``: share of the dictionary's chunks that are words; ``occurrence_recall``:
        share of word occurrences that are spanned by one chunk; ``occurrence_precision``: share
        of chunk occurrences that span one word.
    """
    found, true = _chunk_spans(units, boundary, chunks), _word_spans(true_words, true_boundary)
    words, spanned = np.unique(true[:, 3]), _words_at(found, true)
    right = [word for word in _chunk_words(found, spanned) if word >= 0]
    return {
        "words": float(len(words)),
        "recall": _ratio(len(set(right)), len(words)),
        "precision": _ratio(len(right), len(chunks)),
        "occurrence_recall": _ratio((spanned >= 0).sum(), len(true)),
        "occurrence_precision": _ratio((spanned >= 0).sum(), len(found)),
    }


def words_found(
    units: Labels,
    boundary: Boundaries,
    true_words: NDArray[np.integer],
    true_boundary: Boundaries,
    chunks: NDArray[np.integer],
) -> dict[int, bool]:
    """Word -> whether some chunk is it, for the words that occur; see :func:`word_scores`."""
    found, true = _chunk_spans(units, boundary, chunks), _word_spans(true_words, true_boundary)
    right = set(_chunk_words(found, _words_at(found, true)))
    return {word: word in right for word in np.unique(true[:, 3]).tolist()}


def information_scores(
    states: tuple[Labels, Labels],
    activations: tuple[Activations, Activations] | None,
    tokens: tuple[Tokens, Tokens],
    next_distribution: NDArray[np.floating],
    random_state: int = 0,
) -> Scores:
    """Bits about the next symbol in the present state, beside the hidden state's and the ceiling.

    Each pair is (train, test): counts and read-outs are fitted on train, bits measured on test.

    Args:
        states: (sequence, time) labels.
        activations: (sequence, time, unit), read by multinomial logistic regression on 10,000
            steps; None where there are none (raw symbols).
        tokens: (sequence, time).
        next_distribution: (test sequence, time, symbol) of the grammar's ideal observer.

    Returns:
        ``state_bits``, ``hidden_bits``, ``bayes_bits``: reduction of the next symbol's code
        length below that of its overall frequencies; ``share_of_hidden``, ``share_of_bayes``.
    """
    train, test = tokens
    following = test[:, 1:].ravel().astype(np.int64)
    nothing = np.zeros(train[:, 1:].size, dtype=np.int64)
    base = conditional_bits(
        nothing, train[:, 1:].ravel().astype(np.int64), np.zeros_like(following), following
    ).mean()
    realised = np.take_along_axis(
        next_distribution[:, :-1].reshape(len(following), -1), following[:, None], axis=1
    )
    state = base - symbol_bits(states[0], train, states[1], test).mean()
    bayes = base + np.log2(realised.astype(np.float64)).mean()
    hidden = float("nan")
    if activations is not None:
        hidden = base - _hidden_bits(activations, tokens, random_state)
    return {
        "state_bits": float(state),
        "hidden_bits": float(hidden),
        "bayes_bits": float(bayes),
        "share_of_hidden": float(state / hidden) if hidden > 0 else float("nan"),
        "share_of_bayes": float(state / bayes) if bayes > 0 else float("nan"),
    }


def _hidden_bits(
    activations: tuple[Activations, Activations], tokens: tuple[Tokens, Tokens], random_state: int
) -> float:
    """Held-out code length of the next symbol under a linear read-out of the hidden state."""
    units = activations[0].shape[-1]
    rows = activations[0][:, :-1].reshape(-1, units)
    labelled = np.c_[rows, tokens[0][:, 1:].ravel()]
    sample = draw_sample(labelled, 10_000, random_state).rows
    readout = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    readout.fit(sample[:, :-1], sample[:, -1].astype(np.int64))
    log_p = readout.predict_log_proba(activations[1][:, :-1].reshape(-1, units)) / np.log(2)
    column = {symbol: at for at, symbol in enumerate(readout.classes_.tolist())}
    at = np.array([column.get(symbol, -1) for symbol in tokens[1][:, 1:].ravel().tolist()])
    seen = log_p[np.arange(len(at)), at]
    return float(-np.where(at >= 0, seen, -np.log2(len(sample))).mean())


def _spans(units: NDArray[np.integer], boundary: Boundaries) -> NDArray[np.int64]:
    """(span, 4): sequence, first step, length and unit of every span that ends in its sequence."""
    sequence, time = np.nonzero(boundary)
    last = np.r_[sequence[1:] != sequence[:-1], True]
    length = np.r_[time[1:], 0] - time
    spans = np.stack([sequence, time, length, units[sequence, time]], axis=1).astype(np.int64)
    return spans[~last]


def _chunk_spans(
    units: Labels, boundary: Boundaries, chunks: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Spans of the dictionary's chunks."""
    spans = _spans(units, boundary)
    return spans[np.isin(spans[:, 3], chunks)]


def _word_spans(words: NDArray[np.integer], boundary: Boundaries) -> NDArray[np.int64]:
    """Spans of words of two or more symbols."""
    spans = _spans(words, boundary)
    return spans[spans[:, 2] >= 2]


def _words_at(found: NDArray[np.int64], true: NDArray[np.int64]) -> NDArray[np.int64]:
    """The word that each found span covers exactly, or -1."""
    word_at = {(s, t, length): word for s, t, length, word in true.tolist()}
    return np.array([word_at.get((s, t, n), -1) for s, t, n, _ in found.tolist()], dtype=np.int64)


def _chunk_words(found: NDArray[np.int64], spanned: NDArray[np.int64]) -> list[int]:
    """The word that each chunk is, or -1."""
    return [_majority(spanned[found[:, 3] == chunk]) for chunk in np.unique(found[:, 3])]


def _majority(words: NDArray[np.integer]) -> int:
    """The word that more than half of the occurrences are, or -1."""
    if not len(words):
        return -1
    values, counts = np.unique(words, return_counts=True)
    best = int(counts.argmax())
    return int(values[best]) if counts[best] * 2 > len(words) else -1


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else float("nan")
