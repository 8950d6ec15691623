"""Writes a figure as PDF and PNG, and the numbers that it shows as CSV: same input, same bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

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
        figure.savefig(f"{stem}.pdf", metadata={"CreationDate": None})
        figure.savefig(f"{stem}.png", dpi=settings.dpi, metadata={"Software": None})
    data.to_csv(f"{stem}.csv", index=False, float_format="%.6g")
