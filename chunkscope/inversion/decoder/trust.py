"""Where a decoder is trusted: judged by other inputs than those that it is scored on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chunkscope.inversion.decoder.study import Site, Study
from chunkscope.inversion.decoder.targets import find_target
from chunkscope.inversion.quality import coverage, ideal_coverage, precision
from chunkscope.randomness import stream

DRAWS = 1000
"""At which coverage is judged."""


@dataclass(frozen=True)
class Trust:
    """How a decoder does on the validation queries of a site.

    Attributes:
        precision: mean probability that a draw is in the ball; NaN if no ball could be scored.
        coverage: mean share of the ball that :data:`DRAWS` draws hold, over that of as many from
            the ball itself.
        trusted: both are at least what the settings ask for.
    """

    precision: float
    coverage: float
    trusted: bool


def judge_site(study: Study, site: Site) -> Trust:
    """Whether draws stand for balls at a site, by exact probabilities of their members."""
    settings, rng = study.settings, stream(study.seed, "validation", *site.place)
    queries, rows = site.validation, []
    balls = site.balls(queries, study.radius)
    for query, activity, near in zip(queries.rows.tolist(), queries.activity, balls, strict=True):
        target = find_target(study.inputs, query, near, settings.scored, rng)
        if target is None:
            continue
        said = study.said_of(target, site.number, activity)
        covered = coverage(target.ball, said, DRAWS), ideal_coverage(target.ball, DRAWS)
        rows.append((precision(target.ball, said), *covered))
    precise, covers, ideal = np.mean(rows, axis=0) if rows else (np.nan, np.nan, np.nan)
    least, share = settings.trusted, covers / ideal
    trusted = bool(precise >= least.precision and share >= least.coverage)
    return Trust(float(precise), float(share), trusted)
