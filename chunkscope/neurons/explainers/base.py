"""What every explainer gives: what is said of units, to be read and to be put to the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chunkscope.neurons.excerpts import Tokens, Values


class Explanations(Protocol):
    """The explanations of some units, and their simulator."""

    def simulate(self, tokens: Tokens) -> Values:
        """(unit, excerpt, time) what each unit is said to do on ``tokens`` of the same shape."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(unit,) how long each explanation is, in parts of its own kind."""

    def as_json(self, unit: int, symbols: Sequence[str]) -> dict[str, Any]:
        """The explanation of one unit, whole."""

    def sentence(self, unit: int, symbols: Sequence[str]) -> str:
        """What a person would say of one unit."""
