"""The tables of the study of superposition."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

PLANE = "plane"
"""Beside the bases of units: the two dimensions that the circle lies in, both of them."""


@dataclass(frozen=True)
class SuperpositionTables:
    """What the study finds, a table each; F1 is on rows that no probe was fitted on.

    Attributes:
        circle: ``features, norm, bias, product, asymptote`` of the construction.
        crowd: ``features, active, seed, basis, size, f1`` of the first feature of a circle.
        codes: ``code, features, units, per_feature, per_unit, seed, basis, size, f1``: units that
            a feature drives, and features that drive a unit, on average.
        models: ``hidden, density, seed, units, loss, represented`` of the toy model: hidden units,
            weighted squared error, and the number of features whose direction is longer than half.
        toy: ``hidden, density, seed, feature, norm, interference, basis, size, f1``.
    """

    circle: pd.DataFrame
    crowd: pd.DataFrame
    codes: pd.DataFrame
    models: pd.DataFrame
    toy: pd.DataFrame
