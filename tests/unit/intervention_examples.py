"""Networks whose every weight is set by hand, and the corpus they know: ABCD in E's."""

from __future__ import annotations

import numpy as np
import torch

from chunkscope.interventions.donors import Donors, donors_from_labels
from chunkscope.interventions.recipients import Recording
from chunkscope.interventions.settings import InterventionSettings
from chunkscope.networks.building import build
from chunkscope.networks.recurrent import Recurrent
from chunkscope.networks.settings import AffineSettings, TanhSettings

SYMBOLS = tuple("ABCDE")
SITE = "layers.0.hook_h"
LAGS = 4
KNOWING = np.arange(8) < 4  # the units of the clock that know the position; the rest are idle


def clock() -> Recurrent:
    """A tanh network: unit A is on after A, and then B, C, D follow each other whatever is read.

    It says the symbol after the unit that is on, and E when none is. Four more units see the
    input, and nothing sees them.
    """
    network = build(TanhSettings(hidden=8), 5, [0], SYMBOLS)
    weights = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    weights["layers.0.weight_ih"][0, 0] = torch.tensor([4.0, -4, -4, -4, -4])
    weights["layers.0.weight_ih"][0, 4:] = torch.randn(
        4, 5, generator=torch.Generator().manual_seed(0)
    )
    for unit in range(3):
        weights["layers.0.weight_hh"][0, unit + 1, unit] = 4
        weights["readout.weight"][0, unit + 1, unit] = 8
    weights["readout.bias"][0] = torch.tensor([-8.0, 0, 0, 0, 4])
    network.load_state_dict(weights)
    return network


def affine() -> Recurrent:
    """An affine network whose state is the last symbol: its readout says what comes two later."""
    network = build(AffineSettings(hidden=5), 5, [0], SYMBOLS)
    weights = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    weights["layers.0.weight_ih"][0] = torch.eye(5)
    for before, after in ("AC", "BD", "CE", "DE", "EE"):
        weights["readout.weight_hh"][0, SYMBOLS.index(after), SYMBOLS.index(before)] = 8
    network.load_state_dict(weights)
    return network


def corpus(sequences: int = 60, time: int = 40) -> np.ndarray:
    """(sequence, time) ABCD followed by one to six E's, over and over."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(sequences):
        text = "E" * rng.integers(7)
        while len(text) < time:
            text += "ABCD" + "E" * rng.integers(1, 7)
        rows.append([SYMBOLS.index(symbol) for symbol in text[:time]])
    return np.array(rows)


@torch.no_grad()
def record(network: Recurrent, tokens: np.ndarray) -> Recording:
    """All sites of an ensemble of one."""
    output = network(torch.from_numpy(tokens), record=["*"])
    return Recording(tokens, {site: a[0].numpy() for site, a in output.activations.items()})


def splits(network: Recurrent) -> tuple[Recording, Recording]:
    """A training and a test split."""
    tokens = corpus()
    return record(network, tokens[:40]), record(network, tokens[40:])


def donors_of(train: Recording, units: np.ndarray | None = None) -> Donors:
    """A donor per symbol; the same ``units`` (unit,) are constrained by all."""
    masks = None if units is None else {SITE: np.tile(units, (len(SYMBOLS), 1))}
    return donors_from_labels(
        train.tokens, train.activations, train.tokens, LAGS, 10, 20, masks, SYMBOLS
    )


SETTINGS = InterventionSettings(lags=LAGS, recipients=32)
