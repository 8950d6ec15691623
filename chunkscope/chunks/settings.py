"""Settings of the chunk extractors and of their scoring."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveInt, field_validator

from chunkscope.chunks.averaging_settings import AveragingSettings
from chunkscope.chunks.prototype_settings import AutoencoderSettings, PrototypeSettings
from chunkscope.settings import Settings

Size = Annotated[int, Field(ge=2)]

CANDIDATE_SIZES = (15, 25, 50, 100, 150, 200, 300, 400, 600, 800)


class DensitySettings(Settings):
    """States: clusters of population vectors found by HDBSCAN on a subsample."""

    min_cluster_size: Size | Literal["auto"] = "auto"
    """Smallest number of subsampled rows that make a state; `auto` chooses among `candidates`
    by label-free criteria on held-out training sequences."""
    candidates: tuple[Size, ...] = CANDIDATE_SIZES
    """The sizes (rows) that `auto` sweeps."""
    min_samples: PositiveInt = 10
    """Neighbours (rows) that set the core distance: how much density smooths over."""
    subsample: int = Field(10_000, ge=3)
    """Rows clustered; the rest are assigned to the nearest prototype."""
    variance: float = Field(0.99, gt=0, le=1)
    """Share of variance that the PCA in front of HDBSCAN keeps."""
    reach: float = Field(2.5, gt=0)
    """A row further from its nearest prototype than `reach` times that state's radius is noise
    (radius: the distance that holds 99 % of the state's own members)."""
    repeats: int = Field(2, ge=2)
    """Fits whose agreement (ARI) is the stability of a setting: the first on the subsample, each
    other on another one of half its size."""
    held_out: float = Field(0.25, gt=0, lt=1)
    """Share of the training sequences kept from clustering, where settings are compared."""
    constrained: float = Field(0.5, gt=0, le=0.5)
    """Share of the units that a state constrains: those that vary least within it, as parts of
    their overall spread. At most half leaves as many others for a control."""

    @field_validator("candidates")
    @classmethod
    def _sorted_candidates(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value:
            raise ValueError("needs at least one size")
        return tuple(sorted(set(value)))


class MergingSettings(Settings):
    """Chunks: recurring sequences of states, merged while that shortens the description."""

    min_count: PositiveInt = 10
    """A pair must be seen this often in the training stream to be merged."""
    min_saving: float = Field(0.0, ge=0)
    """Bits that a merge must save beyond the cost of its dictionary entry."""
    max_length: PositiveInt = 32
    """Longest chunk, in states."""
    self_merge: bool = False
    """Whether a unit may merge with itself (a run of one state has no inner boundary to find)."""


class RoundSettings(Settings):
    """Merging in rounds, as discrete sequence chunking has it (arXiv 2502.01803)."""

    rounds: PositiveInt | Literal["convergence"] = 6
    """Rounds of merging; fewer if one finds nothing. The paper's code for its reflection experiment
    has 6; `convergence` goes on until nothing is found."""
    top: PositiveInt = 5
    """Pairs joined in a round, the commonest."""
    min_count: PositiveInt = 10
    """A pair must be seen this often in the parse to be joined."""
    self_merge: bool = True
    """Whether a unit may be joined with itself."""
    pairs: Literal["overlapping", "disjoint"] = "overlapping"
    """How pairs of a unit with itself are counted: of three in a row `overlapping` ones are two,
    `disjoint` ones are one."""
    matching: Literal["longest", "last_listed", "replay"] = "longest"
    """How a sequence is parsed: by the `longest` chunk that fits, by the `last_listed` one (a slip
    in the authors' code for the true parse), or by joining pairs again in the order in which they
    were found (`replay`)."""


class SymbolicSettings(Settings):
    """Discrete sequence chunking: strings of levels as states, merged in rounds."""

    levels: int = Field(5, ge=2, le=100)
    """Levels that each unit is cut into; 5 in the paper's reflection experiment."""
    merging: RoundSettings = RoundSettings()
    """How strings become chunks."""


class TrajectorySettings(Settings):
    """States as paths: HDBSCAN on windows of the last few steps, as `density` has it otherwise."""

    window: PositiveInt = 3
    """Steps of a path, the present one among them."""


ExtractorName = Literal[
    "trajectories",
    "symbolic",
    "prototypes",
    "averaging",
    "kmeans",
    "mixture",
    "autoencoder",
    "shuffled",
    "byte_pairs",
]
"""Readings that the dictionary is measured against."""


class ChunkSettings(Settings):
    """The chunks study."""

    site: str = "layers.0.hook_h"
    """Site whose activity is read."""
    extractors: tuple[ExtractorName, ...] = get_args(ExtractorName)
    """Readings scored beside the dictionary: HDBSCAN on `trajectories`, level strings (`symbolic`),
    `prototypes`, population `averaging` (told the truth), `kmeans` and Gaussian `mixture` of as
    many states, a sparse `autoencoder`, the dictionary's states in `shuffled` time, and
    `byte_pairs` of the raw symbols. The dictionary and that of the untrained network are always
    there."""
    compared: PositiveInt = 5
    """Members of a run, the first, that these are read of; `shuffled` is read of all."""
    density: DensitySettings = DensitySettings()
    """The states."""
    trajectories: TrajectorySettings = TrajectorySettings()
    """States of `trajectories`."""
    symbolic: SymbolicSettings = SymbolicSettings()
    """States and chunks of `symbolic`."""
    remembered: tuple[Size, ...] = Field((100, 1000), min_length=1)
    """Steps remembered where the symbol is decoded from level strings by look-up. As many later
    ones are decoded with the first number, which is the paper's; all test steps with the others."""
    prototypes: PrototypeSettings = PrototypeSettings()
    """States of `prototypes`, as many as the dictionary has."""
    averaging: AveragingSettings = AveragingSettings()
    """States of `averaging`, one for each true state of the parse."""
    autoencoder: AutoencoderSettings = AutoencoderSettings()
    """States of `autoencoder`."""
    merging: MergingSettings = MergingSettings()
    """The chunks."""
