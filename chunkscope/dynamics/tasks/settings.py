"""Settings of networks that learn a task out of its parts, to be compared. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from chunkscope.dynamics.settings import (
    AlignmentSettings,
    DelaySettings,
    GridSettings,
    MeasureName,
)
from chunkscope.grammars.decisions import DecisionSettings
from chunkscope.networks.settings import (
    GRUSettings,
    LSTMSettings,
    MinGRUSettings,
    ResidualSettings,
    SSMSettings,
    TanhSettings,
)
from chunkscope.settings import Name, Settings

CellSettings = Annotated[
    TanhSettings | GRUSettings | LSTMSettings | ResidualSettings,
    Field(discriminator="architecture"),
]
"""Settings of a network that reads channels."""

Share = Annotated[int, Field(ge=0, le=100)]


class TaskTraining(Settings):
    """How a network learns some of the rules: until it can follow them, or has had its time."""

    batch: PositiveInt = 32
    """Trials per update and network."""
    learning_rate: float = Field(default=0.005, gt=0)
    """Step size of Adam."""
    gradient_clip: float = Field(default=1.0, gt=0)
    """Largest L2 norm of one network's gradient."""
    updates: PositiveInt = 1500
    """Updates after which a network stops that has not reached the criterion."""
    evaluate_every: PositiveInt = 25
    """Updates between two looks at whether it has."""
    keep_every: PositiveInt = 5
    """Updates between two of which the weights are kept, besides those of the looks: a fifth of
    `evaluate_every` gives shares of 20, 40, 60 and 80% exactly."""
    validation: PositiveInt = 256
    """Fresh trials of every rule at each of them."""
    criterion: float = Field(default=0.97, gt=0, le=1)
    """Share of the steps of the decision answered right, of every rule, at which a network stops;
    of the default trials the ideal observer answers 99.3% right."""


class ComparisonSettings(Settings):
    """How networks are compared."""

    measures: tuple[MeasureName, ...] = ("dsa", "wasserstein", "cka", "debiased_cka", "procrustes")
    """The measures."""
    site: str = "layers.0.hook_h"
    """Where networks are compared."""
    units: PositiveInt = 10
    """Leading principal components of each network, in which it is compared."""
    delays: DelaySettings = DelaySettings()
    """How activity is delayed, but for what the grid names."""
    grid: GridSettings = GridSettings()
    """Delays and ranks, of which those that foretell trained masters best are chosen."""
    alignment: AlignmentSettings = AlignmentSettings()
    """The search for the best rotation."""


class TaskStudySettings(Settings):
    """Networks that learn a composed task after none, some or all of its parts.

    The experiment is that of Guilhot et al. (arXiv 2410.24070).
    """

    decisions: DecisionSettings = DecisionSettings()
    """The task, its parts, and the trials on which networks are compared."""
    cells: dict[Name, CellSettings] = Field(
        default={
            "leaky": TanhSettings(hidden=64, leak=0.2),
            "gru": GRUSettings(hidden=32),
            "mingru": MinGRUSettings(hidden=32),
            "ssm": SSMSettings(hidden=16),
        },
        min_length=1,
    )
    """Architectures by name; every one learns in every group."""
    seeds: int = Field(default=5, ge=2, le=1000)
    """Networks per architecture and group, each with its own initial weights, which all groups
    share, and its own trials."""
    training: TaskTraining = TaskTraining()
    """Training on the parts, and then on the whole."""
    shares: tuple[Share, ...] = Field(default=(0, 20, 40, 60, 80, 100), min_length=1)
    """Percentages of a network's own training on the whole task, at which its weights are kept."""
    compared: ComparisonSettings = ComparisonSettings()
    """How they are compared with networks that learned the whole task alone."""
    test: PositiveInt = 256
    """Trials of every rule on which the accuracy in tables is measured, the same for all."""

    @model_validator(mode="after")
    def _shares_rise_to_the_end(self) -> Self:
        shares = list(self.shares)
        if shares != sorted({*shares, 100}):
            raise ValueError(f"shares: got {shares}; must rise, and end with 100, the trained one")
        return self
