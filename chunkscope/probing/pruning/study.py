"""Iterative pruning of the networks of a run, trained and untrained."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from chunkscope.networks.sites import sites_of_study
from chunkscope.probing.narrowing import narrowed, with_all
from chunkscope.probing.probe import Sample
from chunkscope.probing.pruning.rounds import prune
from chunkscope.probing.pruning.settings import PruningSettings
from chunkscope.probing.reading import read_features, read_site
from chunkscope.probing.scoring import Study
from chunkscope.statistics import summarise
from chunkscope.store import ActivationStore

CURVE = ["order", "size", "prevalence", "round"]
"""What a point of a curve is named by, beside what the curve is of."""
LEAST = 0.05
"""F1 above the floor that there must be before any unit goes, for a share of it to be told."""


def prune_run(
    stores: Mapping[str, ActivationStore], study: Study, pruning: PruningSettings
) -> pd.DataFrame:
    """Every feature at every site, pruned.

    Args:
        stores: condition ("probe", "untrained") -> its store; the same sequences in all.
        study: whose rows are taken, those of the run's other probes.

    Returns:
        ``condition, member, site, kind, name`` and what :func:`prune` yields.

    Raises:
        ProbingError: no feature can be probed.
        SiteError: no site matches.
    """
    few = narrowed(study, pruning.most)
    asked, _ = read_features(next(iter(stores.values())), few.settings, few.seed, few.run)
    rows: list[dict[str, object]] = []
    for condition, store in stores.items():
        for member in store.seeds[: pruning.compared]:
            for site in sites_of_study(study.settings.sites, store.sites(member)):
                reading = read_site(store, member, site, asked, study.settings.filter)
                place = {"condition": condition, "member": member, "site": site}
                for at, one in enumerate(asked):
                    named = {**place, **one.names}
                    rng = study.stream("pruning", *map(str, named.values()))
                    found = prune(Sample.of(reading.of(at), one.rows), study.settings, pruning, rng)
                    rows += ({**named, **row} for row in found)
            print(f"{condition}, member {member}: pruned")
    return pd.DataFrame(rows)


def summary_of_pruning(pruned: pd.DataFrame) -> pd.DataFrame:
    """Curves of F1, and of what is kept of it, for every kind of feature and all together.

    Args:
        pruned: as :func:`prune_run` gives it.

    Returns:
        ``condition, kind``, :data:`CURVE`, ``measure`` ("f1", "floor", or "kept": the share of what
        F1 had above its floor in round 0, NaN where that was less than :data:`LEAST`) and ``mean,
        ci_low, ci_high, n``: members, each the mean of its features and sites.
    """
    return curves(member_means(pruned), ["condition", "kind"])


def member_means(pruned: pd.DataFrame) -> pd.DataFrame:
    """``condition, kind, member``, :data:`CURVE`, ``f1, floor, kept``: means over features."""
    return with_kept(with_all(pruned), ["condition", "kind", "member"])


def with_kept(pruned: pd.DataFrame, of: list[str]) -> pd.DataFrame:
    """Mean ``f1`` and ``floor`` of the curves named by ``of``, and what is ``kept``."""
    means = pruned.groupby([*of, *CURVE], sort=False)[["f1", "floor"]].mean().reset_index()
    above = means["f1"] - means["floor"]
    first = above.where(means["round"] == 0).groupby([means[key] for key in [*of, *CURVE[:-1]]])
    whole = first.transform("first")
    return means.assign(kept=above / whole.where(whole >= LEAST))


def curves(means: pd.DataFrame, of: list[str]) -> pd.DataFrame:
    """Mean and interval of ``f1, floor, kept`` at every point of the curves named by ``of``."""
    by = [*of, *CURVE]
    long = means.melt(by, ["f1", "floor", "kept"], "measure")
    return summarise(long, [*by, "measure"])
