"""Sparsity against width: how much does one unit tell, and how many are needed, in wider networks?

More units are also more chances that one of them fits a feature by luck. The same networks before
training, and the trained ones in a random orthogonal basis, have as many chances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from chunkscope.networks.sites import sites_of_study
from chunkscope.probing.conditions import PROBE, ROTATED, UNTRAINED
from chunkscope.probing.narrowing import narrowed, with_all
from chunkscope.probing.probe import Sample, sizes_of, sweep
from chunkscope.probing.reading import Asked, read_features, read_site
from chunkscope.probing.scoring import Found, Study, probe_lines, scores_of_best
from chunkscope.probing.summary import best_sites
from chunkscope.probing.terms import DENSE, NEEDED, UNIT
from chunkscope.probing.units import best_units
from chunkscope.probing.widths.settings import WidthsSettings
from chunkscope.statistics import summarise
from chunkscope.store import ActivationStore


def probe_width(
    trained: ActivationStore, untrained: ActivationStore, study: Study, widths: WidthsSettings
) -> pd.DataFrame:
    """The probes of one run, with the columns of the ``scores.csv`` of a run's study.

    Its probe of one unit is that of the best of all units (:func:`best_units`). In the random
    basis it stands alone, since more units than one are not what luck is measured by.

    Args:
        trained, untrained: stores of the same sequences.

    Raises:
        ProbingError: no feature can be probed.
        SiteError: no site matches.
    """
    few = narrowed(study, widths.most)
    asked, _ = read_features(trained, few.settings, few.seed, few.run)
    lines = [
        line
        for member in trained.seeds[: widths.compared]
        for (condition, at), found in _member(
            trained, untrained, asked, member, few, widths.sizes
        ).items()
        for line in probe_lines(asked[at], condition, member, found, few)
    ]
    print(f"{study.run}: {len(lines)} probes")
    return pd.DataFrame(lines)


def summary_of_widths(scores: pd.DataFrame) -> pd.DataFrame:
    """What one unit and all tell, and how many are needed, at every width.

    Args:
        scores: tables of :func:`probe_width`, with a column ``width``.

    Returns:
        ``width, condition, kind`` (one, or all features), ``prevalence, measure`` (:data:`UNIT`
        and :data:`DENSE`: F1 of the test rows at the site of the best validation F1;
        :data:`NEEDED`) and ``mean, ci_low, ci_high, n``: members, each the mean of its features.
    """
    return summarise(member_means(scores), ["width", "condition", "kind", "prevalence", "measure"])


def member_means(scores: pd.DataFrame) -> pd.DataFrame:
    """``width, condition, kind, prevalence, measure, member, value``: a mean over features."""
    tables = [table.reset_index(drop=True) for _, table in scores.groupby("width")]
    best = pd.concat(map(best_sites, tables), ignore_index=True)
    chosen = scores[scores["chosen"] & (scores["condition"] != ROTATED)]
    parts = [
        best[best["size"] == 1].rename(columns={"f1": "value"}).assign(measure=UNIT),
        best[best["dense"]].rename(columns={"f1": "value"}).assign(measure=DENSE),
        chosen.rename(columns={"units_needed": "value"}).assign(measure=NEEDED),
    ]
    of_feature = pd.concat(parts, ignore_index=True)
    by = ["width", "condition", "kind", "prevalence", "measure", "member"]
    return with_all(of_feature).groupby(by, sort=False)["value"].mean().reset_index()


def _member(
    trained: ActivationStore,
    untrained: ActivationStore,
    asked: Sequence[Asked],
    member: int,
    study: Study,
    sizes: Sequence[int],
) -> dict[tuple[str, int], list[Found]]:
    """(condition, feature) -> its probes at every site."""
    probes: dict[tuple[str, int], list[Found]] = defaultdict(list)
    for site in sites_of_study(study.settings.sites, trained.sites(member)):
        reading, before = (
            read_site(store, member, site, asked, study.settings.filter)
            for store in (trained, untrained)
        )
        rotated = reading.rotated(study.stream("rotation", member, site))
        for at, one in enumerate(asked):
            for condition, of in ((PROBE, reading), (UNTRAINED, before), (ROTATED, rotated)):
                sample, units = Sample.of(of.of(at), one.rows), of.of(at).units
                found = list(best_units(sample, study.settings))
                if condition != ROTATED:
                    asked_sizes = sizes_of(sample.fit.shape[1], sizes)
                    found += sweep(sample, study.settings, study.seed, asked_sizes)
                probes[condition, at] = scores_of_best(
                    [
                        *probes[condition, at],
                        *(Found.of(site, units, sample, each, study) for each in found),
                    ]
                )
    return probes
