"""Claims about every run: that it has learned, and that balls, draws and circuits stand for it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from chunkscope.inversion.claims.shares import SOME, paired
from chunkscope.inversion.learning import EVERY, EXCESS
from chunkscope.statistics import Claim, judge, mean_interval, ratio_interval
from chunkscope.statistics.claims import OWN

PAPER = "arXiv 2405.17653"
KEEPS = 0.99
COVERS, VALID, PRECISE = 0.8, 0.9, 0.5
ALIKE = 0.95


def has_learned(run: str, learning: pd.DataFrame, asked: Mapping[str, float]) -> Claim:
    last = learning[(learning["step"] == learning["step"].max()) & (learning["feature"] == EVERY)]
    value, worst = mean_interval(last["mean"]), last["mean"]
    nats = bool((last["measure"] == EXCESS).all())
    within = worst.max() <= asked["excess"] if nats else worst.min() >= asked["answers"]
    what = "loss above the ideal observer's (nats)" if nats else "share of whole answers right"
    limit = f"at most {asked['excess']:g}" if nats else f"at least {asked['answers']:g}"
    return Claim(
        id=f"inversion-learned-{run}",
        study="inversion",
        paper=OWN,
        statement=f"All networks of {run} have learned their task: {what}, on fresh inputs",
        published="",
        published_source="",
        value=value,
        control=f"members {worst.min():.4g} to {worst.max():.4g}; nothing is read from one that "
        "has not",
        rule=f"reproduced: {limit} in every member; direction: in some member",
        verdict=judge(
            value,
            reproduced=bool(within),
            direction=bool(
                (worst <= asked["excess"]).any() if nats else (worst >= asked["answers"]).any()
            ),
        ),
    )


def members_keep_answer(run: str, patches: pd.DataFrame) -> Claim:
    """That the activity of members keeps the answer in the query's place, and others' does not."""
    parts = patches.assign(share=patches["weight"] * patches["kept"].astype(float))
    by_ball = parts.groupby(["inside", "member", "point", "site", "query"])[
        ["share", "weight"]
    ].sum()
    kept = (by_ball["share"] / by_ball["weight"]).groupby(["inside", "member"]).mean()
    by_member = kept.unstack("inside").reindex(columns=[False, True])
    inside, outside = by_member[True], by_member[False]
    value, more = mean_interval(inside), paired(inside, outside)
    return Claim(
        id=f"inversion-donors-{run}",
        study="inversion",
        paper=PAPER,
        statement=f"Members of a ball stand for its query in {run}: share of them that keep the "
        "answer in its place, over all sites that are read",
        published="",
        published_source="",
        value=value,
        control=f"inputs beyond the ball, by what they stand for, {outside.mean():.3f}",
        rule=f"reproduced: at least {KEEPS} with the whole interval over members, and above inputs "
        "beyond the ball with the whole interval of the paired difference; direction: the latter",
        verdict=judge(
            value, reproduced=value.low >= KEEPS and more.low > 0, direction=more.low > 0
        ),
    )


def draws_cover(run: str, quality: pd.DataFrame) -> Claim:
    scored = quality[quality["precision"].notna()]
    by_site = scored.groupby(["point", "site"])[
        ["valid", "inside", "coverage_1000", "ideal_1000", "search_1000", "trusted"]
    ].mean()
    by_site = by_site.assign(ratio=by_site["coverage_1000"] / by_site["ideal_1000"])
    value, chance, control = mean_interval([]), float("nan"), "nothing was drawn"
    if len(by_site):
        worst = by_site.sort_values("ratio").iloc[0]
        rows = scored.set_index(["point", "site"]).loc[[by_site["ratio"].idxmin()]]
        value = ratio_interval(rows["coverage_1000"], rows["ideal_1000"])
        chance = float(worst["search_1000"] / worst["ideal_1000"])
        control = (
            f"least valid {by_site['valid'].min():.3f}, least precision "
            f"{by_site['inside'].min():.3f}; random inputs cover {chance:.3f} of ideal; draws are "
            f"trusted at {int(by_site['trusted'].sum())} of {len(by_site)} sites"
        )
    sound = by_site["valid"].min() >= VALID and by_site["inside"].min() >= PRECISE
    return Claim(
        id=f"inversion-draws-{run}",
        study="inversion",
        paper=OWN,
        statement=f"Draws of the decoder stand for the true preimage in {run}: coverage by 1,000 "
        "draws over that of as many from the ball itself, at the site of the least (interval over "
        "queries)",
        published="",
        published_source="",
        value=value,
        control=control,
        rule=f"reproduced: at least {COVERS} in the mean, and at every site valid at least {VALID} "
        f"and precision at least {PRECISE}; direction: above random inputs with the whole interval",
        verdict=judge(
            value,
            reproduced=bool(sound and value.mean >= COVERS),
            direction=value.low > chance,
        ),
    )


def few_heads_carry(run: str, cuts: pd.DataFrame) -> Claim:
    value = mean_interval(cuts["carried"])
    fewer = (cuts["size"] < cuts["heads"]).all()
    alike = (cuts["alike_kept"] >= ALIKE).all()
    return Claim(
        id=f"inversion-circuit-{run}",
        study="inversion",
        paper=OWN,
        statement=f"Few heads of {run} carry the {', '.join(dict.fromkeys(cuts['circuit']))} to "
        "the answer: share of receivers that take over the donor's answer when the smallest set "
        "found is patched, on pairs that did not choose it",
        published="",
        published_source="",
        value=value,
        control=f"next best set {cuts['next_carried'].mean():.3f}; donors with the same value keep "
        f"the answer {cuts['alike_kept'].mean():.3f}; {_listed(cuts)}",
        rule="reproduced: as many as `inversion.circuits` asks for in every member, by fewer heads "
        f"than there are at the answering point, and donors with the same value keep at least "
        f"{ALIKE} of the answers; direction: mean above {SOME}",
        verdict=judge(
            value,
            reproduced=bool(cuts["enough"].all() and fewer and alike),
            direction=value.mean > SOME,
        ),
    )


def _listed(cuts: pd.DataFrame) -> str:
    """The cut of every member, beside how many heads the answering point has."""
    names = [
        f"member {member}: {sites} of {heads} heads"
        for member, sites, heads in zip(
            cuts["member"], cuts["sites"].astype(object).fillna("none"), cuts["heads"], strict=True
        )
    ]
    return "; ".join(names)
