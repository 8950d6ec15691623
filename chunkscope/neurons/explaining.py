"""From the settings of an explainer to what it says of units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chunkscope.errors import NeuronError
from chunkscope.neurons.excerpts import NOTHING, Sample
from chunkscope.neurons.explainers.base import Explanations
from chunkscope.neurons.explainers.grams import Grams
from chunkscope.neurons.explainers.patterns import Activate, Patterns
from chunkscope.neurons.explainers.settings import (
    ExplainerSettings,
    GramSettings,
    PatternSettings,
    TreeSettings,
)
from chunkscope.neurons.explainers.trees import Trees
from chunkscope.neurons.language.endpoint import Endpoint
from chunkscope.neurons.language.explaining import Said


@dataclass(frozen=True)
class Known:
    """What an explainer may know besides excerpts.

    Attributes:
        symbols: what each token is.
        activate: asks the network about prompts; None where there is none to ask.
        answers: where answers of language models are kept.
    """

    symbols: Sequence[str]
    activate: Activate | None = None
    answers: Path = Path("work/answers")

    def of_units(self, units: NDArray[np.intp]) -> Known:
        """The same where only these units are looked at, numbered anew."""
        if (ask := self.activate) is None:
            return self
        return replace(self, activate=lambda prompts: ask(prompts)[:, units])


def explain(
    sample: Sample, settings: ExplainerSettings, known: Known, rng: np.random.Generator
) -> Explanations:
    """The explanations of the units of a sample.

    Raises:
        NeuronError: patterns are asked for where no network can be asked, or an endpoint is down.
    """
    match settings:
        case GramSettings():
            return Grams.explain(sample, len(known.symbols), settings.order, settings.least)
        case TreeSettings():
            return Trees.explain(sample, known.symbols, settings.depth, settings.least)
        case PatternSettings():
            if known.activate is None:
                raise NeuronError(
                    "neurons.explainers: got patterns, which ask the network, and there is none; "
                    "leave them out, or give the network"
                )
            seen = np.unique(sample.tokens[sample.tokens != NOTHING])
            tried = rng.choice(seen, min(settings.substitutes, len(seen)), replace=False)
            return Patterns.explain(
                sample, known.activate, tried.astype(np.int32), settings.top, settings.reach
            )
    return Said.explain(Endpoint(settings, known.answers), sample, known.symbols)


def failures(explanations: Explanations) -> Counter[str]:
    """What became of the questions to a language model; nothing of other explainers."""
    if isinstance(explanations, Said):
        return explanations.endpoint.counts + explanations.counts
    return Counter()
