"""Settings of the study of superposition. Imports neither torch nor scikit-learn."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from chunkscope.probing.planted.settings import CodesSettings
from chunkscope.settings import Name, Settings

Hidden = Literal["linear", "relu"]
HIDDEN: tuple[Hidden, ...] = get_args(Hidden)
"""Hidden units of the toy model: as they are, so that no basis is special, or through a ReLU."""

REPRESENTED = 0.5
"""Length of a direction in the toy model, of about 1, from which on a feature is represented."""

Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]


class CircleSettings(Settings):
    """Features on a circle, each read out by a unit of its own from two dimensions."""

    features: tuple[Annotated[int, Field(ge=3)], ...] = Field((4, 8, 16, 32, 64), min_length=1)
    """Numbers of features, and of units, for which the weights are given."""
    probed: int = Field(default=16, ge=3)
    """Features of the circle that is read while several of them are active."""
    active: tuple[Share, ...] = Field((0.002, 0.005, 0.01, 0.02, 0.05, 0.1), min_length=1)
    """Probabilities that another feature is active."""
    positives: float = Field(default=0.2, gt=0, lt=1)
    """Share of rows in which the feature asked for is active."""
    rows: int = Field(default=6000, ge=100)
    """Rows, half of which are tested."""
    sizes: tuple[Size, ...] = Field((1, 4, 16), min_length=1)
    """Units of a probe; more than there are is all of them."""


class RandomCodesSettings(Settings):
    """Probes of few units on random codes, in the units' own basis and in a rotated one."""

    codes: dict[Name, CodesSettings] = Field(
        default={
            "features-16": CodesSettings(features=16),
            "features-64": CodesSettings(features=64),
            "features-256": CodesSettings(features=256),
            "features-1024": CodesSettings(features=1024),
            "one-unit": CodesSettings(features=64, code=1, active=0.02),
        },
        min_length=1,
    )
    """Codes by name. The first four load 1, 4, 16 and 64 features on a unit; in the last, every
    feature has one unit, which it may share."""
    sizes: tuple[Size, ...] = Field((1, 2, 4, 8, 16, 32, 64), min_length=1)
    """Units of a probe; more than there are is all of them."""


class ToySettings(Settings):
    """The ReLU toy model of arXiv 2209.10652, trained for a sweep of densities."""

    features: int = Field(default=20, ge=2)
    """Features of an input."""
    hidden: int = Field(default=5, ge=1)
    """Hidden units, fewer than features."""
    decay: float = Field(default=0.7, gt=0, le=1)
    """Importance of a feature relative to the one before it."""
    densities: tuple[Share, ...] = Field((1.0, 0.5, 0.2, 0.1, 0.05, 0.02), min_length=1)
    """Probabilities that a feature is active in training: 1 less what the paper calls sparsity."""
    steps: int = Field(default=2000, ge=0)
    """Updates of the weights."""
    batch: int = Field(default=256, ge=1)
    """Inputs of each update and model."""
    learning_rate: float = Field(default=0.01, gt=0)
    """Step size of Adam at the beginning; it falls to 0 by a cosine."""
    seeds: int = Field(default=5, ge=1)
    """Models of each kind and density."""
    rows: int = Field(default=1000, ge=100)
    """Inputs on which a probe of one feature is fitted, and as many on which it is tested."""
    positives: float = Field(default=0.2, gt=0, lt=1)
    """Share of them in which the feature asked for is active."""
    active: float = Field(default=0.1, ge=0, le=1)
    """Probability that another feature is active in them, whatever the density in training, so that
    models differ in their weights alone."""
    sizes: tuple[Size, ...] = Field((1, 2, 3, 5), min_length=1)
    """Units of a probe; more than there are is all of them."""


class SuperpositionSettings(Settings):
    """The study of superposition."""

    seeds: int = Field(default=10, ge=1)
    """Draws of every circle and code."""
    penalty: float = Field(default=1.0, gt=0)
    """Inverse strength of a probe's ridge, scikit-learn's C."""
    circle: CircleSettings = CircleSettings()
    """The circle."""
    codes: RandomCodesSettings = RandomCodesSettings()
    """Random codes."""
    toy: ToySettings = ToySettings()
    """The toy model."""
