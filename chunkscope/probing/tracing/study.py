"""Probes through training: when does a network begin to store a feature, and in which unit?

The same rows are read at every kept checkpoint, so that a difference is one of the network. Two
single units stand beside the probes of several: the best of each checkpoint, and the one that is
the best at the end, followed back to before training.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from chunkscope.networks.sites import sites_of_study
from chunkscope.probing.narrowing import narrowed, with_all
from chunkscope.probing.probe import Probe, Sample, f1_at, refit, sizes_of, sweep
from chunkscope.probing.reading import Asked, read_features, read_site
from chunkscope.probing.scoring import Study
from chunkscope.probing.terms import DENSE, FEW, FINAL, SAME, UNIT
from chunkscope.probing.tracing.settings import TracingSettings
from chunkscope.probing.units import best_units
from chunkscope.statistics import summarise
from chunkscope.store import ActivationStore


def trace_run(
    stores: Mapping[int, ActivationStore], study: Study, tracing: TracingSettings
) -> pd.DataFrame:
    """Every feature at every site and checkpoint.

    Args:
        stores: step of training -> its store, of the same sequences; the last step is the end.
        study: whose rows are taken, those of the run's other probes.

    Returns:
        ``step, member, site, kind, name, reads`` (one of ``terms.READS``), ``size, prevalence,
        unit`` (of single ones), ``units`` (of the site) and ``f1`` of the test rows.

    Raises:
        ProbingError: no feature can be probed.
        SiteError: no site matches.
    """
    few, end = narrowed(study, tracing.most), stores[max(stores)]
    asked, _ = read_features(end, few.settings, few.seed, few.run)
    rows: list[dict[str, object]] = []
    for member in end.seeds[: tracing.compared]:
        for site in sites_of_study(few.settings.sites, end.sites(member)):
            rows += _site(stores, member, site, asked, few, tracing.size)
        print(f"member {member}: followed")
    return pd.DataFrame(rows)


def summary_of_tracing(traced: pd.DataFrame) -> pd.DataFrame:
    """Every curve through training, for every kind of feature and all together.

    Args:
        traced: as :func:`trace_run` gives it.

    Returns:
        ``kind, prevalence, measure`` (F1 of what ``terms.READS`` names, or the share
        ``terms.SAME``), ``step`` and ``mean, ci_low, ci_high, n``: members, each the mean of its
        features and sites.
    """
    return summarise(member_means(traced), ["kind", "prevalence", "measure", "step"])


def member_means(traced: pd.DataFrame) -> pd.DataFrame:
    """``kind, prevalence, measure, step, member, value``: means over features and sites."""
    names = ["site", "kind", "name", "prevalence", "step", "member"]
    single = traced.pivot_table(index=names, columns="reads", values="unit", sort=False)
    same = (single[UNIT] == single[FINAL]).astype(float).rename("value").reset_index()
    scores = traced.rename(columns={"reads": "measure", "f1": "value"})
    both = with_all(pd.concat([scores, same.assign(measure=SAME)], ignore_index=True))
    by = ["kind", "prevalence", "measure", "step", "member"]
    return both.groupby(by, sort=False)["value"].mean().reset_index()


def _site(
    stores: Mapping[int, ActivationStore],
    member: int,
    site: str,
    asked: Sequence[Asked],
    study: Study,
    size: int,
) -> Iterator[dict[str, object]]:
    """Table rows of a site. The end is read first, as its best units are followed back.

    Every unit is read, whatever the study's filter: one that is best at the end may be poor before.
    """
    final: dict[int, list[Probe]] = {}
    for step in sorted(stores, reverse=True):
        reading = read_site(stores[step], member, site, asked, sys.maxsize)
        for at, one in enumerate(asked):
            sample = Sample.of(reading.of(at), one.rows)
            best = list(best_units(sample, study.settings))
            final.setdefault(at, best)
            place = {"step": step, "member": member, "site": site, **one.names}
            for reads, probe in _probes(sample, best, final[at], study, size):
                yield {**place, "reads": reads, **_tested(sample, probe, study)}


def _probes(
    sample: Sample, best: Sequence[Probe], final: Sequence[Probe], study: Study, size: int
) -> Iterator[tuple[str, Probe]]:
    """What is read -> its probe, for every prevalence."""
    yield from ((UNIT, probe) for probe in best)
    for followed in final:
        again = refit(sample, followed.units, sample.rows.fit.y, study.settings)
        yield from ((FINAL, probe) for probe in again if probe.prevalence == followed.prevalence)
    dense = sample.fit.shape[1]
    for probe in sweep(sample, study.settings, study.seed, sizes_of(dense, (size,))):
        yield (DENSE if len(probe.units) == dense else FEW), probe


def _tested(sample: Sample, probe: Probe, study: Study) -> dict[str, object]:
    test, size = sample.rows.test, len(probe.units)
    weights = study.weights(test, probe.prevalence)
    return {
        "size": size,
        "prevalence": probe.prevalence,
        "unit": int(probe.units[0]) if size == 1 else np.nan,
        "units": sample.fit.shape[1],
        "f1": f1_at(test.y, probe.decision(sample.test), weights, probe.threshold),
    }
