"""The detection study: how well each detector finds each concept, by site and offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.chunks.concepts.detectors import (
    Detection,
    Splits,
    best_latent,
    by_average,
    by_latent,
    by_lookup,
    by_probe,
    find_average,
    strongest_latent,
)
from chunkscope.chunks.concepts.occurrences import Trial, random_trial
from chunkscope.chunks.concepts.settings import ConceptSettings
from chunkscope.chunks.concepts.summary import MEASURES
from chunkscope.chunks.detection import Mask, rates
from chunkscope.chunks.extractors.autoencoder import AutoencoderExtractor
from chunkscope.chunks.extractors.averaging import Average
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore


@dataclass(frozen=True)
class Site:
    """One site of one member.

    Attributes:
        states: its activity.
        untrained: the activity of the untrained network on the same sequences.
        latents: of an autoencoder of its activity.
        tokens: the symbols read.
    """

    states: Splits
    untrained: Splits
    latents: Splits
    tokens: Splits

    def shifted(self, offset: int, margin: int) -> Site:
        """What is known ``offset`` steps after each step that is not within the margins."""
        known = (self.states, self.untrained, self.latents, self.tokens)
        return Site(*(splits.shifted(offset, margin) for splits in known))


@dataclass(frozen=True)
class Found:
    """What the study of a site gives.

    Attributes:
        table: one row per offset, detector and concept.
        prototypes: offset -> a prototype for each concept, None where no tolerance leaves a unit.
    """

    table: pd.DataFrame
    prototypes: dict[int, list[Average | None]]


def open_site(
    store: ActivationStore,
    untrained: ActivationStore,
    member: int,
    site: str,
    settings: ConceptSettings,
    seed: int,
) -> Site:
    """One site of one member of both stores, with an autoencoder fitted to its train split."""
    tokens, states, before = (
        Splits(read("train"), read("test"))
        for read in (
            store.tokens,
            partial(store.activations, member, site),
            partial(untrained.activations, member, site),
        )
    )
    autoencoder = AutoencoderExtractor(
        **settings.autoencoder.model_dump(),
        random_state=integer_seed(seed, "autoencoder", site, member),
    ).fit(states.train, tokens.train)
    latents = Splits(autoencoder.encode(states.train), autoencoder.encode(states.test))
    return Site(states, before, latents, tokens)


def read_site(
    site: Site, trials: Sequence[Trial], settings: ConceptSettings, rng: np.random.Generator
) -> Found:
    """Every detector on every concept at every offset.

    Args:
        rng: for the occurrences that are drawn at random.

    Returns:
        Rows with ``offset, method, kind, concept, symbols``, the measures of the test split,
        ``setting`` (tolerance or threshold), ``units`` read, ``occurrences`` in the train and
        ``test_occurrences`` in the test split. NaN measures: no tolerance left a unit.
    """
    nulls = [random_trial(trial, settings.averaging, rng) for trial in trials]
    rows, prototypes = [], {}
    for offset in settings.offsets:
        seen = site.shifted(offset, settings.margin)
        found = [
            find_average(seen.states, trial, settings.averaging.tolerances) for trial in trials
        ]
        for trial, null, average in zip(trials, nulls, found, strict=True):
            for method, judged, detection in _detections(seen, trial, null, average, settings):
                place = {"offset": offset, "method": method, **_described(trial)}
                rows.append(place | _measured(detection, judged.test))
        prototypes[offset] = found
    return Found(pd.DataFrame(rows), prototypes)


def _detections(
    seen: Site,
    trial: Trial,
    null: Trial | None,
    average: Average | None,
    settings: ConceptSettings,
) -> Iterator[tuple[str, Trial, Detection | None]]:
    """Each method's name, the trial that it is judged by, and what it detected."""
    tolerances = settings.averaging.tolerances
    yield "averaging", trial, by_average(average, seen.states)
    strongest, best = strongest_latent(seen.latents, trial), best_latent(seen.latents, trial)
    yield "latent", trial, by_latent(seen.latents, trial, strongest)
    yield "selected latent", trial, by_latent(seen.latents, trial, best)
    yield "probe", trial, by_probe(seen.states, trial)
    yield "look-up", trial, by_lookup(seen.tokens, trial)
    likely = find_average(seen.states, trial, tolerances, "accuracy")
    yield "averaging by accuracy", trial, by_average(likely, seen.states)
    yield "latent by accuracy", trial, by_latent(seen.latents, trial, strongest, "accuracy")
    before = find_average(seen.untrained, trial, tolerances)
    yield "untrained", trial, by_average(before, seen.untrained)
    if null is not None:
        scattered = find_average(seen.states, null, tolerances)
        yield "random occurrences", null, by_average(scattered, seen.states)


def _described(trial: Trial) -> dict[str, object]:
    return {
        "kind": trial.concept.kind,
        "concept": trial.concept.name,
        "symbols": trial.concept.symbols,
        "occurrences": int(trial.train.sum()),
        "test_occurrences": int(trial.test.sum()),
    }


def _measured(detection: Detection | None, truth: Mask) -> dict[str, float]:
    if detection is None:
        return dict.fromkeys((*MEASURES, "setting"), np.nan) | {"units": 0}
    scores = rates(detection.detected, truth.ravel())
    values = (
        *(scores.true_positive, scores.false_positive),
        *(scores.balanced_accuracy, scores.matthews),
    )
    measured = dict(zip(MEASURES, map(float, values), strict=True))
    return measured | {"setting": detection.setting, "units": detection.units}


def stack(prototypes: Sequence[Average | None], units: int) -> dict[str, NDArray[np.generic]]:
    """Prototypes as arrays (concept, unit); a concept without one has no unit."""
    empty = np.zeros(units)
    return {
        "mean": np.stack([empty if p is None else p.mean for p in prototypes]),
        "units": np.stack([empty > 0 if p is None else p.units for p in prototypes]),
    }
