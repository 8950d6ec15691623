"""Compounds told from everything else, and not only from their own halves.

The published rows of a compound hold no other one, so that a neuron that two compounds drive tells
each of them perfectly there. Asked at every step, at the natural prevalence, it errs wherever the
other one stands, and only several such neurons together tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.networks.sites import sites_of_study
from chunkscope.probing.conditions import NATURAL, PROBE, ROTATED, UNTRAINED, lookup_name
from chunkscope.probing.features import COMPOUND, Feature
from chunkscope.probing.lookup import Lookup
from chunkscope.probing.metrics import measure
from chunkscope.probing.probe import Activity, Sample, best_f1, sweep
from chunkscope.probing.reading import Asked, groups_of
from chunkscope.probing.rotation import random_rotation
from chunkscope.probing.rows import deal_rows
from chunkscope.probing.scoring import Line, Study
from chunkscope.store import ActivationStore

Scores = NDArray[np.float64]

SIZES = (1, 2, 4, 8)
"""Units of a probe; the paper's neurons suffice together at 4 to 10."""


def ask_everywhere(store: ActivationStore, study: Study) -> list[Asked]:
    """Every compound of a store, asked at every step.

    Raises:
        ProbingError: one occurs too rarely.
    """
    labels, groups = store.labels(COMPOUND), groups_of(store)
    asked = []
    for value, name in enumerate(store.label_names(COMPOUND)[:-1]):  # the last one is none
        feature = Feature(COMPOUND, name, value, (labels == value).astype(np.int8))
        rng = study.stream("everywhere", name)
        rows = deal_rows(feature, store.is_train, groups, study.settings.rows, rng)
        asked.append(Asked(feature, rows))
    return asked


def probe_everywhere(
    trained: ActivationStore, untrained: ActivationStore, study: Study
) -> pd.DataFrame:
    """``name, condition, member, site, size, prevalence, validation`` and the measures of the test.

    Conditions are the trained network, the same in a random orthogonal basis, the untrained one,
    and lookups, which have no member; validation is F1 on the rows that chose the threshold.
    """
    asked = ask_everywhere(trained, study)
    lines = list(_lookups(trained, asked, study))
    for member in trained.seeds[: study.settings.compared]:
        for site in sites_of_study(study.settings.sites, trained.sites(member)):
            for condition, activity in _readings(trained, untrained, member, site, study):
                place = {"condition": condition, "member": member, "site": site}
                lines += [{**line, **place} for line in _probes(activity, asked, study)]
    return pd.DataFrame(lines)


def _readings(
    trained: ActivationStore, untrained: ActivationStore, member: int, site: str, study: Study
) -> Iterator[tuple[str, Activity]]:
    values, before = (store.activations(member, site) for store in (trained, untrained))
    rotation = random_rotation(values.shape[-1], study.stream("everywhere", "turn", member, site))
    yield PROBE, _at_every_step(values)
    yield ROTATED, _at_every_step(values @ rotation)
    yield UNTRAINED, _at_every_step(before)


def _at_every_step(values: NDArray[np.floating]) -> Activity:
    flat = values.reshape(-1, values.shape[-1])
    return Activity(np.arange(len(flat)), flat, np.arange(flat.shape[1]))


def _probes(activity: Activity, asked: Sequence[Asked], study: Study) -> Iterator[Line]:
    sizes = [size for size in SIZES if size <= len(activity.units)]
    for one in asked:
        sample = Sample.of(activity, one.rows)
        for probe in sweep(sample, study.settings, 0, sizes):
            if probe.prevalence == NATURAL:
                line = _line(one, probe.decision(sample.test), probe.threshold, probe.validation)
                yield {**line, "size": len(probe.units)}


def _lookups(store: ActivationStore, asked: Sequence[Asked], study: Study) -> Iterator[Line]:
    tokens = store.tokens()
    for one in asked:
        for m in (1, study.settings.lookup):
            lookup = Lookup(m).fit(tokens, one.feature.labels, one.rows.fitted)
            score, held = lookup.score(tokens).ravel(), one.rows.validation
            f1, threshold = best_f1(held.y, score[held.steps], held.weights)
            line = _line(one, score[one.rows.test.steps], threshold, f1)
            yield {**line, "condition": lookup_name(m)}


def _line(one: Asked, said: Scores, threshold: float, validation: float) -> Line:
    test = one.rows.test
    return {
        "name": one.feature.name,
        "prevalence": NATURAL,
        "validation": validation,
        **measure(test.y, said, test.weights, threshold),
    }
