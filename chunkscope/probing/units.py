"""The best single unit of a feature, found among all of them, and whether chance finds as good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.probing.conditions import PREVALENCES
from chunkscope.probing.nulls import max_statistic, permutation_null
from chunkscope.probing.probe import Probe, Sample, refit
from chunkscope.probing.reading import Asked
from chunkscope.probing.scoring import Found, Line, Study, Trial, intervals, measured
from chunkscope.probing.settings import ProbingSettings
from chunkscope.probing.solvers.exhaustive import fit_single_units
from chunkscope.probing.solvers.logistic import balanced_weights
from chunkscope.statistics.permutation import benjamini_hochberg

SHORTLIST = 5
"""Units of the lowest objective that validation chooses among."""


def best_units(sample: Sample, settings: ProbingSettings) -> Iterator[Probe]:
    """For every prevalence the probe of the single unit that is best on the validation rows.

    Every unit is fitted; the first :data:`SHORTLIST` by their objective are compared.
    """
    y = sample.rows.fit.y
    every = fit_single_units(sample.fit, y, settings.penalties[0], balanced_weights(y))
    first = np.argsort(every.objective, kind="stable")[:SHORTLIST]
    probes = [probe for unit in first for probe in refit(sample, np.array([unit]), y, settings)]
    for prevalence in PREVALENCES:
        compared = (probe for probe in probes if probe.prevalence == prevalence)
        yield max(compared, key=lambda probe: probe.validation)


@dataclass(frozen=True)
class SiteUnits:
    """The best units of a site, one for each prevalence, and the null of all of them.

    Attributes:
        found: probe of each prevalence.
        units: (unit,) those that were read.
        null: (permutation + 1, unit) F of the true labels, then of shuffled ones.
    """

    found: tuple[Found, ...]
    units: NDArray[np.int64]
    null: NDArray[np.float64]

    @classmethod
    def of(cls, trial: Trial, study: Study) -> SiteUnits:
        """Search a site. The shuffles are the same for all sites, members and conditions."""
        one, activity = trial.one, trial.activity
        found = (
            Found.of(trial.site, activity.units, trial.sample, probe)
            for probe in best_units(trial.sample, study.settings)
        )
        whole, between = one.rows.whole, one.feature.per_sequence
        null = permutation_null(
            activity.at(whole.steps),
            whole.y,
            whole.group if between else whole.sequence,
            not between,
            study.settings.permutations,
            study.stream("permutations", *one.names.values()),
        )
        return cls(tuple(found), activity.units, null)


def unit_lines(
    one: Asked, condition: str, member: int, sites: Sequence[SiteUnits], study: Study
) -> Iterator[Line]:
    """Rows of the best unit of every site; the best of all sites has intervals.

    ``p`` is adjusted for all units of all sites.
    """
    adjusted = max_statistic(np.concatenate([site.null for site in sites], axis=1))
    starts = np.cumsum([0, *(len(site.units) for site in sites)])
    for at, prevalence in enumerate(PREVALENCES):
        best = max(sites, key=lambda site: site.found[at].probe.validation)
        for site, start in zip(sites, starts, strict=False):
            found = site.found[at]
            place = int(found.probe.units[0])
            line = {
                **one.names,
                "condition": condition,
                "member": member,
                "site": found.site,
                "unit": int(found.units[0]),
                "sign": int(np.sign(found.probe.fit.coef[0])),
                **measured(one, found, study),
                "f": site.null[0, place],
                "p": adjusted[start + place],
                "best": site is best,
            }
            if site is best:
                names = one.names.values()
                rng = study.stream("bootstrap", "unit", *names, condition, member, prevalence)
                line |= intervals(one, found, study, rng)
            yield line


def adjust_over_features(units: pd.DataFrame) -> pd.DataFrame:
    """``units`` with ``q``: the p of the best units, adjusted over the features of a member.

    By Benjamini and Hochberg's false discovery rate; rows that are not the best have none.
    """
    best = units[units["best"]]
    q = best.groupby(["condition", "member", "prevalence"])["p"].transform(benjamini_hochberg)
    return units.assign(q=q)
