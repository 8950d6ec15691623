"""The claims about superposition and the rules that judge them.

Prototypes and pilot runs had shown the values when the rules were written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from scipy.stats import spearmanr

from chunkscope.probing.superposition.published import LAYER_1, PAPER, SOURCE
from chunkscope.probing.superposition.settings import REPRESENTED
from chunkscope.statistics import Claim, Interval, judge, mean_interval, paired_difference
from chunkscope.statistics.claims import OWN

STUDY = "probing"
TOY_PAPER = "arXiv 2209.10652"
FEW, SOME = 4, 8
"""Units of a probe by which the published gap between the bases has nearly closed (4 to 10)."""
LINEAR = "linear"  # hidden units of the published toy model


@dataclass(frozen=True)
class Tables:
    """Of the study of superposition: ``codes.csv``, ``models.csv`` and ``toy.csv``."""

    codes: pd.DataFrame
    models: pd.DataFrame
    toy: pd.DataFrame


def judge_superposition(
    tables: Tables, fingerprints: Mapping[str, pd.DataFrame]
) -> Iterator[Claim]:
    """Every claim that the tables can judge, with its verdict.

    Args:
        fingerprints: run -> its ``fingerprint.csv``.
    """
    shared = tables.codes[tables.codes["per_unit"] > 1]
    if {1, FEW, SOME} <= set(shared["size"]):
        yield _several_units(shared)
        yield _basis(shared)
    yield _more_than_units(tables.models)
    yield _interference(tables)
    for run, table in fingerprints.items():
        yield _early(run, table)


def _several_units(shared: pd.DataFrame) -> Claim:
    f1 = _by_size(shared, "units")
    value = paired_difference(f1[FEW], f1[1])
    return Claim(
        id="probing-superposition-several-units",
        study=STUDY,
        paper=OWN,
        statement="Where units are made to carry several features each, a few of them together "
        f"tell a feature better than the best one (random codes: F1 of {FEW} units less that of "
        "one)",
        published="",
        published_source="",
        value=value,
        control=f"one unit {f1[1].mean():.3f}, {FEW} units {f1[FEW].mean():.3f}, all "
        f"{f1[f1.columns.max()].mean():.3f}",
        rule="reproduced: above 0 with the whole interval of the paired difference over draws; "
        "direction: above 0 on average",
        verdict=judge(value, reproduced=value.low > 0, direction=value.mean > 0),
    )


def _basis(shared: pd.DataFrame) -> Claim:
    gap = _by_size(shared, "units") - _by_size(shared, "rotated")
    value, later = mean_interval(gap[1]), mean_interval(gap[SOME])
    closed = later.mean <= value.mean / 2
    return Claim(
        id="probing-superposition-basis",
        study=STUDY,
        paper=OWN,
        statement="Where units are made to carry features, one tells a feature better than one "
        "direction of a rotated basis, and with more of them the gap closes (random codes: F1, "
        "units less rotated, at one)",
        published="",
        published_source="",
        value=value,
        control=f"gap at {FEW} {gap[FEW].mean():.3f}, at {SOME} {later.mean:.3f}",
        rule="reproduced: above 0 at one with the whole interval over draws, and at "
        f"{SOME} at most half of it; direction: the former alone",
        verdict=judge(value, reproduced=value.low > 0 and closed, direction=value.low > 0),
    )


def _more_than_units(models: pd.DataFrame) -> Claim:
    by_density = models[models["hidden"] == LINEAR].pivot(
        index="seed", columns="density", values="represented"
    )
    hidden = models["units"].max()
    sparse, dense = by_density[by_density.columns.min()], by_density[by_density.columns.max()]
    value = mean_interval(sparse)
    others = models[(models["hidden"] != LINEAR) & (models["density"] == models["density"].min())]
    return Claim(
        id="probing-superposition-toy",
        study=STUDY,
        paper=TOY_PAPER,
        statement="The ReLU toy model represents more features than it has hidden units where "
        "features are sparse, and no more where they are dense (features represented)",
        published="in words and figures: superposition appears with sparsity",
        published_source="the paper's first demonstration, from memory: 20 features, 5 hidden "
        "units, importance falling by .7",
        value=value,
        control=f"hidden units {hidden}; density {by_density.columns.max():g}: {dense.mean():.1f}, "
        f"density {by_density.columns.min():g}: {sparse.mean():.1f}, with ReLU hidden units "
        f"{others['represented'].mean():.1f}",
        rule=f"reproduced: more than {hidden} with the whole interval over models at the least "
        f"density, and at most {hidden} in every model at the largest; direction: more at the "
        "least density on average",
        verdict=judge(
            value,
            reproduced=value.low > hidden and bool((dense <= hidden).all()),
            direction=sparse.mean() > dense.mean(),
        ),
    )


def _interference(tables: Tables) -> Claim:
    toy = tables.toy
    value, every = (_correlation(tables, size) for size in (1, toy["size"].max()))
    return Claim(
        id="probing-superposition-interference",
        study=STUDY,
        paper=OWN,
        statement="Within a toy model, the more the other features project on a feature's "
        "direction, the worse one hidden unit tells it (rank correlation of F1 with interference "
        "over the features that are represented, where they are more than the hidden units; mean "
        "over such models)",
        published="",
        published_source="",
        value=value,
        control=f"of all hidden units {every:.2f}; F1 of features that are not represented "
        f"{toy.loc[toy['norm'] <= REPRESENTED, 'f1'].mean():.3f}",
        rule="reproduced: below 0 with the whole interval over seeds; direction: below 0 on "
        "average",
        verdict=judge(value, reproduced=value.high < 0, direction=value.mean < 0),
    )


def _early(run: str, table: pd.DataFrame) -> Claim:
    median = table.pivot(index="seed", columns="layer", values="median")
    by_layer = table.groupby("layer")[["shuffled", "correlation", "norm"]].mean()
    first = mean_interval(median[0])
    later = paired_difference(median[0], median.drop(columns=0).mean(axis=1))
    return Claim(
        id=f"probing-fingerprint-early-{run}",
        study=STUDY,
        paper=PAPER,
        statement=f"In the first layer of {run}, units have a large input norm and a negative bias "
        "(median over units of norm times bias, layer norm folded in)",
        published="layer 1 of Pythia 70M to 6.9B: "
        + ", ".join(f"{value:g}" for value in LAYER_1.values()),
        published_source=SOURCE,
        value=first,
        control=f"by layer: {_listed(median.mean())}; with the biases dealt anew to the units "
        f"{_listed(by_layer['shuffled'])}: the median hardly hangs on which norm goes with which "
        f"bias; their rank correlation {_listed(by_layer['correlation'])}; norms "
        f"{_listed(by_layer['norm'])}; before training all biases, and so all products, are 0",
        rule="reproduced: below 0 with the whole interval over networks, and below the mean of the "
        "other layers with the whole interval of the paired difference; direction: the former "
        "alone",
        verdict=judge(
            first, reproduced=first.high < 0 and later.high < 0, direction=first.high < 0
        ),
    )


def _listed(values: pd.Series) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _by_size(shared: pd.DataFrame, basis: str) -> pd.DataFrame:
    """(seed, size) F1, a mean over the codes that load several features on a unit."""
    rows = shared[shared["basis"] == basis]
    return rows.pivot_table(index="seed", columns="size", values="f1")


def _correlation(tables: Tables, size: int) -> Interval:
    """Of F1 with interference within each linear model in superposition, over seeds.

    Never across densities: models of sparser features represent more of them and less well, so that
    interference and F1 go against each other between models whatever they do within one.
    """
    toy, hidden = tables.toy, tables.models["units"].max()
    rows = toy[
        (toy["hidden"] == LINEAR)
        & (toy["basis"] == "units")
        & (toy["size"] == size)
        & (toy["norm"] > REPRESENTED)
    ]
    found = [
        (seed, spearmanr(model["interference"], model["f1"]).statistic)
        for (seed, _), model in rows.groupby(["seed", "density"])
        if len(model) > hidden
    ]
    return mean_interval(pd.DataFrame(found, columns=["seed", "rho"]).groupby("seed")["rho"].mean())
