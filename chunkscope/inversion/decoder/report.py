"""Everything that is said of a decoder: tables of all sites, and its raw draws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chunkscope.inversion.balls import gather_queries
from chunkscope.inversion.decoder import completeness, display
from chunkscope.inversion.decoder.pairs import Readings
from chunkscope.inversion.decoder.scores import QUALITY, score_site
from chunkscope.inversion.decoder.study import Site, Study
from chunkscope.inversion.distances import metric_of
from chunkscope.networks.progress import StepReport

EMPTY = {
    "quality": pd.DataFrame(columns=list(QUALITY)),
    "completeness": pd.DataFrame(columns=list(completeness.COLUMNS)),
    "shown": pd.DataFrame(columns=list(display.COLUMNS)),
}


def score_decoder(
    study: Study | None, readings: Readings | None
) -> tuple[dict[str, pd.DataFrame], dict[str, NDArray[np.generic]]]:
    """Tables by name, and the raw draws as arrays.

    Args:
        study, readings: None where no member had learned its task; the tables are empty then.

    Returns:
        ``quality``, ``completeness`` and ``shown``, with the columns of their modules; and, of
        every site and way of drawing, ``tokens (query, sample, time)``, ``length``, ``valid`` and
        ``distance (query, sample)``, as ``{site}@{point}/{way}/tokens`` and so on.
    """
    if study is None or readings is None:
        return EMPTY, {}
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in EMPTY}
    raw: dict[str, NDArray[np.generic]] = {}
    report = StepReport(len(readings.names))
    for at, site in enumerate(_sites(study, readings)):
        quality, ways = score_site(study, site)
        tables["quality"].append(quality)
        tables["completeness"].append(completeness.scatter_site(study, site))
        tables["shown"].append(display.show_site(study, site, ways))
        for way, draws in enumerate(ways):
            for part in ("tokens", "length", "valid", "distance"):
                raw[f"{readings.names[at]}/{way}/{part}"] = getattr(draws, part)
        report(at + 1)
    return {name: pd.concat(parts) for name, parts in tables.items()}, raw


def _sites(study: Study, readings: Readings) -> Iterator[Site]:
    for number, (place, activity) in enumerate(
        zip(study.trained.places, readings.activity, strict=True)
    ):
        blocks = [(0, activity[:, None])]
        yield Site(
            number,
            place,
            gather_queries(blocks, study.queries),
            gather_queries(blocks, study.validation),
            metric_of("euclidean", blocks, study.inputs.weight),
            activity,
        )
