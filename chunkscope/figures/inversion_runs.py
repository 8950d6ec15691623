"""Runs of the inversion study on one page: each as wide as it needs, side by side if they fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from matplotlib.figure import Figure, SubFigure

from chunkscope.figures.style import row_title


def side_by_side(widths: Mapping[str, int], room: int) -> list[list[str]]:
    """Rows of runs: each run stands in the first row that has room left for its width."""
    bands: list[list[str]] = []
    for run, width in widths.items():
        free = [band for band in bands if sum(widths[other] for other in band) + width <= room]
        if free:
            free[0].append(run)
        else:
            bands.append([run])
    return bands


def run_parts(
    page: Figure | SubFigure,
    bands: Sequence[Sequence[str]],
    widths: Mapping[str, int],
    heights: Sequence[float],
    room: int,
) -> Iterator[tuple[str, SubFigure]]:
    """Every run with the part of the page that is its own, titled.

    Args:
        bands: as of :func:`side_by_side`.
        heights: of each row of runs.
    """
    at = 0
    rows = page.subfigures(len(bands), 1, squeeze=False, height_ratios=list(heights))[:, 0]
    for band, row in zip(bands, rows, strict=True):
        ratios = [widths[run] for run in band]
        spare = max(room - sum(ratios), 0.01)
        columns = row.subfigures(1, len(band) + 1, squeeze=False, width_ratios=[*ratios, spare])[0]
        for run, part in zip(band, columns, strict=False):
            row_title(part, at, run)
            yield run, part
            at += 1
