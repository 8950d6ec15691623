"""The probing study of a run: every feature, site, size and condition, chosen and tested alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.grammars import Source
from chunkscope.networks.sites import sites_of_study
from chunkscope.probing.ceiling import DETERMINED, bayes_scores
from chunkscope.probing.conditions import (
    CEILING,
    PROBE,
    ROTATED,
    SHUFFLED,
    UNTRAINED,
    lookup_name,
)
from chunkscope.probing.lookup import Lookup
from chunkscope.probing.nulls import shuffle_labels
from chunkscope.probing.probe import Sample, sizes_of, sweep
from chunkscope.probing.reading import Asked, SiteReading, read_features, read_site
from chunkscope.probing.scoring import (
    Found,
    Line,
    Study,
    Trial,
    baseline_lines,
    probe_lines,
    scores_of_best,
)
from chunkscope.probing.summary import summary_of
from chunkscope.probing.units import (
    SiteUnits,
    adjust_over_features,
    scores_of_best_sites,
    unit_lines,
)
from chunkscope.randomness import integer_seed
from chunkscope.store import ActivationStore


@dataclass(frozen=True)
class Tables:
    """What the study of a run writes, each as ``results/probing/{run}/{name}.csv``."""

    features: pd.DataFrame
    scores: pd.DataFrame
    summary: pd.DataFrame
    units: pd.DataFrame


def probe_run(
    trained: ActivationStore, untrained: ActivationStore, source: Source, study: Study
) -> Tables:
    """Probe the first members of a run, trained and untrained, beside every floor and ceiling.

    Args:
        trained, untrained: stores of the same sequences.
        source: what the sequences were drawn from.

    Raises:
        ProbingError: no feature can be probed.
        SiteError: no site matches.
    """
    asked, features = read_features(trained, study.settings, study.seed, study.run)
    scores = list(_baselines(trained, source, asked, study))
    units: list[Line] = []
    for member in trained.seeds[: study.settings.compared]:
        of_member = _probe_member(trained, untrained, asked, member, study)
        scores += of_member[0]
        units += of_member[1]
        print(f"member {member}: {len(asked)} features probed")
    table = pd.DataFrame(scores)
    beyond = set(study.settings.sizes).difference(table["size"])
    if beyond:
        print(f"sizes {sorted(beyond)}: left out, as no site has so many units")
    return Tables(features, table, summary_of(table), adjust_over_features(pd.DataFrame(units)))


def _baselines(
    store: ActivationStore, source: Source, asked: Sequence[Asked], study: Study
) -> Iterator[Line]:
    """Lines of the lookups and of the ideal observer."""
    tokens = store.tokens()
    for one in asked:
        for m in sorted({1, study.settings.lookup}):
            lookup = Lookup(m).fit(tokens, one.feature.labels, one.rows.fitted)
            yield from baseline_lines(one, lookup_name(m), lookup.score(tokens), study)
        if one.feature.kind not in DETERMINED:
            known = bayes_scores(source, tokens, one.feature)
            if known is not None:
                yield from baseline_lines(one, CEILING, known, study)


def _probe_member(
    trained: ActivationStore,
    untrained: ActivationStore,
    asked: Sequence[Asked],
    member: int,
    study: Study,
) -> tuple[list[Line], list[Line]]:
    """Lines of ``scores.csv`` and of ``units.csv`` of one member."""
    probes: dict[tuple[str, Asked], list[Found]] = defaultdict(list)
    singles: dict[tuple[str, Asked], list[SiteUnits]] = defaultdict(list)
    for site in sites_of_study(study.settings.sites, trained.sites(member)):
        for trial in _trials(trained, untrained, asked, member, site, study):
            key = trial.condition, trial.one
            probes[key] = scores_of_best([*probes[key], *_probes(trial, study)])
            if trial.condition in (PROBE, UNTRAINED):
                singles[key] = scores_of_best_sites([*singles[key], SiteUnits.of(trial, study)])
    scores = (
        probe_lines(one, condition, member, found, study)
        for (condition, one), found in probes.items()
    )
    units = (
        unit_lines(one, condition, member, sites, study)
        for (condition, one), sites in singles.items()
    )
    return list(chain.from_iterable(scores)), list(chain.from_iterable(units))


def _trials(
    trained: ActivationStore,
    untrained: ActivationStore,
    asked: Sequence[Asked],
    member: int,
    site: str,
    study: Study,
) -> Iterator[Trial]:
    """Every feature in every condition at one site."""
    most = study.settings.filter
    reading = read_site(trained, member, site, asked, most)
    yield from _of_condition(PROBE, reading, asked, member, site)
    yield from _of_condition(SHUFFLED, reading, asked, member, site)
    rotated = reading.rotated(study.stream("rotation", member, site))
    yield from _of_condition(ROTATED, rotated, asked, member, site)
    before = read_site(untrained, member, site, asked, most)
    yield from _of_condition(UNTRAINED, before, asked, member, site)


def _of_condition(
    condition: str, reading: SiteReading, asked: Sequence[Asked], member: int, site: str
) -> Iterator[Trial]:
    for at, one in enumerate(asked):
        activity = reading.of(at)
        sample = Sample.of(activity, one.rows)
        yield Trial(condition, member, site, reading.width, one, activity, sample)


def _probes(trial: Trial, study: Study) -> Iterator[Found]:
    """The probes of every size.

    In a rotated basis there is none of all units, which would read the same in every basis but for
    their scaling; of shuffled labels there are the fewest units and the most but all.
    """
    sample, labels = trial.sample, trial.one.rows.fit.y
    sizes = sizes_of(sample.fit.shape[1], study.settings.sizes)
    if trial.condition == ROTATED:
        sizes = sizes[:-1]
    if trial.condition == SHUFFLED:
        sizes, labels = sorted({sizes[0], sizes[-2:][0]}), _shuffled(trial, study)
    names = trial.one.names.values()
    seed = integer_seed(study.seed, study.run, "ranking", *names, trial.member, trial.site)
    for probe in sweep(sample, study.settings, seed, sizes, labels):
        yield Found.of(trial.site, trial.activity.units, sample, probe, study)


def _shuffled(trial: Trial, study: Study) -> NDArray[np.bool_]:
    """Labels of the rows to fit that say nothing: shuffled, or whole groups' labels exchanged.

    Within sequences, of which few rows are drawn, a shuffled row would often keep its label: a
    probe could learn from these. What is tested here is no null of a permutation test.
    """
    one, fit = trial.one, trial.one.rows.fit
    rng = study.stream(SHUFFLED, *one.names.values(), trial.member)
    if one.feature.per_sequence and not one.rows.null.within:
        return shuffle_labels(fit.y, fit.group, rng, within=False)
    return rng.permutation(fit.y)
