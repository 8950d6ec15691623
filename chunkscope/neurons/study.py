"""Every unit of a site explained on one half of the documents and scored on the other.

Beside the scores of a unit's own explanation stand two floors: the explanation of *another* unit
(the next one of the site), and its own with the means *shuffled* among its entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chunkscope.neurons.excerpts import Activity, Sample, Tokens, Values, draw_sample
from chunkscope.neurons.explainers.grams import Grams
from chunkscope.neurons.facts import unit_facts
from chunkscope.neurons.scores import Scores, auprc, detection, firing_level, fuzzing, pearson, r2
from chunkscope.neurons.settings import NeuronSettings
from chunkscope.randomness import stream

OWN, ANOTHER, SHUFFLED = "own", "another", "shuffled"
"""Whose explanation is scored."""

SCORES = ("pearson", "r2", "auprc", "detection", "fuzzing")


@dataclass(frozen=True)
class Recorded:
    """What one network did at one site, (sequence, time) and (sequence, time, unit).

    Attributes:
        tokens, values: of the sequences that explain.
        held_out_tokens, held_out_values: of those that scores are of, from other documents.
    """

    tokens: Tokens
    values: Values
    held_out_tokens: Tokens
    held_out_values: Values


@dataclass(frozen=True)
class Explained:
    """All units of one site.

    Attributes:
        facts: see :func:`~chunkscope.neurons.facts.unit_facts`.
        scores: a row for every unit, protocol, explainer and control: ``unit, protocol, explainer,
            control, length`` (entries of the explanation), and :data:`SCORES`.
        explanations: (protocol, explainer) -> the explanations of all units.
    """

    facts: pd.DataFrame
    scores: pd.DataFrame
    explanations: Mapping[tuple[str, str], Grams]


def explain_site(
    recorded: Recorded, vocabulary: int, settings: NeuronSettings, seed: int, name: str
) -> Explained:
    """Explain and score all units of a site.

    Args:
        name: of the network and the site, for the random streams.

    Raises:
        NeuronError: there are too few sequences, or they are shorter than an excerpt.
    """
    explanations: dict[tuple[str, str], Grams] = {}
    tables = []
    for protocol, drawn in settings.protocols.items():
        explain = Activity.cut(recorded.tokens, recorded.values, drawn.length)
        score = Activity.cut(recorded.held_out_tokens, recorded.held_out_values, drawn.length)
        names = (seed, "neurons", name, protocol)
        seen = draw_sample(explain, drawn.explain, stream(*names, "explain"))
        held_out = draw_sample(score, drawn.score, stream(*names, "score"))
        level = firing_level(seen, seen.values)
        for explainer, order in settings.explainers.items():
            own = Grams.explain(seen, vocabulary, order, settings.least)
            explanations[protocol, explainer] = own
            rng = stream(*names, explainer, "controls")
            for control, grams in _controlled(own, rng):
                table = _scored(grams, seen, level, held_out, rng)
                labels = {"protocol": protocol, "explainer": explainer, "control": control}
                tables.append(table.assign(**labels, length=grams.lengths))
    whole = recorded.tokens.shape[1]
    facts = unit_facts(
        Activity.cut(recorded.tokens, recorded.values, whole),
        Activity.cut(recorded.held_out_tokens, recorded.held_out_values, whole),
        vocabulary,
    )
    scores = pd.concat(tables, ignore_index=True)
    columns = ["unit", "protocol", "explainer", "control", "length", *SCORES]
    return Explained(facts, scores[columns], explanations)


def _controlled(own: Grams, rng: np.random.Generator) -> Iterator[tuple[str, Grams]]:
    yield OWN, own
    yield ANOTHER, own.taken(np.roll(np.arange(own.units), 1))
    yield SHUFFLED, own.shuffled(rng)


def _scored(
    grams: Grams, seen: Sample, level: Scores, held_out: Sample, rng: np.random.Generator
) -> pd.DataFrame:
    """``unit`` and :data:`SCORES`, of units that fire from ``level (unit,)`` on."""
    said = grams.simulate(held_out.tokens)
    said_level = firing_level(seen, grams.simulate(seen.tokens))
    return pd.DataFrame(
        {
            "unit": np.arange(len(said)),
            "pearson": pearson(held_out, said),
            "r2": r2(held_out, said),
            "auprc": auprc(held_out, said, level),
            "detection": detection(held_out, said, level, said_level),
            "fuzzing": fuzzing(held_out, said, level, said_level, rng),
        }
    )
