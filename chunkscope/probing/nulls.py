"""What a unit would read by chance: labels shuffled so that nothing else is lost.

Activity and labels both change slowly along a sequence, so that neighbouring rows are no
independent draws. A shuffle of single rows forgets this and finds readers where there are none;
the shuffles here keep what each side has by itself:

- *between* sequences: whole sequences exchange their labels, step for step, and with them which
  steps are asked. It is exact where sequences are independent draws, whatever goes on within them.
  What all sequences have at the same step stays, so that a unit is asked for more than the time
  that has passed.
- *within* sequences: the labels of every sequence are turned round by a number of steps of its
  own. It needs labels that are stationary, and sequences that are long beside the stretches in
  which a label stays the same, as turning brings end and start together.

Measured on activity and labels without a relation (autoregressive, 50 sequences of 64 steps,
correlation times of 5, 10 and 20 steps; 1000 draws each), the share of p <= .05 is .28, .43 and
.51 for rows, .05, .04 and .05 between sequences, .06, .05 and .07 within. It is .09 within
sequences of 16 steps at 20, and .07, .08 and .10 within where rows were drawn to have more
positives: give whole sequences. Where sequences begin alike, as those of a grammar do, turning
finds the clock: with the labels of one sequence beside a trained network's activity in another, p
adjusted for its units is at most .05 in .12 to .17 of the draws for symbols, .3 to .5 for parse
states and nearly always for the position in a word.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chunkscope.errors import ProbingError
from chunkscope.probing.solvers.labelled_rows import LabelledRows, Values
from chunkscope.statistics.permutation import ROUNDING

Label = TypeVar("Label", bound=np.generic)


def shuffle_labels(
    y: NDArray[Label], sequence: NDArray[np.integer], rng: np.random.Generator, within: bool
) -> NDArray[Label]:
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
    y: NDArray[Label],
    sequence: NDArray[np.integer],
    times: int,
    rng: np.random.Generator,
    within: bool,
) -> NDArray[Label]:
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


def _check_constant(
    y: NDArray[Label], label: NDArray[Label], sequence: NDArray[np.integer]
) -> None:
    """Raise where a row has another than the ``label`` of its sequence."""
    for row in np.flatnonzero(y != label):
        raise ProbingError(
            f"labels: change within sequence {sequence[row]}, and sequences have different numbers "
            "of rows; only labels of whole sequences can be exchanged then: shuffle within them"
        )


def permutation_null(
    X: ArrayLike,
    labels: NDArray[np.integer | np.bool_],
    sequence: NDArray[np.integer],
    within: bool,
    permutations: int,
    rng: np.random.Generator,
) -> Values:
    """ANOVA F of every unit with the true labels (first) and with shuffled ones.

    Args:
        X: (row, unit), no rows drawn by their label. Sites whose p are adjusted together must
            share their shuffles: units side by side, or ``rng`` in the same state.
        labels: (row,) 1 with the feature, 0 without; -1 where it is not asked, which is shuffled
            with the rest, so that every shuffle has rows of its own.
        sequence, within: as for :func:`shuffle_labels`.
        permutations: number of shuffles.
        rng: draws them.

    Returns:
        (permutations + 1, unit). A constant unit has 0, and so has every unit under a shuffle
        that leaves one class empty, as unequal sequences allow.

    Raises:
        ProbingError: as :meth:`LabelledRows.checked` and :func:`shuffle_labels`.
    """
    rows = LabelledRows.checked(X, labels == 1, labels >= 0)
    drawn = shuffles(labels, sequence, permutations, rng, within)
    every = np.concatenate([labels[None], drawn])
    asked = (every >= 0).astype(np.float64)
    n = asked.sum(axis=1, keepdims=True)
    share = (every == 1).sum(axis=1, keepdims=True) / n
    units = rows.X - rows.X[0]  # exactly 0 where a unit is constant
    units -= units.mean(axis=0)
    covariance = ((every == 1) - share * asked) @ units
    scale = n * share * (1 - share) * _spread(units, asked[:1] if asked.all() else asked)
    explained = np.divide(
        np.square(covariance), scale, out=np.zeros_like(covariance), where=scale > 0
    )
    return explained / np.maximum(1 - explained, np.finfo(float).eps) * (n - 2)


def _spread(units: Values, asked: Values) -> Values:
    """(shuffle, unit) squared deviations from the mean, summed over the rows that are asked."""
    squares = asked @ np.square(units)
    spread = squares - np.square(asked @ units) / asked.sum(axis=1, keepdims=True)
    return np.where(spread > ROUNDING * squares, spread, 0.0)


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
    scaled = scaled_by_mean(null)
    return share_as_large(scaled[0], scaled.max(axis=1))


def scaled_by_mean(null: Values) -> Values:
    """``null (permutations + 1, unit)`` over the mean of each unit; 0 where that is 0."""
    mean = null.mean(axis=0)
    return np.divide(null, mean, out=np.zeros_like(null), where=mean > 0)


def share_as_large(values: Values, largest: Values) -> Values:
    """(value,) share of ``largest (permutations + 1,)`` that are at least a value."""
    below = np.searchsorted(np.sort(largest), values * (1 - ROUNDING))
    return (len(largest) - below) / len(largest)
