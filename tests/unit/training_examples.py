"""What small networks are trained on, for the tests of training."""

from __future__ import annotations

import numpy as np

VOCABULARY = 5


def draw_corpus(sequences: int = 6, time: int = 40) -> np.ndarray:
    """Cycles 0 1 2 3 4 with a random phase, and a tenth of the symbols replaced."""
    rng = np.random.default_rng(0)
    cycle = (np.arange(time) + rng.integers(VOCABULARY, size=(sequences, 1))) % VOCABULARY
    noise = rng.integers(VOCABULARY, size=cycle.shape)
    return np.where(rng.random(cycle.shape) < 0.1, noise, cycle)


def silent(step: int, loss: float) -> None:
    """Reports nothing."""
