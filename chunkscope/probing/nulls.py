"""What a unit would read by chance: labels shuffled so that nothing else is lost.

Activity and labels both change slowly along a sequence, so that neighbouring rows are no
independent draws. A shuffle of single rows forgets this and finds readers where there are none;
the shuffles here keep what each side has by itself:

- *between* sequences: whole sequences exchange their labels, step for step. It is exact where
  sequences are independent draws, whatever goes on within them. What all sequences have at the
  same step stays, so that a unit is asked for more than the time that has passed.
- *within* sequences: the labels of every sequence are turned round by a number of steps of its
  own. It needs labels that are stationary, and sequences that are long beside the stretches in
  which a label stays the same, as turning brings end and start together.

Measured on activity and labels without a relation (autoregressive, 50 sequences of 64 steps,
correlation times of 5, 10 and 20 steps; 1000 draws each), the share of p <= .05 is .28, .43 and
.51 for rows, .05, .04 and .05 between sequences, .06, .05 and .07 within. It is .09 within
sequences of 16 steps at 20, and .07, .08 and .10 within where rows were drawn to have more
positives: give whole sequences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values
from chunkscope.statistics.permutation import ROUNDING

Labels = NDArray[np.bool_]


def shuffle_labels(
    y: Labels, sequence: NDArray[np.integer], rng: np.random.Generator, within: bool
) -> Labels:
    """``y (row,)`` shuffled once.

    Args:
        y: (row,) the rows of a sequence in the order of its steps.
        sequence: (row,) which sequence (or document) a row comes from.
        rng: draws the shuffle.
        within: turn the labels of each sequence, or else exchange those of whole sequences.

    Raises:
        ProbingError: labels are to be exchanged that change within sequences of unequal length.
    """
    return shuffles(y, sequence, 1, rng, within)[0]


def shuffles(
    y: Labels, sequence: NDArray[np.integer], times: int, rng: np.random.Generator, within: bool
) -> NDArray[np.bool_]:
    """``(shuffle, row)``: :func:`shuffle_labels` so many times over."""
    if y.ndim != 1 or y.shape != sequence.shape:
        raise ProbingError(
            f"labels: got shape {y.shape} and sequences of shape {sequence.shape}; must be (row,) "
            "of the same rows"
        )
    owner, length = np.unique(sequence, return_inverse=True, return_counts=True)[1:]
    order = np.argsort(owner, kind="stable")  # one sequence after the other
    start = np.cumsum(length) - length
    place = np.empty(len(y), dtype=np.int64)  # of a row within its sequence
    place[order] = np.arange(len(y)) - start[owner[order]]
    if within:
        turn = rng.integers(length, size=(times, len(length)))[:, owner]
        return y[order[start[owner] + (place + turn) % length[owner]]]
    if (length != length[0]).any():
        _check_constant(y, y[order[start]][owner], sequence)
        place = np.zeros_like(place)
    donor = rng.permuted(np.tile(np.arange(len(length)), (times, 1)), axis=1)[:, owner]
    return y[order[start[donor] + place]]


def _check_constant(y: Labels, label: Labels, sequence: NDArray[np.integer]) -> None:
    """Raise where a row has another than the ``label`` of its sequence."""
    for row in np.flatnonzero(y != label):
        raise ProbingError(
            f"labels: change within sequence {sequence[row]}, and sequences have different numbers "
            "of rows; only labels of whole sequences can be exchanged then: shuffle within them"
        )


def permutation_null(
    X: ArrayLike,
    y: ArrayLike,
    sequence: NDArray[np.integer],
    within: bool,
    permutations: int,
    rng: np.random.Generator,
) -> Values:
    """ANOVA F of every unit with the true labels (first) and with shuffled ones.

    Args:
        X: (row, unit), no rows drawn by their label. Sites whose p are adjusted together must
            share their shuffles: units side by side, or ``rng`` in the same state.
        y, sequence, within: as for :func:`shuffle_labels`.
        permutations: number of shuffles.
        rng: draws them.

    Returns:
        (permutations + 1, unit). A constant unit has 0, and so has every unit under a shuffle
        that leaves one class empty, as unequal sequences allow.

    Raises:
        ProbingError: as :meth:`LabelledRows.checked` and :func:`shuffle_labels`.
    """
    rows = LabelledRows.checked(X, y)
    drawn = shuffles(rows.y, sequence, permutations, rng, within)
    labels = np.concatenate([rows.y[None], drawn]).astype(np.float64)
    labels -= labels.mean(axis=1, keepdims=True)
    units = rows.X - rows.X[0]  # exactly 0 where a unit is constant
    units -= units.mean(axis=0)
    scale = np.square(labels).sum(axis=1)[:, None] * np.square(units).sum(axis=0)
    explained = np.divide(
        np.square(labels @ units), scale, out=np.zeros_like(scale), where=scale > 0
    )
    return explained / np.maximum(1 - explained, np.finfo(float).eps) * (len(rows.y) - 2)


def max_statistic(null: Values) -> Values:
    """p of every unit, adjusted for the number of units, of all sites that stand side by side.

    Slow units vary more by chance than fast ones, so that each is divided by its mean first. A
    unit's p is the share of shuffles whose largest is at least its own (Westfall & Young 1993,
    single step). The truth counts among the shuffles throughout, which makes the level exact: F
    has a long tail, and 200 shuffles scaled by themselves, the truth left out, reject one true
    null in four at .05 for 1000 units.

    Args:
        null: (permutations + 1, unit) as :func:`permutation_null` gives them, the truth first.

    Returns:
        (unit,) from 1 / (permutations + 1) to 1.
    """
    mean = null.mean(axis=0)
    scaled = np.divide(null, mean, out=np.zeros_like(null), where=mean > 0)
    largest = np.sort(scaled.max(axis=1))
    return (len(null) - np.searchsorted(largest, scaled[0] * (1 - ROUNDING))) / len(null)
