"""A store in which one unit tells one word of a grammar, for the tests of the probing study."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from chunkscope.grammars import Corpus, Words
from chunkscope.probing.settings import ProbingSettings
from chunkscope.randomness import stream
from chunkscope.store import StoreWarning, StoreWriter

SITES = ("layers.0.hook_h", "layers.1.hook_h")
UNITS = 12
TELLS = 7
"""The unit of the second site that says whether the present word is the first."""
SEEDS = (0, 1)
SEQUENCES, TIME, TRAIN = 80, 50, 48

SOURCE = Words(
    vocabulary={"abc": 0.4, "acb": 0.3, "bca": 0.3},
    filler={"x": 1.0},
    gap={"kind": "geometric", "p": 0.5},
)
SETTINGS = ProbingSettings.model_validate(
    {
        "features": {"kinds": ["word", "symbol"], "most": 2},
        "rows": {"fit": 600, "validation": 300, "test": 600, "whole": 600},
        "sizes": [1, 4],
        "penalties": [0.1, 1.0],
        "permutations": 60,
        "resamples": 40,
    }
)

Change = Callable[[Corpus, dict[tuple[int, str], np.ndarray]], None]


@cache
def corpus() -> Corpus:
    """The sequences of every store here."""
    return SOURCE.sample(stream(0, "corpus"), SEQUENCES, TIME)


def write_probed(path: Path, told: bool, change: Change | None = None) -> Path:
    """Write a store of noise, in which, if ``told``, unit :data:`TELLS` of the last site tells.

    Args:
        change: alters labels and activity before they are written.
    """
    drawn = corpus()
    drawn = Corpus(
        drawn.tokens,
        drawn.symbols,
        {kind: values.copy() for kind, values in drawn.labels.items()},
        drawn.next_distribution,
        drawn.names,
    )
    rng = np.random.default_rng(5 + told)
    shape = (SEQUENCES, TIME, UNITS)
    activity = {
        (seed, site): rng.standard_normal(shape).astype(np.float32)
        for seed in SEEDS
        for site in SITES
    }
    if told:
        for seed in SEEDS:
            activity[seed, SITES[1]][..., TELLS] += 4 * (drawn.labels["word"] == 0)
            activity[seed, SITES[0]][..., 3] = 1.5  # never changes
    if change is not None:
        change(drawn, activity)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StoreWarning)  # unit 3 never changes
        _write(path, drawn, activity)
    return path


def _write(path: Path, drawn: Corpus, activity: dict[tuple[int, str], np.ndarray]) -> None:
    with StoreWriter(
        path,
        tokens=drawn.tokens,
        symbols=drawn.symbols,
        labels=drawn.labels,
        label_names=drawn.names,
        next_distribution=drawn.next_distribution,
        split=(np.arange(SEQUENCES) >= TRAIN).astype(np.uint8),
        attributes={},
        chunk_mb=0.02,
    ) as writer:
        loss = np.zeros((SEQUENCES, TIME), np.float32)
        for seed in SEEDS:
            writer.create(seed, dict.fromkeys(SITES, UNITS))
            writer.write(seed, 0, {site: activity[seed, site] for site in SITES}, loss=loss)
