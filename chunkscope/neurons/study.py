"""Every unit of a site explained on one half of the documents and scored on the other.

Protocols that see the same excerpts share explanations. Beside the scores of a unit's own
explanation stand the floors of :mod:`chunkscope.neurons.controls`. Excerpts are drawn alike for all
networks, so that two networks on one corpus are compared on the same random ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.neurons.controls import OWN, told
from chunkscope.neurons.excerpts import Activity, Sample, Tokens, Values, draw_sample
from chunkscope.neurons.explainers.base import Explanations
from chunkscope.neurons.explaining import Known, explain, failures
from chunkscope.neurons.facts import everything, unit_facts
from chunkscope.neurons.labels import COLUMNS as LABEL_COLUMNS
from chunkscope.neurons.labels import LABEL, Labels, best_labels
from chunkscope.neurons.scores import auprc, detection, firing_level, fuzzing, pearson, r2
from chunkscope.neurons.settings import DrawSettings, NeuronSettings
from chunkscope.randomness import stream

EVERYTHING = "everything"
"""Protocol of what is explained on all of one half and scored on all of the other."""

SCORES = ("pearson", "r2", "auprc", "detection", "fuzzing")


@dataclass(frozen=True)
class Recorded:
    """What one network did at one site, (sequence, time) and (sequence, time, unit).

    Attributes:
        tokens, values: of the sequences that explain.
        held_out_tokens, held_out_values: of those that scores are of, from other documents.
        labels, held_out_labels: what a grammar says is true of every step; empty where none does.
    """

    tokens: Tokens
    values: Values
    held_out_tokens: Tokens
    held_out_values: Values
    labels: Labels = field(default_factory=dict)
    held_out_labels: Labels = field(default_factory=dict)


@dataclass(frozen=True)
class Explanation:
    """What one explainer says of some units.

    Attributes:
        protocols: those that show it the same excerpts.
        explainer: its name.
        units: (unit,) which units of the site these are.
        said: the explanations, in their order.
    """

    protocols: tuple[str, ...]
    explainer: str
    units: NDArray[np.intp]
    said: Explanations

    @property
    def failures(self) -> Counter[str]:
        """What became of the questions to a language model, if it is one."""
        return failures(self.said)


@dataclass(frozen=True)
class Explained:
    """All units of one site.

    Attributes:
        facts: see :func:`~chunkscope.neurons.facts.unit_facts`.
        scores: a row for every unit, protocol, explainer and control: ``unit, protocol, explainer,
            control, length`` (parts of the explanation), and :data:`SCORES`; of the best label
            :data:`EVERYTHING` is the protocol.
        labels: see :func:`~chunkscope.neurons.labels.best_labels`; empty where there are none.
        explanations: of every explainer, and of excerpts that are shown to it.
    """

    facts: pd.DataFrame
    scores: pd.DataFrame
    labels: pd.DataFrame
    explanations: tuple[Explanation, ...]


def explain_site(
    recorded: Recorded, known: Known, settings: NeuronSettings, seed: int
) -> Explained:
    """Explain and score all units of a site.

    Raises:
        NeuronError: there are too few sequences, or they are shorter than an excerpt; see also
            :func:`~chunkscope.neurons.explaining.explain`.
    """
    vocabulary = len(known.symbols)
    explanations: list[Explanation] = []
    tables = []
    for (length, shown), protocols in _by_what_is_shown(settings).items():
        explain_half = Activity.cut(recorded.tokens, recorded.values, length)
        score_half = Activity.cut(recorded.held_out_tokens, recorded.held_out_values, length)
        first = protocols[0]
        seen = draw_sample(explain_half, shown, stream(seed, "neurons", first, "explain"))
        samples = {
            name: draw_sample(
                score_half,
                settings.protocols[name].score,
                stream(seed, "neurons", name, "score"),
            )
            for name in protocols
        }
        for explainer, how in settings.explainers.items():
            units = spread(seen.shape[0], how.units)
            mine = seen.of_units(units)
            said = explain(
                mine, how, known.of_units(units), stream(seed, "neurons", first, explainer)
            )
            explanations.append(Explanation(protocols, explainer, units, said))
            for name, sample in samples.items():
                rng = stream(seed, "neurons", name, explainer, "controls")
                for control, table in _scored(said, mine, sample.of_units(units), vocabulary, rng):
                    labels = {"protocol": name, "explainer": explainer, "control": control}
                    tables.append(table.assign(unit=units, **labels, length=said.lengths))
    facts = unit_facts(
        everything(recorded.tokens, recorded.values),
        everything(recorded.held_out_tokens, recorded.held_out_values),
        vocabulary,
    )
    nearest = _labelled(recorded)
    if len(nearest):
        labels = {"protocol": EVERYTHING, "explainer": LABEL, "control": OWN}
        tables.append(nearest[["unit", "pearson"]].assign(**labels, length=1))
    scores = pd.concat(tables, ignore_index=True)
    columns = ["unit", "protocol", "explainer", "control", "length", *SCORES]
    return Explained(facts, scores[columns], nearest, tuple(explanations))


def _labelled(recorded: Recorded) -> pd.DataFrame:
    if not recorded.labels:
        return pd.DataFrame(columns=list(LABEL_COLUMNS))
    return best_labels(
        (recorded.tokens, recorded.values, recorded.labels),
        (recorded.held_out_tokens, recorded.held_out_values, recorded.held_out_labels),
    )


def spread(units: int, wanted: int | None) -> NDArray[np.intp]:
    """Which units of a site are explained: all, or so many of them, evenly spread."""
    if wanted is None or wanted >= units:
        return np.arange(units)
    return np.linspace(0, units - 1, wanted).round().astype(np.intp)


def _by_what_is_shown(
    settings: NeuronSettings,
) -> Mapping[tuple[int, DrawSettings], tuple[str, ...]]:
    """Length and choice of excerpts that explainers are shown -> the protocols that do so."""
    found: dict[tuple[int, DrawSettings], tuple[str, ...]] = {}
    for name, protocol in settings.protocols.items():
        key = protocol.length, protocol.explain
        found[key] = (*found.get(key, ()), name)
    return found


def _scored(
    said: Explanations,
    seen: Sample,
    held_out: Sample,
    vocabulary: int,
    rng: np.random.Generator,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Whose explanation is scored, and :data:`SCORES` of it on the excerpts held out."""
    level = firing_level(seen, seen.values)
    for control, (on_seen, on_held_out) in told(
        said, seen.tokens, held_out.tokens, vocabulary, rng
    ):
        said_level = firing_level(seen, on_seen)
        yield (
            control,
            pd.DataFrame(
                {
                    "pearson": pearson(held_out, on_held_out),
                    "r2": r2(held_out, on_held_out),
                    "auprc": auprc(held_out, on_held_out, level),
                    "detection": detection(held_out, on_held_out, level, said_level),
                    "fuzzing": fuzzing(held_out, on_held_out, level, said_level, rng),
                }
            ),
        )
