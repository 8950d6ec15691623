"""The best single unit of a feature, found among all of them, and whether chance finds as good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.probing.conditions import PREVALENCES
from chunkscope.probing.nulls import permutation_null, scaled_by_mean, share_as_large
from chunkscope.probing.probe import Probe, Sample, refit
from chunkscope.probing.reading import Asked
from chunkscope.probing.scoring import Found, Line, Study, Trial, intervals, scores_of_best
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
        f: (prevalence,) F of its unit.
        scaled: (prevalence,) that over the mean of the unit's F, truth and shuffles together.
        largest: (permutation + 1,) largest scaled F of any unit, of the truth and every shuffle.
        read: units that were read.
        width: units of the site, read or not.
    """

    found: tuple[Found, ...]
    f: NDArray[np.float64]
    scaled: NDArray[np.float64]
    largest: NDArray[np.float64]
    read: int
    width: int

    @classmethod
    def of(cls, trial: Trial, study: Study) -> SiteUnits:
        """Search a site. The shuffles are the same for all sites, members and conditions."""
        one, activity = trial.one, trial.activity
        probes = list(best_units(trial.sample, study.settings))
        places = [int(probe.units[0]) for probe in probes]
        rows = one.rows.null
        null = permutation_null(
            activity.at(rows.steps),
            rows.labels,
            rows.owner,
            rows.within,
            study.settings.permutations,
            study.stream("permutations", *one.names.values()),
        )
        scaled = scaled_by_mean(null)
        return cls(
            tuple(
                Found.of(trial.site, activity.units, trial.sample, probe, study) for probe in probes
            ),
            null[0, places],
            scaled[0, places],
            scaled.max(axis=1),
            len(activity.units),
            trial.width,
        )


def scores_of_best_sites(sites: Sequence[SiteUnits]) -> list[SiteUnits]:
    """The same sites; only the best of each prevalence keeps the scores of its unit."""
    kept = iter(scores_of_best([found for site in sites for found in site.found]))
    return [replace(site, found=tuple(islice(kept, len(site.found)))) for site in sites]


def unit_lines(
    one: Asked, condition: str, member: int, sites: Sequence[SiteUnits], study: Study
) -> Iterator[Line]:
    """Rows of the best unit of every site; the best of all sites has intervals.

    ``p`` is adjusted for all units of all sites: by the maximum over those that were read, times
    units over units read (Bonferroni), since the filter kept these for their true labels.
    """
    largest = np.max([site.largest for site in sites], axis=0)
    filtered = sum(site.width for site in sites) / sum(site.read for site in sites)
    for at, prevalence in enumerate(PREVALENCES):
        best = max(sites, key=lambda site: site.found[at].probe.validation)
        for site in sites:
            found = site.found[at]
            p = float(share_as_large(site.scaled[at], largest))
            line = {
                **one.names,
                "condition": condition,
                "member": member,
                "site": found.site,
                "unit": int(found.units[0]),
                "sign": int(np.sign(found.probe.fit.coef[0])),
                **found.line,
                "f": site.f[at],
                "p": min(1.0, filtered * p),
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
