"""Settings of the context experiment. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from chunkscope.chunks.settings import DensitySettings, RoundSettings
from chunkscope.grammars.context import Context
from chunkscope.networks.settings import AffineSettings, RecurrentSettings, TrainingSettings
from chunkscope.settings import Name, Settings

CORPUS = Context(
    contexts={"": {"CDAB": 0.1, "AB": 0.1, "ABCD": 0.1, "E": 0.7}},
    separator="E",
)


class ContextNetwork(Settings):
    """A network, the corpus that it is trained on, and on which its states are read."""

    network: Annotated[RecurrentSettings, Field(discriminator="architecture")]
    """The architecture and its size; its whole recurrent state is read."""
    source: Context = CORPUS
    """The corpus: words that share their parts. The default is the paper's, in which the last
    three symbols tell all that can be known of a part's word."""
    seeds: int = Field(default=10, ge=2, le=1000)
    """Networks, each with its own initial weights and sequences; as many again, with the same
    weights to begin with, are trained on the same symbols in shuffled order."""
    training: TrainingSettings = TrainingSettings(
        steps=200,
        batch=1,
        window=2000,
        learning_rate=0.005,
        gradient_clip=None,
        evaluate_every=200,
        checkpoints=(0, 10, 20, 50, 100, 200),
    )
    """Training; states are counted at its checkpoints, of which one is 0."""

    def trained(self) -> tuple[Settings, ...]:
        """All that decides what each is; not how many there are, nor when they are looked at."""
        return self.network, self.source, self.training.updates()

    @model_validator(mode="after")
    def _begins_untrained(self) -> Self:
        if 0 not in self.training.checkpoints:
            kept = list(self.training.checkpoints)
            raise ValueError(
                f"training.checkpoints: got {kept}; must hold 0, the untrained network, against "
                "which the trained one is compared"
            )
        return self

    @model_validator(mode="after")
    def _shares_parts(self) -> Self:
        vocabularies = self.source.contexts.values()
        letters = [letter for words in vocabularies for word in words for letter in set(word)]
        if len(letters) == len(set(letters)):
            raise ValueError(
                "source: no symbol stands in two words, so that every symbol tells its word; give "
                "words that share a part, as in {AB: 0.5, BA: 0.5}"
            )
        return self


class ContextSettings(Settings):
    """The context experiment of Wu et al. (arXiv 2502.01803), a direct measure, its networks."""

    length: int = Field(default=27_000, ge=2)
    """Symbols of each network's training sequence; the paper's 10,000 draws come to about as
    many."""
    stretch: int = Field(default=2000, ge=2)
    """Symbols of the fresh stretch on which states are counted; the paper's window."""
    levels: int = Field(default=5, ge=2, le=100)
    """Levels per unit of the strings that are counted as states."""
    merging: RoundSettings = RoundSettings()
    """How these states become a vocabulary, and a parse."""
    train: int = Field(default=60, ge=2)
    """Fresh sequences on which read-outs of the parent word are fitted."""
    validation: int = Field(default=20, ge=1)
    """Fresh sequences on which the penalty of a linear read-out is chosen."""
    test: int = Field(default=60, ge=1)
    """Fresh sequences on which read-outs are scored."""
    steps: int = Field(default=200, ge=2)
    """Symbols in each of these sequences."""
    noise: float = Field(default=0.25, ge=0)
    """Standard deviation of the noise that a second linear read-out must bear, as a share of the
    state's own (root mean square over units). Cutting a unit into five levels errs about as much:
    a fifth of a range of four standard deviations, over the square root of twelve."""
    density: DensitySettings = DensitySettings(subsample=5000, candidates=(25, 50, 100, 200, 400))
    """The dictionary's states (HDBSCAN)."""
    networks: dict[Name, ContextNetwork] = Field(
        default={"affine12": ContextNetwork(network=AffineSettings(hidden=12))}, min_length=1
    )
    """Networks by name; `affine12` is the paper's."""

    def repeats_paper(self, name: str) -> bool:
        """Whether a network is the paper's, trained and counted as in the paper.

        However many there are of it, and whenever they are counted in training.
        """
        paper = ContextSettings()
        counted = ("length", "stretch", "levels", "merging")
        return self.networks[name].trained() == paper.networks["affine12"].trained() and all(
            getattr(self, key) == getattr(paper, key) for key in counted
        )

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        for name, network in self.networks.items():
            if network.training.window > self.length:
                raise ValueError(
                    f"networks.{name}.training.window: got {network.training.window}; must be at "
                    f"most {self.length}, the length of a training sequence"
                )
        return self
