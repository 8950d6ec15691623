"""What the figures of dynamics share: the names of measures with their units, and of variants."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from chunkscope.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Look,
    in_order,
)

MEASURES = {
    "dsa": Look("DSA (radians)", BLUE, "o"),
    "wasserstein": Look("eigenvalues (distance)", SKY, "P"),
    "cka": Look("CKA (0..1)", ORANGE, "s"),
    "debiased_cka": Look("debiased CKA (0..1)", VERMILLION, "D"),
    "procrustes": Look("Procrustes (0..1)", GREEN, "^"),
}
"""Measure -> its look; the label says the unit, and lower is more alike in all of them."""

VARIANTS = {
    "published": Look("as published, single precision", VERMILLION, "s"),
    "double": Look("double precision", PURPLE, "D"),
    "chosen": Look("delays that foretell best", BLUE, "o"),
}
"""Delays that systems are compared by -> look."""

PUBLISHED = Look("published mean", BLACK, "*")

FLOORS = {
    "halves": Look("halves of one system's trials", GREY, "X"),
    "redrawn": Look("one system drawn twice", BLACK, "d"),
}
"""What a distance has to be told from -> look."""


def shown_measures(present: Iterable[str], hidden: Iterable[str] = ()) -> list[str]:
    """The measures that are present, in their order, but for the hidden ones."""
    return [name for name in in_order(MEASURES, present) if name not in set(hidden)]


def from_zero(axes: Axes, rows: pd.DataFrame) -> None:
    """The axis of dissimilarities, from 0 to a little above the highest mark of ``rows``."""
    values = rows[["mean", "ci_high"]].to_numpy(float)
    if np.isfinite(values).any():
        axes.set_ylim(0, 1.08 * float(np.nanmax(values)))
