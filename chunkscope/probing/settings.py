"""Settings of the probes of a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator

from chunkscope.settings import Settings

Penalty = Annotated[float, Field(gt=0)]

RankingName = Literal[
    "mean_difference", "mutual_information", "f", "l1", "svm", "random", "adaptive"
]
"""How units are ranked before a probe is refitted on the first of them."""


class RowSettings(Settings):
    """Which steps of a store are fitted, compared and tested."""

    fit: int = Field(2000, ge=20)
    """Rows that a probe is fitted on, at most."""
    validation: int = Field(2000, ge=20)
    """Rows on which layer, size, penalty and threshold are chosen, at most."""
    test: int = Field(4000, ge=20)
    """Rows that are reported, at most."""
    whole: int = Field(4000, ge=20)
    """Steps of whole sequences, at most, that the null of single units is drawn on."""
    prevalence: float = Field(0.2, gt=0, lt=1)
    """Share of positives that the rows to fit are raised to (by every positive there is, where
    there are fewer), and that the balanced measures are weighted to, as published."""
    validation_share: float = Field(0.25, gt=0, lt=1)
    """Share of the training sequences (of a text, of its documents) kept for validation."""
    least: int = Field(20, ge=2)
    """Positives, and negatives, that fit, validation and test each need for a feature to be
    probed; one with fewer is reported and left out."""


class FeatureSettings(Settings):
    """Which features are probed."""

    kinds: tuple[str, ...] | None = Field(None, min_length=1)
    """Kinds of features, e.g. `word`; null is all that a store has."""
    most: PositiveInt = 4
    """Features of a kind, the commonest whose prevalence lies in the range."""
    prevalence: tuple[float, float] = (0.005, 0.5)
    """Range of the share of positives among the steps asked, lowest and highest."""
    skip: int = Field(0, ge=0)
    """First steps of a sequence that are not asked; the paper skips 10 tokens of text."""

    @field_validator("kinds")
    @classmethod
    def _once(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return value and tuple(dict.fromkeys(value))

    @field_validator("prevalence")
    @classmethod
    def _range(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 1:
            raise ValueError(f"got {list(value)}; must be two shares, the lower one first")
        return value


class ProbingSettings(Settings):
    """The probing study."""

    sites: tuple[str, ...] = Field(
        ("layers.*.hook_h", "blocks.*.hook_resid_post", "blocks.*.mlp.hook_post"), min_length=1
    )
    """Patterns (fnmatch) of the recorded sites that are probed; of a run, one must match."""
    compared: PositiveInt = 5
    """Members of a run that are probed, the first ones."""
    features: FeatureSettings = FeatureSettings()
    """What is looked for."""
    rows: RowSettings = RowSettings()
    """The steps that are fitted, compared and tested."""
    ranking: RankingName = "mean_difference"
    """How units are ranked before the probe is refitted on the first of them."""
    sizes: tuple[PositiveInt, ...] = Field((1, 2, 4, 8, 16, 32, 64), min_length=1)
    """Numbers of units; all units (dense) are always added, sizes above them left out."""
    penalties: tuple[Penalty, ...] = Field((0.01, 0.3, 10.0), min_length=1)
    """Inverse strengths of the ridge penalty (scikit-learn's C), chosen among on validation."""
    filter: PositiveInt = 512
    """Units of a site that are read, those of the largest mean difference, as published."""
    lookup: PositiveInt = 3
    """Symbols, the present one among them, that the longer lookup knows."""
    permutations: PositiveInt = 200
    """Shuffles of the labels under the null of the best unit."""
    resamples: int = Field(100, ge=39)
    """Times that whole test sequences are drawn anew for an interval."""

    @field_validator("sizes", "penalties")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(value)))
