"""How well a score reads a feature, with intervals over whole sequences.

Every measure is of weighted rows, so that prevalence is a matter of weights: rows that were drawn
with more positives than there are stand for the natural prevalence, or for a balanced one, by
:func:`prevalence_weights`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from chunkscope.errors import ProbingError

Values = NDArray[np.float64]
Labels = NDArray[np.bool_]

MEASURES = ("f1", "precision", "recall", "mcc", "pr_auc")


def prevalence_weights(y: Labels, weights: Values, prevalence: float) -> Values:
    """``weights (row,)`` scaled by class, so that positives make up ``prevalence`` of their sum.

    Raises:
        ProbingError: a class is empty, lengths differ, or ``prevalence`` is not between 0 and 1.
    """
    if y.shape != weights.shape:
        raise ProbingError(
            f"rows to weigh: got labels {y.shape} and weights {weights.shape}; must be (row,) of "
            "the same rows"
        )
    if not 0 < prevalence < 1:
        raise ProbingError(f"prevalence: got {prevalence}; must lie between 0 and 1")
    total, positive = weights.sum(), weights[y].sum()
    if not 0 < positive < total:
        raise ProbingError(
            f"labels: got {int(y.sum())} positives in {len(y)} rows; a prevalence can be set only "
            "where both classes have rows of positive weight"
        )
    scale = np.where(y, prevalence / positive, (1 - prevalence) / (total - positive))
    return weights * scale * total


def best_threshold(y: Labels, score: Values, weights: Values) -> float:
    """The threshold of largest F1 for ``score >= threshold``; for validation rows.

    It lies halfway between two neighbouring scores, or at minus infinity where it is best to call
    every row positive. Of equally good ones it is the highest.

    Args:
        y: (row,) the truth.
        score: (row,) larger where the feature is likelier.
        weights: (row,) >= 0.

    Raises:
        ProbingError: the rows do not fit together, or a score is not finite.
    """
    _check(y, score, weights)
    order = np.argsort(-score)
    ranked = score[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)  # of ties
    true = np.cumsum(np.where(y, weights, 0.0)[order])[ends]
    called = np.cumsum(weights[order])[ends]
    best = int(np.argmax(_ratio(2 * true, called + true[-1])))
    if best == len(ends) - 1:
        return float("-inf")
    above, below = ranked[ends[best]], ranked[ends[best] + 1]
    halfway = above / 2 + below / 2
    return float(halfway if halfway > below else above)


def measure(y: Labels, score: Values, weights: Values, threshold: float) -> dict[str, float]:
    """F1, precision, recall, MCC (Matthews) at a threshold, and PR-AUC over all thresholds.

    As scikit-learn's with ``sample_weight`` and ``zero_division=0``; ``pr_auc`` is its average
    precision, a step function in which equal scores are one step. A measure whose denominator is
    empty is 0: precision where no row is called, recall and PR-AUC without positives, MCC where
    either class is empty in the truth or in the calls.

    Args:
        y: (row,) the truth.
        score: (row,) larger where the feature is likelier.
        weights: (row,) >= 0.
        threshold: rows of at least this score are called positive.

    Raises:
        ProbingError: the rows do not fit together, or a score is not finite.
    """
    _check(y, score, weights)
    every_row = np.zeros(len(y), dtype=np.int64)
    found = _measures(y, score, weights, every_row, threshold, np.ones((1, 1)), np.ones(1))
    return {name: float(values[0]) for name, values in found.items()}


def f1_of_all(prevalence: float) -> float:
    """F1 of calling every row positive, which needs no probe."""
    return 2 * prevalence / (1 + prevalence)


def sequence_bootstrap(
    y: Labels,
    score: Values,
    weights: Values,
    sequence: NDArray[np.integer],
    threshold: float,
    resamples: int,
    rng: np.random.Generator,
    prevalence: float | None = None,
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of :func:`measure`, with whole sequences drawn anew.

    The rows of a sequence are not independent: drawn one by one they would promise too narrow an
    interval. Quantiles stand at p (resamples + 1), so that few resamples are enough to hold the
    level. Resamples without a positive row say nothing of recall and are left out, as are
    those without a negative one where a prevalence is set.

    Args:
        y, score, weights, threshold: as for :func:`measure`.
        sequence: (row,) which sequence (or document) a row comes from.
        resamples: how often sequences are drawn, at least 39.
        rng: draws them.
        prevalence: what ``weights`` were set to by :func:`prevalence_weights`, if they were. It is
            set anew in every resample; left to vary with the sequences drawn, it would make the
            interval of precision or PR-AUC hold 99 % and more.

    Returns:
        ``{measure: (low, high)}``; NaN where no resample is left, or all rows are of one sequence.

    Raises:
        ProbingError: the rows do not fit together, or there are fewer resamples than 39.
    """
    _check(y, score, weights, sequence)
    if resamples < 39:
        raise ProbingError(f"resamples: got {resamples}; a 95 % interval needs at least 39")
    owner = np.unique(sequence, return_inverse=True)[1]
    times = _draws(int(owner.max()) + 1, resamples, rng)
    classes = np.stack([np.bincount(owner, np.where(y == side, weights, 0)) for side in (0, 1)])
    negative, positive = classes @ times
    odds = np.ones(resamples)  # by how much a positive counts more than a negative
    if prevalence is not None:
        odds = prevalence / (1 - prevalence) * _ratio(negative, positive)
    kept = (positive > 0) & (odds > 0)
    if len(times) == 1 or not kept.any():
        return dict.fromkeys(MEASURES, (float("nan"), float("nan")))
    found = _measures(y, score, weights, owner, threshold, times[:, kept], odds[kept])
    return {name: _percentiles(values) for name, values in found.items()}


def _measures(
    y: Labels,
    score: Values,
    weights: Values,
    owner: NDArray[np.int64],
    threshold: float,
    times: Values,
    odds: Values,
) -> dict[str, Values]:
    """Each measure ``(resample,)``.

    Rows of an ``owner`` count ``times (owner, resample)``, positives also ``odds (resample,)``.
    """
    called = score >= threshold
    cells = [y & called, ~y & called, y & ~called, ~y & ~called]
    n = len(times)
    counts = np.stack([np.bincount(owner[cell], weights[cell], minlength=n) for cell in cells])
    tp, fp, fn, tn = counts @ times
    tp, fn = odds * tp, odds * fn
    scale = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return {
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "mcc": _ratio(tp * tn - fp * fn, np.sqrt(scale)),
        "pr_auc": _average_precision(y, score, weights, owner, times, odds),
    }


def _average_precision(
    y: Labels,
    score: Values,
    weights: Values,
    owner: NDArray[np.int64],
    times: Values,
    odds: Values,
) -> Values:
    """(resample,) sum over the distinct scores of (gain in recall) x precision, from one sort.

    Recall grows only where a positive stands, so that all rows from one score with a positive to
    the next are one sum.
    """
    if not y.any():
        return np.zeros(times.shape[1])
    distinct = -np.unique(-score[y])  # the scores with a positive, falling
    place = np.searchsorted(-distinct, -score)  # the first of them that is no higher than the row
    reached = place < len(distinct)

    def summed(rows: Labels) -> Values:
        """(distinct score, resample) the weight of ``rows`` from one score to the next."""
        shape = len(distinct), len(times)
        if len(times) == 1:
            return np.bincount(place[rows], weights[rows], shape[0])[:, None] * times
        return sparse.csr_array((weights[rows], (place[rows], owner[rows])), shape=shape) @ times

    gained = odds * summed(y)
    true, false = np.cumsum(gained, axis=0), np.cumsum(summed(reached & ~y), axis=0)
    return _ratio((gained * _ratio(true, true + false)).sum(axis=0), true[-1])


def _draws(n: int, resamples: int, rng: np.random.Generator) -> Values:
    """(sequence, resample) how often each of ``n`` is drawn, with replacement."""
    drawn = rng.integers(n, size=(n, resamples)) * resamples + np.arange(resamples)
    return np.bincount(drawn.ravel(), minlength=n * resamples).reshape(n, resamples).astype(float)


def _percentiles(values: Values) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975], method="weibull")
    return float(low), float(high)


def _ratio(part: Values, whole: Values) -> Values:
    """``part / whole``, 0 where the whole is empty."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _check(
    y: Labels, score: Values, weights: Values, sequence: NDArray[np.integer] | None = None
) -> None:
    """Raise where the rows do not fit together."""
    parts = {"labels": y, "scores": score, "weights": weights}
    parts |= {} if sequence is None else {"sequences": sequence}
    shapes = {name: part.shape for name, part in parts.items()}
    if y.ndim != 1 or not len(y) or len(set(shapes.values())) > 1:
        got = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ProbingError(f"rows to measure: got {got}; all must be (row,) of the same rows")
    if y.dtype != bool:
        raise ProbingError(f"labels: got {y.dtype}; must be True and False, one feature at a time")
    if not np.isfinite(score).all():
        raise ProbingError("scores: hold values that are not finite; mend the probe that gave them")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ProbingError("weights: hold values below 0 or not finite; each must be 0 or more")
