"""Settings of the transfer experiment (induced compositionality). Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from chunkscope.errors import did_you_mean
from chunkscope.grammars.words import Words
from chunkscope.networks.settings import AffineSettings, RecurrentSettings, TrainingSettings
from chunkscope.settings import Name, Settings

Symbol = Annotated[str, Field(min_length=1, max_length=1)]
Size = Annotated[int, Field(ge=1)]

PRETRAINING = Words(
    vocabulary={"ABCD": 0.25, "GHI": 0.25, "JKLMN": 0.25, "E": 0.25},
    filler={"E": 1.0},
    gap={"kind": "uniform", "low": 0, "high": 9},
)
TRANSFER = Words(
    vocabulary={"ABCDLMN": 0.5, "E": 0.5},
    filler={"E": 1.0},
    gap={"kind": "uniform", "low": 0, "high": 9},
)


class Trials(Settings):
    """Training on the transfer corpus: one update a trial, by a fresh Adam."""

    count: int = Field(default=100, ge=2)
    """Trials."""
    window: int = Field(default=100, ge=2)
    """Symbols read per trial; the last one is a target only."""
    batch: int = Field(default=1, ge=1)
    """Windows per trial."""
    learning_rate: float = Field(default=0.005, gt=0)
    """Step size of Adam."""


class TransferNetwork(Settings):
    """A network that is trained on one corpus and then moved to the other."""

    network: Annotated[RecurrentSettings, Field(discriminator="architecture")]
    """The architecture and its size; its whole recurrent state is grafted."""
    seeds: int = Field(default=30, ge=2, le=1000)
    """Networks, each with its own initial weights and sequences; every arm has all of them."""
    pretraining: TrainingSettings = TrainingSettings(
        steps=160, batch=1, window=400, learning_rate=0.005, gradient_clip=None
    )
    """Training on the first corpus."""
    trials: Trials = Trials()
    """Training on the second."""

    def trained(self) -> tuple[Settings, ...]:
        """All that decides what each is; not how many there are, nor when they are looked at."""
        return self.network, self.pretraining.updates(), self.trials


class TransferSettings(Settings):
    """The transfer experiment of Wu et al. (arXiv 2502.01803), its controls, and its networks."""

    pretraining: Words = PRETRAINING
    """The first corpus. Its symbols are the alphabet of the networks."""
    transfer: Words = TRANSFER
    """The second corpus: a word of the first goes on as another one ends."""
    length: int = Field(default=8000, ge=2)
    """Symbols of each network's training sequence, of either corpus; the paper's 1000 draws come
    to about 7750 and 8500."""
    cue: Symbol = "D"
    """Where this symbol is read, the incoming state is replaced."""
    donor: Symbol = "J"
    """The state is that after this symbol."""
    stand_in: Symbol = "K"
    """Read in place of the cue in one more arm, as the paper intended: donor and this symbol are
    then a true passage of the first corpus."""
    other_donors: tuple[Symbol, ...] = ("K", "B", "G", "E")
    """Symbols whose states stand in the donor's place, an arm each."""
    levels: int = Field(default=5, ge=1, le=100)
    """Levels per unit of the strings that donors are chosen among."""
    remembered: int = Field(default=300, ge=2)
    """Steps of the trained network in which donors are sought; the paper's."""
    decoded: Size = 100
    """Later steps whose symbol is decoded from their string; the paper's."""
    early: Size = 20
    """First trials over which arms are compared."""
    smoothing: Size = 10
    """Trials of the moving average that is drawn, and that must reach the criterion."""
    criterion: float = Field(default=0.9, gt=0, lt=1)
    """Next-symbol accuracy to be reached; the ideal observer's on the transfer corpus is .94."""
    sequences: Size = 40
    """Fresh sequences of the transfer corpus on which trained networks are compared, each as long
    as a trial's window."""
    networks: dict[Name, TransferNetwork] = Field(
        default={"affine12": TransferNetwork(network=AffineSettings(hidden=12))}, min_length=1
    )
    """Networks by name; `affine12` is the paper's."""

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The symbols of the networks, in token order."""
        return self.pretraining.compile().symbols

    def repeats_paper(self, name: str) -> bool:
        """Whether a network is the paper's, trained, grafted and judged as in the paper.

        However many there are of it.
        """
        paper = TransferSettings()
        others = ("decoded", "criterion", "sequences", "other_donors", "networks")
        return self.networks[name].trained() == paper.networks["affine12"].trained() and all(
            getattr(self, key) == getattr(paper, key)
            for key in type(self).model_fields
            if key not in others
        )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        problems = [*self._unknown_symbols(), *self._too_short()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unknown_symbols(self) -> Iterator[str]:
        first, second = self.alphabet, self.transfer.compile().symbols
        for symbol in second:
            if symbol not in first:
                yield f"transfer: symbol {symbol!r} is not in the pretraining corpus"
        if self.cue not in second:
            yield _unknown("cue", self.cue, "transfer", second)
        used = {"donor": [self.donor], "stand_in": [self.stand_in]}
        for key, symbols in {**used, "other_donors": self.other_donors}.items():
            for symbol in symbols:
                if symbol not in first:
                    yield _unknown(key, symbol, "pretraining", first)
        repeated = {
            s for s in self.other_donors if self.other_donors.count(s) > 1 or s == self.donor
        }
        if repeated:
            yield f"other_donors: got {sorted(repeated)} twice; name other symbols than the donor"

    def _too_short(self) -> Iterator[str]:
        for name, network in self.networks.items():
            count = network.trials.count
            for key in ("early", "smoothing"):
                if getattr(self, key) > count:
                    yield (
                        f"{key}: got {getattr(self, key)}; must be at most {count}, the trials of "
                        f"{name}"
                    )
            for key, window in (
                ("pretraining", network.pretraining.window),
                ("trials", network.trials.window),
            ):
                if window > self.length:
                    yield (
                        f"networks.{name}.{key}.window: got {window}; must be at most "
                        f"{self.length}, the length of a sequence"
                    )


def _unknown(key: str, got: str, corpus: str, symbols: tuple[str, ...]) -> str:
    hint = did_you_mean(got, symbols)
    return f"{key}: got {got!r}; must be a symbol of {corpus}: {', '.join(symbols)}{hint}"
