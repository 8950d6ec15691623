"""How well what is said of units agrees with what they did, all units at once.

Pearson's correlation over all symbols of a unit's excerpts together is the published score; it
knows neither scale nor offset. The others look at what it does not see: R2 at the values
themselves, AUPRC at the symbols on which a unit fires, *detection* at the excerpts in which it
does, and *fuzzing* at whether marked symbols are the right ones. To fire is to lie above
:data:`FIRES` of the way from the least to the most that was seen while a unit was explained
(:func:`firing_level`); of what is said of it, the same of what is said there.

A unit that does the same everywhere has no score: NaN, which means count as :data:`NO_SCORE` or
leave out, and both are reported.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chunkscope.neurons.excerpts import Sample, Values

Scores = NDArray[np.float64]

FIRES = 0.3
NO_SCORE = {"pearson": 0.0, "r2": 0.0, "auprc": 0.0, "detection": 0.5, "fuzzing": 0.5}
"""Score -> what a unit without one counts as: 0, and of balanced accuracies chance."""
CONSTANT = 1e-6  # of the largest value: what varies less is rounding


def firing_level(sample: Sample, values: Values) -> Scores:
    """(unit,) the level that counts as firing, of ``values (unit, excerpt, time)``."""
    return level_between(*extremes(sample, values))


def level_between(low: NDArray[np.floating], high: NDArray[np.floating]) -> Scores:
    """The level that counts as firing, between the least and the most."""
    return np.asarray(low + FIRES * (high - low), dtype=np.float64)


def varies(low: NDArray[np.floating], high: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Whether the least and the most differ by more than rounding."""
    found: NDArray[np.bool_] = high - low > CONSTANT * np.maximum(abs(high), abs(low))
    return found


def average_precision(told: NDArray[Any], fires: NDArray[Any], counts: NDArray[Any]) -> Scores:
    """(unit,) of finding what fires among items, those of which the same is said together.

    NaN where nothing fires, or everything does.

    Args:
        told: (unit, item) what is said of each.
        fires: (unit, item) how often each fires.
        counts: (unit, item) how often each stands there.
    """
    order = np.argsort(-told, axis=1)
    told, fires, counts = (np.take_along_axis(x, order, 1) for x in (told, fires, counts))
    last = np.ones(told.shape, bool)
    last[:, :-1] = told[:, :-1] != told[:, 1:]
    ends = np.where(last, np.arange(told.shape[1]), told.shape[1])
    ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]  # of what is found together
    hits = fires.cumsum(1, dtype=np.float64)
    precision = np.take_along_axis(hits / np.maximum(counts.cumsum(1), 1), ends, 1)
    total = fires.sum(1, dtype=np.float64)
    out = np.full(len(told), np.nan)
    some = (total > 0) & (total < counts.sum(1))
    return np.divide((precision * fires).sum(1), total, out=out, where=some)


def balanced_accuracy(truth: NDArray[np.bool_], called: NDArray[np.bool_]) -> Scores:
    """(unit,) mean of the shares of true ones called, and of others not called; (unit, item)."""
    counts = truth.sum(1), (~truth).sum(1)
    shares = [
        np.divide(hits.sum(1), n, out=np.full(len(truth), np.nan), where=n > 0)
        for hits, n in zip((truth & called, ~truth & ~called), counts, strict=True)
    ]
    return (shares[0] + shares[1]) / 2


def pearson(sample: Sample, said: Values) -> Scores:
    """(unit,) correlation over all symbols of the excerpts; NaN where either does not vary."""
    did, told = _centred(sample, sample.values), _centred(sample, said)
    spread = np.sqrt((did**2).sum(1) * (told**2).sum(1))
    both = _varies(sample, sample.values) & _varies(sample, said)
    return np.divide((did * told).sum(1), spread, out=np.full(len(said), np.nan), where=both)


def r2(sample: Sample, said: Values) -> Scores:
    """(unit,) 1 - squared error over squared deviation from the unit's own mean; at most 1."""
    errors = np.where(sample.present, sample.values - said.astype(np.float64), 0.0)
    total = (_centred(sample, sample.values) ** 2).sum(1)
    there = _varies(sample, sample.values)
    share = np.divide((errors**2).sum((1, 2)), total, out=np.full(len(said), np.nan), where=there)
    return 1 - share


def auprc(sample: Sample, said: Values, level: Scores) -> Scores:
    """(unit,) average precision of finding the symbols on which a unit fires.

    NaN where it fires nowhere, or everywhere, as one does that never varies. The mean over the
    symbols on which it fires of the precision where they are found, symbols of which the same is
    said being found together.
    """
    units = len(said)
    present = sample.present.reshape(units, -1)
    fires = _fires(sample, sample.values, level).reshape(units, -1)
    told = np.where(present, said.reshape(units, -1), -np.inf)
    return average_precision(told, fires, present)


def detection(sample: Sample, said: Values, level: Scores, said_level: Scores) -> Scores:
    """(unit,) balanced accuracy of calling the excerpts in which a unit fires; .5 is chance.

    An excerpt is called where firing is said of any of its symbols. NaN where all excerpts or none
    fire.
    """
    fires = _fires(sample, sample.values, level)
    called = _fires(sample, said, said_level)
    return balanced_accuracy(np.asarray(fires.any(2)), np.asarray(called.any(2)))


def fuzzing(
    sample: Sample, said: Values, level: Scores, said_level: Scores, rng: np.random.Generator
) -> Scores:
    """(unit,) balanced accuracy of telling right marks from wrong ones; .5 is chance.

    In every excerpt in which a unit fires, the symbols on which it does are marked, or as many of
    the others, drawn by chance. Marks are called right where what is said of them is firing, on
    average. NaN where it fires nowhere, or everywhere.
    """
    right = _fires(sample, sample.values, level)
    others = sample.present & ~right
    chance = np.where(others, rng.random(right.shape), np.inf)
    marked = right.sum(2, keepdims=True)
    last = np.take_along_axis(np.sort(chance, axis=2), np.maximum(marked - 1, 0), 2)
    wrong = others & (chance <= last) & (marked > 0)
    use = right.any(2) & wrong.any(2)
    called = []
    for marks in (right, wrong):
        total = np.where(marks, said, 0.0).sum(2)
        mean = np.divide(total, marks.sum(2), out=np.zeros(total.shape), where=marks.any(2))
        called.append(mean >= said_level[:, None])
    count = use.sum(1)
    hits = ((called[0] & use).sum(1) + (~called[1] & use).sum(1)) / 2
    return np.divide(hits, count, out=np.full(len(said), np.nan), where=count > 0)


def _fires(sample: Sample, values: Values, level: Scores) -> NDArray[np.bool_]:
    fires: NDArray[np.bool_] = sample.present & (values >= level[:, None, None])
    return fires


def _centred(sample: Sample, values: Values) -> NDArray[np.float64]:
    """(unit, symbol) values about their mean, 0 where there is no symbol."""
    present = sample.present.reshape(len(values), -1)
    flat = np.where(present, values.reshape(len(values), -1), 0.0).astype(np.float64)
    mean = flat.sum(1, keepdims=True) / present.sum(1, keepdims=True)
    return np.where(present, flat - mean, 0.0)


def _varies(sample: Sample, values: Values) -> NDArray[np.bool_]:
    return varies(*extremes(sample, values))


def extremes(sample: Sample, values: Values) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(unit,) the least and the most of ``values (unit, excerpt, time)``."""
    low = np.where(sample.present, values, np.inf).min((1, 2))
    high = np.where(sample.present, values, -np.inf).max((1, 2))
    return low, high
