"""Heat maps of shares and probabilities: white is 0, the darkest blue 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from chunkscope.figures.style import BLACK, SHARE, SMALL

MOST_WITH_NUMBERS = 6  # columns; with more, a cell is too narrow for its number


def share_map(axes: Axes, table: pd.DataFrame) -> AxesImage:
    """The cells of ``table`` (0..1; NaN stays empty), its index down and its columns across."""
    image = axes.imshow(
        table.to_numpy(), cmap=SHARE, vmin=0, vmax=1, aspect="auto", interpolation="nearest"
    )
    axes.set_xticks(range(table.shape[1]), list(table.columns))
    axes.set_yticks(range(table.shape[0]), list(table.index))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def label_first_column(axes: Axes) -> None:
    """Leave the labels of the rows to the first axes of a row of panels."""
    place = axes.get_subplotspec()
    axes.tick_params(labelleft=place is None or place.is_first_col())


def number_cells(axes: Axes, table: pd.DataFrame) -> None:
    """Write each cell's number into a :func:`share_map`, if there is room."""
    values = table.to_numpy()
    numbered = np.argwhere(np.isfinite(values)) if table.shape[1] <= MOST_WITH_NUMBERS else ()
    for row, column in numbered:
        value = float(values[row, column])
        axes.text(
            column,
            row,
            f"{value:.2f}".lstrip("0") if value < 0.995 else "1",
            size=SMALL,
            color="white" if value > 0.6 else BLACK,
            ha="center",
            va="center",
        )
