"""The arms of the experiment: what each network is given at the cue while it learns."""

from __future__ import annotations

from dataclasses import dataclass

from chunkscope.experiments.transfer.settings import TransferSettings

CONTROL = "control"
UNTRAINED = "untrained"
PRETRAINED = "pretrained"  # what is measured before there are arms
GRAFT = "donor"
INTENDED = "donor, stand-in read"
FADING = "donor, fading"
ZERO, RANDOM, GAUSSIAN = "zero", "random observed state", "gaussian"


@dataclass(frozen=True)
class Arm:
    """One way to learn the transfer corpus.

    Attributes:
        name: what tables call it.
        state: the incoming state at the cue: a symbol (the state after it), one of the controls
            of :mod:`chunkscope.interventions.controls`, or None for the network's own.
        stand_in: whether another symbol is read in place of the cue.
        fades: whether the graft's strength falls from 1 to 0 over the trials.
        pretrained: whether the network was trained on the first corpus.
    """

    name: str
    state: str | None = None
    stand_in: bool = False
    fades: bool = False
    pretrained: bool = True


def arms_of(settings: TransferSettings) -> tuple[Arm, ...]:
    """Every arm: the control first, then the donor's, then what stands in the donor's place."""
    donor = settings.donor
    return (
        Arm(CONTROL),
        Arm(GRAFT, donor),
        Arm(INTENDED, donor, stand_in=True),
        Arm(FADING, donor, fades=True),
        *(Arm(other_donor(symbol), symbol) for symbol in settings.other_donors),
        *(Arm(state, state) for state in (RANDOM, GAUSSIAN, ZERO)),
        Arm(UNTRAINED, pretrained=False),
    )


def other_donor(symbol: str) -> str:
    """Name of the arm that has the state after another symbol."""
    return f"other donor {symbol}"
