"""All that is asked of a decoder at one site: how it does, its raw draws, and some to be shown.

Of every way of drawing there is a row per query. What lies inside the ball, and the coverage that
is seen, are of raw draws, every one of them; what is shown is chosen apart from them, and nothing
is measured on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from chunkscope.grammars import Inputs, distinct
from chunkscope.inversion.decoder.drawing import Draws, draw_inputs, examine
from chunkscope.inversion.decoder.settings import DrawSettings
from chunkscope.inversion.decoder.study import Site, Study
from chunkscope.inversion.decoder.targets import (
    SIZES,
    Target,
    computed,
    find_target,
    said_of,
)
from chunkscope.inversion.decoder.trust import judge_site
from chunkscope.inversion.quality import coverage, ideal_coverage, missing_mass
from chunkscope.randomness import integer_seed, stream

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

QUALITY = (
    "point", "site", "query", "temperature", "noise", "members", "mass", "valid", "inside",
    "wrong", "seen", "computed", "ideal", "precision", "kl", "total_variation",
    *(f"{kind}_{size}" for size in SIZES for kind in ("coverage", "ideal", "untold", "search")),
    "cells", "good_turing", "missing", "trusted", "validated_precision", "validated_coverage",
)  # fmt: skip
"""``mass``: probability of the ball; ``inside``: share of the draws in it; ``wrong``: share of the
draws of other queries in it; ``seen``: share of the ball that the draws hold, beside what is
``computed`` for as many draws, and ``ideal`` for as many from the ball itself; ``untold_N``:
coverage by N draws of the decoder told nothing, ``search_N`` by N random inputs; ``cells``: share
of the ball in cells of labels that draws reach; ``missing``: probability of what was not drawn,
beside its estimate by Good and Turing; ``trusted``: whether the decoder is, at this site, by what
it does on the validation queries, with its ``validated`` precision and coverage over ideal."""


def score_site(study: Study, site: Site) -> tuple[pd.DataFrame, list[Draws]]:
    """Every way of drawing, query by query, with :data:`QUALITY`, and the draws."""
    settings, rng = study.settings, stream(study.seed, "members", *site.place)
    generator = torch.Generator().manual_seed(integer_seed(study.seed, "draws", *site.place))
    balls = site.balls(site.queries, study.radius)
    targets = [
        find_target(study.inputs, query, ball, settings.scored, rng)
        for query, ball in zip(site.queries.rows.tolist(), balls, strict=True)
    ]
    rows, found = [], []
    for way in settings.draws:
        tokens, length = draw_inputs(
            study.decoder, site.number, site.queries.activity, way, settings.samples, generator
        )
        draws = examine(
            tokens, length, study.source, study.network, site.place, site.metric,
            study.radius, site.queries.activity,
        )  # fmt: skip
        rows += list(_rows(study, site, way, draws, targets, balls))
        found.append(draws)
    trust = judge_site(study, site)
    judged = {
        "trusted": trust.trusted,
        "validated_precision": trust.precision,
        "validated_coverage": trust.coverage,
    }
    return pd.DataFrame(rows, columns=list(QUALITY)).assign(**judged), found


def _rows(
    study: Study,
    site: Site,
    way: DrawSettings,
    draws: Draws,
    targets: Sequence[Target | None],
    balls: Sequence[Rows],
) -> Iterator[dict[str, object]]:
    radius, samples = study.radius, study.settings.samples
    for at, (query, target) in enumerate(zip(site.queries.rows.tolist(), targets, strict=True)):
        row: dict[str, object] = {
            "point": site.place[0], "site": site.place[1], "query": query,
            "temperature": way.temperature, "noise": way.noise,
            "valid": draws.valid[at].mean(), "inside": (draws.distance[at] <= radius).mean(),
            "wrong": draws.wrong[at],
        }  # fmt: skip
        if target is not None:
            row |= {"members": target.members, "mass": target.mass}
            row["seen"] = _seen(draws, at, radius, target.mass)
            row["ideal"] = ideal_coverage(target.ball, samples)
            if way == study.settings.draws[0]:
                row |= _computed(study, site, at, target)
                row["cells"] = _cells(study, draws, at, balls[at])
                row |= _unseen(study, site, draws, at)
        yield row


def _computed(study: Study, site: Site, at: int, target: Target) -> dict[str, float]:
    """What the decoder's own probabilities say of a ball, told its activity and told nothing."""
    activity, decoder = site.queries.activity[at], study.decoder
    said = study.said_of(target, site.number, activity)
    untold = study.said_of(target, decoder.nothing, activity[:0])
    seen = coverage(target.ball, said, study.settings.samples)
    chance = study.inputs.probability[target.rows]
    return {"computed": seen, **computed(target, said, untold, chance)}


def _seen(draws: Draws, query: int, radius: float, mass: float) -> float:
    """Share of the ball that the draws of a query hold."""
    inside = draws.distance[query] <= radius
    first, _ = distinct(draws.tokens[query][inside], draws.length[query][inside])
    drawn = draws.drawn_for(query).take(_among_valid(draws, query, inside)[first])
    return float(drawn.probability.sum() / mass)


def _cells(study: Study, draws: Draws, query: int, ball: Rows) -> float:
    """Share of the ball in cells of labels that some draw in the ball lies in."""
    kinds = [kind for kind in study.settings.cells if kind in study.inputs.labels]
    inside = draws.distance[query] <= study.radius
    drawn = draws.drawn_for(query).take(_among_valid(draws, query, inside))
    cells = _joint(study.inputs.take(ball), kinds)
    weight, reached = study.inputs.weight[ball], np.isin(cells, _joint(drawn, kinds))
    return float(weight[reached].sum() / weight.sum())


def _unseen(study: Study, site: Site, draws: Draws, query: int) -> dict[str, float]:
    """Probability of what was not drawn, by Good and Turing and as the decoder says it."""
    stopped = draws.length[query] <= draws.tokens.shape[2]
    tokens, length = draws.tokens[query][stopped], draws.length[query][stopped]
    first, counts = distinct(tokens, length)
    said = said_of(
        study.decoder, site.number, site.queries.activity[query], tokens[first], length[first],
        study.settings.draws[0].temperature,
    )  # fmt: skip
    return {"good_turing": missing_mass(counts), "missing": float(1 - said.sum())}


def _joint(inputs: Inputs, kinds: Sequence[str]) -> NDArray[np.void]:
    """(input,) the values of all kinds, as one that can be compared."""
    values = [inputs.labels[kind].astype(np.int32) for kind in kinds]
    table = np.stack([np.zeros(len(inputs), np.int32), *values], axis=1)
    return table.view([("", np.int32)] * table.shape[1])[:, 0]


def _among_valid(draws: Draws, query: int, chosen: NDArray[np.bool_]) -> Rows:
    """Where chosen draws of a query, all valid, stand among its valid ones."""
    return np.flatnonzero(chosen[draws.valid[query]])
