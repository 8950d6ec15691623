"""Pruning where it is known how the feature is stored: what the curves of a run are read by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from chunkscope.probing.features import Feature
from chunkscope.probing.planted.generators import Planted, codes, draw_labels
from chunkscope.probing.planted.settings import CodesSettings
from chunkscope.probing.probe import Activity, Sample
from chunkscope.probing.pruning.rounds import prune
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.pruning.study import curves, with_kept
from chunkscope.probing.rows import deal_rows
from chunkscope.probing.settings import ProbingSettings, RowSettings
from chunkscope.randomness import stream

SEEDS = 10
ROWS, UNITS = 6000, 64
CARRIERS = {"copies": 8, "carrier": 1, "code": 4}
"""Case -> how many units carry the feature."""
SHIFT, NOISE = 3.0, 0.1
"""What a feature adds to the signal of variance 1 that carriers copy, and what each adds to it."""
POSITIVES = 0.2
TRAIN = 2 / 3  # share of the rows that are not tested


def prune_planted(
    settings: ProbingSettings, pruning: PruningSettings, seed: int
) -> Iterator[dict[str, object]]:
    """``case, seed`` and what :func:`prune` yields, for every case and several seeds."""
    for case in CARRIERS:
        for draw in range(SEEDS):
            rng = stream(seed, "probing", "pruning", "planted", case, draw)
            sample = sample_of(planted_case(case, rng), settings.rows, rng)
            for row in prune(sample, settings, pruning, rng):
                yield {"case": case, "seed": draw, **row}


def summary_of_planted(pruned: pd.DataFrame) -> pd.DataFrame:
    """``case`` and what :func:`chunkscope.probing.pruning.study.curves` gives, over seeds."""
    return curves(with_kept(pruned, ["case", "seed"]), ["case"])


def planted_case(case: str, rng: np.random.Generator) -> Planted:
    """Activity that carries a feature in one of three ways.

    ``copies``: several units show one noisy signal, nearly the same; ``carrier``: one does;
    ``code``: random codes, in which each of several units carries other features too.
    """
    if case == "code":
        rows = CodesSettings(rows=ROWS, units=UNITS, code=CARRIERS[case], positives=POSITIVES)
        return codes(rows, rng)
    y = draw_labels(ROWS, POSITIVES, rng)
    support = np.sort(rng.choice(UNITS, CARRIERS[case], replace=False))
    X = rng.standard_normal((ROWS, UNITS))
    signal = rng.standard_normal(ROWS) + SHIFT * y
    X[:, support] = signal[:, None] + NOISE * X[:, support]
    return Planted(X, y, support)


def sample_of(planted: Planted, settings: RowSettings, rng: np.random.Generator) -> Sample:
    """Rows to fit, to validate and to test, each a sequence of its own: independent draws."""
    every = np.arange(len(planted.y))
    feature = Feature("planted", "planted", 1, planted.y[:, None].astype(np.int8))
    rows = deal_rows(feature, every < TRAIN * len(every), every, settings, rng)
    return Sample.of(Activity(every, planted.X, np.arange(planted.X.shape[1])), rows)
