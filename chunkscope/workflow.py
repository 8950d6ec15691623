"""Everything a workflow is told: one model, composed of every room's settings.

Imports no torch, so that a dry run stays quick. :mod:`chunkscope.config` reads and checks it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.prototype_settings import PrototypeStudySettings
from chunkscope.chunks.settings import ChunkSettings
from chunkscope.dynamics.study_settings import DynamicsStudySettings
from chunkscope.experiments.context.settings import ContextSettings
from chunkscope.experiments.hierarchy.settings import HierarchySettings
from chunkscope.experiments.transfer.settings import TransferSettings
from chunkscope.figures.settings import FigureSettings
from chunkscope.grammars import GrammarSettings, Task, Words
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.inversion.circuits.settings import CircuitSettings
from chunkscope.inversion.study_settings import InversionStudySettings
from chunkscope.networks.settings import (
    AffineSettings,
    CRATESettings,
    GPTSettings,
    NetworkSettings,
    TrainingSettings,
)
from chunkscope.networks.sites import CODE_SITES, match_sites, matching_sites, site_names
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.probing.study_settings import ProbingStudySettings
from chunkscope.settings import Name, Settings
from chunkscope.store.settings import StoreSettings


class SequenceSettings(Settings):
    """Sequences to train on."""

    sequences: PositiveInt = 2000
    """How many sequences."""
    length: int = Field(default=100, ge=2)
    """Symbols in each."""


class RecordingSettings(Settings):
    """Fresh sequences whose activity is recorded, in two splits."""

    train: int = Field(default=200, ge=2)
    """Sequences on which readings are fitted; settings are compared on some of them."""
    test: PositiveInt = 200
    """Sequences on which readings are scored."""
    length: int = Field(default=100, ge=2)
    """Symbols in each."""


class CorpusSettings(Settings):
    """A corpus: a grammar and what is drawn from it."""

    source: GrammarSettings
    """The grammar; `grammar` says which."""
    training: SequenceSettings = SequenceSettings()
    """Sequences that networks are trained on."""
    recording: RecordingSettings = RecordingSettings()
    """Sequences that activity is recorded on."""


Study = Literal[
    "chunks",
    "interventions",
    "concepts",
    "prototypes",
    "probing",
    "widths",
    "inversion",
    "dynamics",
    "neurons",
    "latents",
]
"""A reading of a run."""

STUDIES_WITH_SITES: tuple[Study, ...] = ("concepts", "prototypes", "probing", "widths", "neurons")
"""Studies that choose among the recorded sites by patterns of their own."""

DEFAULT_SITES = dict.fromkeys(
    ("gpt", "crate", "huggingface"), ("hook_embed", "blocks.*.hook_resid_post")
)
"""Architecture -> sites recorded where a run names none; others record the recurrent state."""


class RunSettings(Settings):
    """A run: one network on one corpus, for a batch of seeds."""

    corpus: str
    """Name of a corpus under `corpora`."""
    network: NetworkSettings
    """The architecture and its size."""
    seeds: int = Field(default=10, ge=1, le=1000)
    """Networks trained as one batch, each from its own initial weights."""
    training: TrainingSettings = TrainingSettings()
    """How they are trained."""
    start: str | None = None
    """Name of a run whose trained weights they begin with, seed by seed; of their own if null. Step
    0 of their training is then that run, and no untrained network."""
    sites: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Patterns (fnmatch) of the sites to record; by default the whole recurrent state, or the
    residual stream of a transformer after its embedding and after every block; for `neurons`, its
    code units."""
    studies: tuple[Study, ...] = Field(("chunks", "interventions"), min_length=1)
    """Readings made of this run: `chunks` finds a dictionary and scores it against the true parse;
    `interventions` graft what it found, and need it; `concepts` finds words and symbols by
    population averaging, and grafts words of a text; `prototypes` finds directions for a sweep of
    their number; `probing` reads features of the truth off few units; `widths` does so in all runs
    that take part, which differ in their width alone; `inversion` finds the inputs that give nearly
    the same activity; `dynamics` compares runs over time, through their training; `neurons`
    explains units of a transformer and scores what it says; `latents` does so of a sparse code of
    them, and needs it."""

    @field_validator("studies")
    @classmethod
    def _build_on_each_other(cls, studies: tuple[str, ...]) -> tuple[str, ...]:
        if "interventions" in studies and "chunks" not in studies:
            raise ValueError(
                f"got {list(studies)}; interventions graft the states that chunks finds; add chunks"
            )
        if "latents" in studies and "neurons" not in studies:
            raise ValueError(
                f"got {list(studies)}; latents stand beside the units that neurons explains; add "
                "neurons"
            )
        return studies

    @model_validator(mode="after")
    def _has_a_floor(self) -> Self:
        if self.start is not None and self.studies != ("dynamics",):
            raise ValueError(
                f"studies: got {list(self.studies)}; must be [dynamics] of a run that has a start: "
                "other studies take its step 0 for an untrained network"
            )
        return self


class ExperimentSettings(Settings):
    """The chunk papers' experiments that train networks of their own; what is null is not run."""

    transfer: TransferSettings | None = None
    """Induced compositionality: learning a longer word with and without a grafted state."""
    context: ContextSettings | None = None
    """Context dependence: does the state tell which word a shared part belongs to?"""
    hierarchy: HierarchySettings | None = None
    """Hierarchy: states and parses of words composed of words."""


class Config(Settings):
    """Everything a workflow is told."""

    seed: int = Field(default=0, ge=0)
    """Root of every random stream."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where networks run; `auto` takes a GPU if there is one."""
    corpora: dict[Name, CorpusSettings] = Field(min_length=1)
    """Corpora by name."""
    runs: dict[Name, RunSettings] = Field(min_length=1)
    """Runs by name; the name stands in every output path."""
    store: StoreSettings = StoreSettings()
    """The activation store."""
    chunks: ChunkSettings = ChunkSettings()
    """The chunks study."""
    interventions: InterventionSettings = InterventionSettings()
    """Interventions with the chunks' prototypes."""
    concepts: ConceptSettings = ConceptSettings()
    """The concepts study."""
    prototypes: PrototypeStudySettings = PrototypeStudySettings()
    """The prototypes study."""
    probing: ProbingStudySettings = ProbingStudySettings()
    """The probing study."""
    inversion: InversionStudySettings = InversionStudySettings()
    """The inversion study."""
    dynamics: DynamicsStudySettings = DynamicsStudySettings()
    """The dynamics study."""
    neurons: NeuronSettings = NeuronSettings()
    """The neurons study."""
    experiments: ExperimentSettings = ExperimentSettings()
    """Experiments of the chunk papers."""
    figures: FigureSettings = FigureSettings()
    """How figures look."""


def repeats_reflection(config: Config, name: str) -> bool:
    """Whether a run is the reflection experiment of Wu et al. (arXiv 2502.01803).

    However many networks there are, and whenever they are looked at in training.
    """
    run, network = config.runs[name], AffineSettings(hidden=12)
    published = TrainingSettings(
        steps=400, batch=1, window=200, learning_rate=0.005, gradient_clip=None
    )
    return (
        run.network == network
        and run.training.updates() == published
        and reads_reflection(config, name)
    )


def reads_reflection(config: Config, name: str) -> bool:
    """Whether a run is on the corpus of the reflection experiment, whatever its network."""
    published = Words(
        vocabulary={"ABCD": 1.0},
        filler={"E": 1.0},
        gap={"kind": "uniform", "low": 0, "high": 19},
    )
    return config.corpora[config.runs[name].corpus].source == published


def run_sites(run: RunSettings) -> list[str]:
    """The sites that a run records."""
    default = DEFAULT_SITES.get(run.network.architecture, ("layers.*.hook_[hc]",))
    if "neurons" in run.studies:
        alone = set(run.studies) <= {"neurons", "latents"}
        default = CODE_SITES if alone else (*default, *CODE_SITES)
    return match_sites(run.sites or default, site_names(run.network))


def run_points(config: Config, run: RunSettings) -> dict[str, list[str]]:
    """Points at which the inversion study reads a run -> the sites that it reads there.

    Patterns serve runs of all architectures: a point at which they match nothing is left out.
    """
    source = config.corpora[run.corpus].source
    points = source.points if isinstance(source, Task) else ("last",)
    available, asked = site_names(run.network), config.inversion.sites
    found = {point: matching_sites(asked.get(point, ()), available) for point in points}
    return {point: sites for point, sites in found.items() if sites}


def decoded_points(config: Config, run: RunSettings) -> dict[str, list[str]]:
    """Points of a run -> the sites that its decoder is told, of those that are read."""
    patterns = config.inversion.decoder.sites
    found = {
        point: [s for s in sites if any(fnmatchcase(f"{s}@{point}", p) for p in patterns)]
        for point, sites in run_points(config, run).items()
    }
    return {point: sites for point, sites in found.items() if sites}


def run_circuits(config: Config, run: RunSettings) -> list[CircuitSettings]:
    """The circuits that are searched for in a run: those of its points, whose sites it has."""
    points, available = run_points(config, run), site_names(run.network)
    return [
        circuit
        for circuit in config.inversion.circuits
        if set(circuit.points) <= set(points)
        and matching_sites(circuit.cut, matching_sites(circuit.sites, available))
    ]


def white_box_pairs(config: Config) -> list[tuple[str, str]]:
    """Runs of the neurons study: every CRATE with each GPT on its corpus, of its depth and width,
    that is trained alike, so that equal steps are equal steps."""
    runs = {name: run for name, run in config.runs.items() if "neurons" in run.studies}
    crates, gpts = (
        {
            name: (run.corpus, run.network.layers, run.network.width, _steps(run.training))
            for name, run in runs.items()
            if isinstance(run.network, architecture)
        }
        for architecture in (CRATESettings, GPTSettings)
    )
    return [(crate, gpt) for crate in crates for gpt in gpts if crates[crate] == gpts[gpt]]


def is_published(run: RunSettings) -> bool:
    """Whether a run is one of those of arXiv 2410.16443 but for its size: a CRATE as it is by
    default, or a rectified GPT without biases and penalties."""
    network, size = run.network, {"layers", "width", "heads", "context"}
    plain = {
        CRATESettings: CRATESettings(positions="learned"),
        GPTSettings: GPTSettings(positions="learned", activation="relu", bias=False),
    }.get(type(network))
    if plain is None or run.training.sparsity:
        return False
    return network.model_dump(exclude=size) == plain.model_dump(exclude=size)


def _steps(training: TrainingSettings) -> TrainingSettings:
    """What twins have in common of their training: all but a penalty, and what is kept of it."""
    return training.model_copy(update={"sparsity": 0.0, "checkpoints": (), "evaluate_every": 1})


def network_width(network: NetworkSettings) -> int:
    """Units of a recurrent state, or of a transformer's stream; 0 where settings do not tell."""
    return int(getattr(network, "hidden", getattr(network, "width", 0)))
