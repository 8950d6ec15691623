"""Writes a figure as PDF and PNG, and the numbers that it shows as CSV: same input, same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, FigureBase
from matplotlib.transforms import Bbox

from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import style


def save_figure(
    figure: Figure, data: pd.DataFrame, stem: str | Path, settings: FigureSettings
) -> None:
    """Write ``{stem}.pdf``, ``{stem}.png`` and ``{stem}.csv``.

    Args:
        data: what is drawn, one row per mark.
        stem: path without ending.
    """
    with style():
        figure.set_dpi(settings.dpi)
        settle_layout(figure)
        figure.savefig(f"{stem}.pdf", metadata={"CreationDate": None})
        figure.savefig(f"{stem}.png", dpi=settings.dpi, metadata={"Software": None})
    data.to_csv(f"{stem}.csv", index=False, float_format="%.6g")


def settle_layout(figure: Figure) -> None:
    """Lay ``figure`` out once and for all, at positions rounded to 1e-9 of its size.

    The solver behind matplotlib's constrained layout orders its unknowns by where they lie in
    memory, so that positions differ in their last bits from process to process, and with them the
    shade of a pixel here and there.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    _round_panels(figure)
    for axes in figure.axes:
        axes.set_position(_rounded(axes.get_position(original=True)))


def _round_panels(figure: FigureBase) -> None:
    for panel in figure.subfigs:
        panel.bbox_relative.set_points(_rounded(panel.bbox_relative).get_points())
        _round_panels(panel)


def _rounded(box: Bbox) -> Bbox:
    return Bbox(np.round(box.get_points(), 9))
