"""All units of a layer explained by tables of symbols and scored, against a loop over units.

512 units of a rectified layer, 200 windows of 64 symbols of a vocabulary of 512 to explain them and
200 to score: correlation, R2, average precision and detection of every unit. The loop takes a
unit at a time and each score from where it is at home: bincounts and gathers of NumPy,
``scipy.stats.pearsonr``, scikit-learn's ``r2_score``, ``average_precision_score`` and
``balanced_accuracy_score``. ``quality`` is the largest difference of a score. CPU seconds on one
thread. Aim: at least 20x.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from paired import paired
from scipy.stats import pearsonr
from sklearn.metrics import average_precision_score, balanced_accuracy_score, r2_score

from chunkscope.neurons.excerpts import Activity
from chunkscope.neurons.scores import FIRES
from chunkscope.neurons.tables import SCORES, table_scores

UNITS, WINDOWS, TIME, VOCABULARY = 512, 200, 64, 512


def run() -> list[dict[str, str | float | int]]:
    """One row."""
    explain, score = draw(0), draw(1)
    ours = partial(our_scores, explain, score)
    theirs = partial(their_scores, explain, score)
    ours_s, other_s, ratio = paired(ours, theirs, runs=3)
    return [
        {
            "benchmark": "scores of all units of a layer",
            "size": f"{UNITS} units, {WINDOWS} windows of {TIME}",
            "ours_s": ours_s,
            "other": "a loop over units, scikit-learn",
            "other_s": other_s,
            "ratio": ratio,
            "runs": 3,
            "quality": float(np.nanmax(np.abs(ours() - theirs()))),
        }
    ]


def draw(seed: int) -> Activity:
    """Rectified units that know some symbols of a natural distribution, in noise."""
    rng = np.random.default_rng(seed)
    frequency = 1 / np.arange(1, VOCABULARY + 1)
    tokens = rng.choice(VOCABULARY, (WINDOWS, TIME), p=frequency / frequency.sum())
    table = np.random.default_rng(7).normal(size=(VOCABULARY, UNITS))
    values = np.maximum(0, table[tokens] + 0.5 * rng.normal(size=(WINDOWS, TIME, UNITS)))
    return Activity.cut(tokens.astype(np.int32), values.astype(np.float32), TIME)


def our_scores(explain: Activity, score: Activity) -> np.ndarray:
    """(unit, score)."""
    return table_scores(explain, score, VOCABULARY)[list(SCORES)].to_numpy()


def their_scores(explain: Activity, score: Activity) -> np.ndarray:
    """(unit, score), one unit after another."""
    found = []
    for unit in range(UNITS):
        seen, did = explain.values[..., unit], score.values[..., unit]
        counts = np.bincount(explain.tokens.ravel(), minlength=VOCABULARY)
        sums = np.bincount(explain.tokens.ravel(), seen.ravel(), VOCABULARY)
        table = np.where(counts > 0, sums / np.maximum(counts, 1), seen.mean())
        said, known = table[score.tokens], table[counts > 0]
        level = seen.min() + FIRES * (np.ptp(seen))
        said_level = known.min() + FIRES * np.ptp(known)
        fires = did >= level
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(
                (
                    pearsonr(did.ravel(), said.ravel()).statistic,
                    r2_score(did.ravel(), said.ravel()),
                    average_precision_score(fires.ravel(), said.ravel()),
                    detected(fires.any(1), (said >= said_level).any(1)),
                )
            )
    return np.array(found)


def detected(truth: np.ndarray, called: np.ndarray) -> float:
    """Balanced accuracy, NaN of one class alone."""
    return np.nan if truth.all() or not truth.any() else balanced_accuracy_score(truth, called)
