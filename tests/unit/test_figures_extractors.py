"""The figure of all extractors shows the table, trained and untrained apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from chunkscope.chunks.scoring import ROWS
from chunkscope.figures.chunks_extractors import EXTRACTORS, MEASURES, draw_extractors
from chunkscope.figures.saving import save_figure
from chunkscope.figures.settings import FigureSettings
from chunkscope.figures.style import SMALL

LOOK = FigureSettings(dpi=50)


def table(runs="ab", n=5):
    rng = np.random.default_rng(0)
    rows = [(run, row, measure) for run in runs for row in ROWS for measure in (*MEASURES, "noise")]
    made = pd.DataFrame(rows, columns=["run", "row", "measure"])
    made["mean"] = rng.random(len(made))
    made["ci_low"], made["ci_high"] = made["mean"] - 0.05, made["mean"] + 0.05
    made["n"], made["floor"], made["ceiling"] = n, 0.1, 1.0
    made.loc[made["row"].isin(["shuffled", "untrained_kmeans"]), "mean"] = np.nan
    if n == 1:
        made[["ci_low", "ci_high"]] = np.nan
    return made


@pytest.mark.parametrize("made", [table(), table("abcdef"), table("a", n=1)])
def test_every_mean_of_the_table_is_drawn_and_nothing_else(made, tmp_path):
    figure, data = draw_extractors(made, LOOK)
    save_figure(figure, data, tmp_path / "figure", LOOK)
    shown = made[made["measure"].isin(MEASURES)]
    assert len(data) == len(shown)
    lines = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    drawn = [line.get_xdata()[0] for line in lines]
    assert np.sort(drawn) == pytest.approx(np.sort(shown["mean"].dropna()))
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert sum(text.get_text() == "n.e." for text in texts) == shown["mean"].isna().sum()
    assert min(text.get_fontsize() for text in texts) >= SMALL
    page = figure.bbox.padded(1)
    for box in (axes.get_tightbbox() for axes in figure.axes):
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1


def test_every_row_stands_on_the_line_of_its_extractor():
    data = draw_extractors(table(), LOOK)[1]
    assert set(data["row"]) == set(ROWS)
    lines = data.drop_duplicates("row").set_index("row")["extractor"]
    assert lines["untrained"] == lines["density"] == "density"
    assert lines["untrained_symbolic_merged"] == lines["symbolic_merged"] == "symbolic_merged"
    assert set(EXTRACTORS) == {row for row in ROWS if not row.startswith("untrained")}
